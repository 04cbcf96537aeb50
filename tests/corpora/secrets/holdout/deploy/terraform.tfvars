region = "eu-west-1"
db_password = "{{pw}}" ‹S:tfvars›
master_user_password = var.master_password ‹N:expression›
ssh_public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{{an:43}} ops" ‹N:public_key›
api_tokens = ["{{an:32}}"] ‹S:list_value›
secret_name = "prod/obs/db" ‹N:secret_by_name›
kms_key_id = "{{uuid}}" ‹N:uuid›
partition_key = "tenant" ‹N:not_secret_word›
