import axios from "axios";
const apiKey = "{{an:36}}"; ‹S:constant›
const API_TOKEN_KEY = "shop.token"; ‹N:name in local storage›
const password = document.querySelector<HTMLInputElement>("#password")!.value; ‹N:reference›
export const STORAGE_KEYS = { token: "auth_token", refreshToken: "refresh_token" }; ‹N:names›
export const routes = { resetPassword: "/reset-password", token: "/oauth/token" }; ‹N:paths›
const client = new Client({ host: "db", user: "shop", password: "{{pw}}" }); ‹S:property›
const pool = mysql.createPool({ user: "shop", password: process.env.DB_PASSWORD }); ‹N:reference›
const secret = process.env.JWT_SECRET || "{{phrase}}"; ‹S:default›
const secret2 = process.env.JWT_SECRET ?? ""; ‹N:empty default›
const translations = { password: "Passwort", forgotPassword: "Passwort vergessen?" }; ‹N:labels›
jwt.sign({ sub: id }, "{{an:32}}"); ‹Q:second argument of a call›
app.use(session({ secret: "{{human}} keyboard", resave: false })); ‹Q:may be prose›
app.use(session({ secret: "{{an:24}}", resave: false })); ‹S:property›
if (type === "password") { field.type = "password"; } ‹N:type of a field›
const passwordSchema = z.string().min(12, "The password is too short"); ‹N:prose›
const firebase = { apiKey: "AIza{{an:35}}", authDomain: "shop.firebaseapp.com" }; ‹Q:public by design, restricted elsewhere›
localStorage.setItem("token", token); ‹N:reference›
headers: { Authorization: `Bearer ${token}` }, ‹N:reference›
headers: { "x-api-key": "{{hex:32}}" }, ‹S:header›
<input type="password" name="password" placeholder="Your password" autoComplete="current-password" /> ‹N:form›
const tokenType: TokenType = "Bearer"; ‹N:type›
const clientSecret: string = "{{an:40}}"; ‹S:annotated›
const csrfToken = getCookie("csrftoken"); ‹N:reference›
let accessToken = ""; ‹N:empty›
export const PASSWORD_PATTERN = "^(?=.*[A-Z])(?=.*[0-9]).{12,}$"; ‹N:pattern›
const url = `postgres://shop:${pw}@db/shop`; ‹N:reference›
const url2 = "mongodb+srv://shop:{{pw}}@cluster0.acme.mongodb.net/shop"; ‹S:address›
