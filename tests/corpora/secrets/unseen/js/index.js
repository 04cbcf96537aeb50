module.exports = {
  secret: process.env.SECRET || 'keyboard cat', ‹Q:default of a tutorial›
  apiKey: '{{an:32}}', ‹S:property›
  'client-secret': "{{an:40}}", ‹S:quoted property›
  passwordField: 'password', ‹N:name›
  tokenEndpoint: 'https://id.acme.dev/token', ‹N:address›
  auth: { user: 'shop', pass: '{{pw}}' }, ‹S:property›
};
const { token, password } = req.body; ‹N:reference›
const ACCESS_TOKEN = 'access_token'; ‹N:name›
var jwtToken = jwt.sign(payload, secret); ‹N:reference›
axios.defaults.headers.common['Authorization'] = 'Bearer {{an:40}}'; ‹S:header›
axios.defaults.headers.common['Authorization'] = 'Bearer ' + token; ‹N:reference›
const PWD_MSG = `Password for ${user} expired`; ‹N:message›
const mailPassword = `{{human}}`; ‹S:back quotes›
process.env.DB_PASSWORD = "{{pw}}"; ‹S:assignment›
expect(screen.getByLabelText('Password')).toBeVisible(); ‹N:label›
const messages = { 'password.required': 'A password is needed', wrongToken: 'wrong-token' }; ‹N:messages›
