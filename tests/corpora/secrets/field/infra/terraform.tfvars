region            = "eu-central-1"
instance_class    = "db.t3.medium"
db_username       = "shop"
db_password       = "{{pw}}" ‹S:variable›
master_password   = "{{human}}" ‹S:human›
api_tokens = { ‹N:opens a map›
  billing = "{{an:40}}" ‹S:below a plural›
}
key_name          = "deploy-2024" ‹N:name of a key pair›
ssh_public_key    = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{{an:43}} ops@acme" ‹N:public›
kms_key_id        = "{{uuid}}" ‹N:identifier›
secret_arn        = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:shop-AbCdEf" ‹N:reference›
password_length   = 32 ‹N:number›
cloudflare_api_token = "{{an:40}}" ‹S:variable›
datadog_app_key   = "{{hex:40}}" ‹S:variable›
token_ttl         = "30m"
enable_secret_rotation = true
