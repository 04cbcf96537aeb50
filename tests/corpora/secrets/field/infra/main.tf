variable "db_password" {
  type      = string
  sensitive = true
}
variable "admin_password" {
  default = "{{human}}" ‹S:default of a variable›
}
variable "jwt_secret" {
  description = "Secret that tokens are signed with"
  default     = "" ‹N:empty›
}
provider "aws" {
  region     = var.region
  access_key = "{{akia}}" ‹S:provider›
  secret_key = "{{awssecret}}" ‹S:provider›
}
provider "grafana" {
  url  = "https://grafana.acme.dev"
  auth = var.grafana_auth ‹N:reference›
}
resource "aws_db_instance" "shop" {
  username = "shop"
  password = var.db_password ‹N:reference›
  manage_master_user_password = true ‹N:flag›
}
resource "random_password" "redis" {
  length  = 24
  special = false
}
resource "aws_elasticache_replication_group" "redis" {
  auth_token = random_password.redis.result ‹N:reference›
}
resource "aws_secretsmanager_secret" "shop" {
  name = "shop/database" ‹N:name›
}
resource "aws_secretsmanager_secret_version" "shop" {
  secret_id     = aws_secretsmanager_secret.shop.id ‹N:reference›
  secret_string = jsonencode({ password = "{{pw}}" }) ‹S:inside a call›
}
resource "kubernetes_secret" "tls" {
  data = {
    "token" = file("${path.module}/token") ‹N:reference›
  }
}
output "token" {
  value     = data.vault_generic_secret.ci.data["token"] ‹N:reference›
  sensitive = true
}
resource "helm_release" "shop" {
  set_sensitive {
    name  = "postgresql.auth.password"
    value = "{{pw}}" ‹S:name and value›
  }
  set {
    name  = "redis.auth.existingSecret"
    value = "shop-redis" ‹N:object›
  }
}
