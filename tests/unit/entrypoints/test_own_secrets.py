"""P16: what the bot was given is known to the redactor before anything is said."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from agents.entrypoints import own_secrets
from config.credentials import VARIABLES
from config.loading import load
from config.shipmate import Credentials
from tests.canaries import canary

ROOT = Path(__file__).parents[3]
SECRET = canary()


@pytest.mark.parametrize(
    "environ",
    [
        {"SLACK_BOT_TOKEN": SECRET},
        {"PARTNER_API_KEY": SECRET},
        {"SMTP_PASSWORD": SECRET},
        {"HTTPS_PROXY": f"http://ana:{SECRET}@proxy.example.com:3128"},
        {"SHIPMATE_DATABASE_URL": f"postgresql://app:{SECRET}@db/app"},
        {"GITHUB_APP_PRIVATE_KEY": f"-----BEGIN-----\\n{SECRET}\\n-----END-----"},
    ],
)
def test_whatever_the_environment_keeps_secret_is_masked_whatever_it_is_for(environ: Mapping[str, str]) -> None:
    (name,) = environ
    redactor = own_secrets.of_environment({**environ, "HOME": "/home/shipmate", "LANG": "en_US.UTF-8"})
    assert redactor.redact(f"it said {SECRET}!") == f"it said [redacted:{name}]!"
    assert (
        redactor.redact("/home/shipmate en_US.UTF-8 proxy.example.com")
        == "/home/shipmate en_US.UTF-8 proxy.example.com"
    )


def test_every_secret_among_the_credentials_is_masked_under_its_name() -> None:
    kept = [name for name, field in Credentials.model_fields.items() if field.annotation == SecretStr | None]
    values = {name: canary() for name in kept}
    redactor = own_secrets.of_credentials(Credentials.model_validate(values))
    assert {"slack_bot_token", "registry_password", "github_webhook_secret", "smtp_password"} <= set(kept)
    assert set(kept) <= set(VARIABLES.values())
    for name, value in values.items():
        assert redactor.redact(value) == f"[redacted:{name.upper()}]"


def test_the_login_in_a_repositorys_address_is_masked_and_a_user_that_everybody_has_is_not() -> None:
    loaded = load(ROOT / "config" / "shipmate.yaml", {})
    observer = loaded.services["observer"]
    login = "x-access-token:" + SECRET.replace("+", "")
    url = f"https://{login}@git.example.com/acme/observer.git"
    there = observer.model_copy(update={"repository": observer.repository.model_copy(update={"url": url})})
    redactor = own_secrets.of_configuration(loaded.model_copy(update={"services": {"observer": there}}))
    assert redactor.redact(f"fetching {url}").startswith(
        "fetching https://x-access-token:[redacted:REPOSITORY_URL]@git."
    )


def test_what_cannot_be_masked_is_told_once_by_name_and_not_at_all_to_whoever_only_reads(
    caplog: pytest.LogCaptureFixture,
) -> None:
    credentials = Credentials(argocd_token=SecretStr("abc" + "12"))
    own_secrets.of_credentials(credentials, tell=False)
    assert caplog.messages == []
    own_secrets.of_credentials(credentials)
    assert caplog.messages == [
        "not masked: ARGOCD_TOKEN is shorter than 8 characters and cannot be masked: use a longer one."
    ]
