"""A client."""
import re
import secrets
import requests
TOKEN_RE = re.compile(r"token=([A-Za-z0-9]{20})") ‹N:pattern›
token = secrets.token_urlsafe(32) ‹N:made at run time›
password = getpass.getpass("Password: ") ‹N:asked for›
password = input("Enter your password: ") ‹N:asked for›
PLACEHOLDER = "password123"
def login(session, user, password="{{human}}"): ‹S:default of a parameter›
    session.auth = (user, password)
    session.headers["Authorization"] = "Bearer {{an:40}}" ‹S:header›
    session.headers["Authorization"] = f"Bearer {token}" ‹N:reference›
    return session.post("/login", json={"user": user, "password": password}) ‹N:reference›
def connect():
    return psycopg.connect(host="db", user="shop", password="{{pw}}") ‹S:argument›
def page(token=None, next_token=""): ‹N:nothing›
    params = {"page_token": token, "secret": "no"} ‹N:flag›
    for token in tokenizer("a b c"): ‹N:words›
        if token == "begin" or token != "end": ‹N:comparison›
            yield token
    key = "user:password:" + user ‹N:name›
    SECRET_PATH = "secret/data/shop" ‹N:path›
    secret = client.secrets.kv.read_secret(path="shop/db")["data"] ‹N:reference›
    parser.add_argument("--password", help="the password of the database") ‹N:prose›
    parser.add_argument("--token", default=os.environ.get("TOKEN")) ‹N:reference›
    parser.add_argument("--api-key", default="{{an:32}}") ‹S:default of an option›
    errors["password"] = "This field is required." ‹N:prose›
    labels = {"password": "Password", "token": "Access token"} ‹N:labels›
    api_key: str | None = None ‹N:nothing›
    logger.info("password=%s", mask(password)) ‹N:reference›
    redis.Redis(host="cache", password=cfg["redis"]["password"]) ‹N:reference›
    hmac_secret = bytes.fromhex("{{hex:64}}") ‹S:inside a call›
    assert token_type == "refresh_token" ‹N:name›
    passphrase = "{{phrase}}" ‹S:human passphrase›
