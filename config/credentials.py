"""What the process environment holds: the names of the outside interface."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from config.faults import Fault
from config.shipmate import Credentials

VARIABLES = {
    "SLACK_BOT_TOKEN": "slack_bot_token",
    "SLACK_APP_TOKEN": "slack_app_token",
    "SLACK_API_URL": "slack_api_url",
    "GITHUB_TOKEN": "github_token",
    "GITHUB_API_URL": "github_api_url",
    "GITHUB_WEBHOOK_SECRET": "github_webhook_secret",
    "GITHUB_APP_ID": "github_app_id",
    "GITHUB_APP_PRIVATE_KEY": "github_app_private_key",
    "GITHUB_APP_INSTALLATION": "github_app_installation",
    "ARGOCD_TOKEN": "argocd_token",
    "LINEAR_API_KEY": "linear_api_key",
    "LINEAR_API_URL": "linear_api_url",
    "CODECOV_TOKEN": "codecov_token",
    "CODECOV_URL": "codecov_url",
    "ANTHROPIC_API_KEY": "anthropic_api_key",
    "ANTHROPIC_BASE_URL": "anthropic_base_url",
    "SHIPMATE_DATABASE_URL": "database_url",
    "SHIPMATE_REGISTRY_USERNAME": "registry_username",
    "SHIPMATE_REGISTRY_PASSWORD": "registry_password",
    "SHIPMATE_SMTP_USERNAME": "smtp_username",
    "SHIPMATE_SMTP_PASSWORD": "smtp_password",
    "SHIPMATE_ESCALATION_SECRET": "escalation_secret",
}
URLS = ("SLACK_API_URL", "GITHUB_API_URL", "ANTHROPIC_BASE_URL", "LINEAR_API_URL", "CODECOV_URL")


def read_credentials(environ: Mapping[str, str]) -> Credentials:
    """Take what is set and not blank; the Slack address gets the slash its client needs."""
    values = {field: environ[name].strip() for name, field in VARIABLES.items() if environ.get(name, "").strip()}
    if "slack_api_url" in values:
        values["slack_api_url"] = values["slack_api_url"].rstrip("/") + "/"
    return Credentials.model_validate(values)


def environment_faults(environ: Mapping[str, str]) -> Iterator[Fault]:
    """Object to addresses that are none; values are never repeated."""
    for name in URLS:
        address = urlsplit(environ.get(name, "").strip() or "https://unset")
        if address.scheme not in ("http", "https") or not address.netloc:
            yield Fault("environment", 0, name, "should be an address that starts with https:// or http://")
