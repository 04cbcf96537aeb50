#!/bin/sh
# usage: release.sh --token TOKEN ‹N:usage›
: "${API_TOKEN:=}" ‹N:env_empty_default›
KEY_FILE=./deploy.key ‹N:file_path›
PASSWORD="$1" ‹N:positional›
read -s PASSWORD ‹N:prompt›
[ -n "$PASSWORD" ] || { echo "PASSWORD is missing" >&2; exit 2; } ‹N:prose›
DB_PASS=$(pass show prod/db) ‹N:command_substitution›
export AWS_SECRET_ACCESS_KEY=`vault read -field=key aws` ‹N:command_substitution›
redis-cli -h cache -a {{pw}} ping ‹S:command_flag›
restic -r s3:acme backup --password-file /etc/restic ‹N:file_path›
curl -fsS -X POST -d "username=ops&password={{pw}}" https://acme.test/login ‹S:form_body›
curl -fsS -H 'X-API-Key: {{an:32}}' https://acme.test/v1 ‹S:key_header›
curl -fsS -d '{"user":"ops","password":"{{pw}}"}' https://acme.test/login ‹S:json_body›
curl -fsS "https://acme.test/hook?access_token={{hex:32}}&x=1" ‹S:query_token›
curl -fsS "https://acme.test/hook?access_token=${TOKEN}" ‹N:env_reference›
git push "https://oauth2:{{glpat}}@gitlab.acme.test/acme/app.git" ‹S:url_credentials›
ssh deploy@10.0.0.5 "export SECRET_KEY={{an:32}}; systemctl restart obs" ‹S:remote_command›
openssl enc -aes-256-cbc -pass pass:{{pw}} -in a -out b ‹S:openssl›
openssl enc -aes-256-cbc -pass env:ENC_PASS -in a -out b ‹N:env_name›
PASSPHRASE=correct-horse-battery-staple ‹S:passphrase›
gpg --batch --passphrase "{{pw}}" -d x.gpg ‹S:command_flag›
psql "host=db user=obs password={{pw}} dbname=obs" ‹S:conninfo›
printf 'machine acme.test login ci password %s\n' "$TOKEN" > ~/.netrc ‹N:env_reference›
cat <<'YAML' | kubectl apply -f -
apiVersion: v1
kind: Secret
stringData:
  token: {{an:30}} ‹S:heredoc_yaml›
YAML
tokens=$((a + b)) ‹N:not_secret_word›
echo "token expired: renew it" ‹N:prose›
if [ "$TOKEN" = "" ]; then exit 1; fi ‹N:empty›
docker run --rm --env-file prod.env -e TOKEN acme/app ‹N:env_passthrough›
AUTH="Bearer {{jwt}}" ‹S:bearer›
