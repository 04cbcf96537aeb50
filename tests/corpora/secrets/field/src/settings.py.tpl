"""Settings of the shop."""
import os
SECRET_KEY = "{{sym:50}}" ‹S:constant›
DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"] ‹N:names of classes›
AUTH_PASSWORD_VALIDATORS = [{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}] ‹N:names of classes›
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "USER": "shop",
        "PASSWORD": "{{human}}", ‹S:entry›
        "HOST": os.environ["DB_HOST"],
    },
    "replica": {"PASSWORD": os.environ["REPLICA_PASSWORD"]}, ‹N:reference›
}
EMAIL_HOST_PASSWORD = os.getenv("EMAIL_PASSWORD", "{{pw}}") ‹S:default of a call›
STRIPE_KEY = os.environ.get("STRIPE_KEY", "") ‹N:empty default›
CSRF_COOKIE_NAME = "csrftoken" ‹N:name›
SESSION_COOKIE_AGE = 1209600
CELERY_BROKER_URL = "amqp://shop:{{pw}}@rabbit//" ‹S:address›
REDIS_URL = f"redis://:{os.environ['REDIS_PASSWORD']}@redis/0" ‹N:reference›
TOKEN_MODEL = "accounts.Token" ‹N:name›
PASSWORD_RESET_TIMEOUT = 3600
API_KEY_HEADER = "X-Api-Key" ‹N:name›
LOGIN_URL = "/login?next=/password" ‹N:path›
AWS_SECRET_ACCESS_KEY = '{{awssecret}}' ‹S:constant›
JWT_ALGORITHM = "HS256"
SENTRY_DSN = "https://{{hex:32}}@o1.ingest.sentry.io/5" ‹N:public by design›
GITHUB_TOKEN: str = "{{ghp}}" ‹S:annotated›
fernet_key = b"{{b64:32}}" ‹S:bytes›
HELP = "Pass --token TOKEN, or set password = 'yours' in the file" ‹N:prose›
