const API_TOKEN: &str = "{{an:32}}"; ‹S:constant›
static PASSWORD_ENV: &str = "DB_PASSWORD"; ‹N:name›
let password = std::env::var("DB_PASSWORD")?; ‹N:reference›
let secret = Secret::new("{{human}}".to_string()); ‹S:inside a call›
let token = Token::Eof; ‹N:reference›
let opts = ConnectOptions::new().username("shop").password("{{pw}}"); ‹S:builder›
assert_eq!(parse("token"), "token"); ‹N:words›
#[arg(long, env = "API_KEY", hide_env_values = true)] ‹N:name›
let cookie_secret = "{{hex:64}}"; ‹S:assignment›
println!("password: {}", mask(&password)); ‹N:reference›
