"""P16: what the bot was given for a service is masked before it ever lay on a host."""

from pathlib import Path
from secrets import token_hex

import pytest

from agents.entrypoints.given import given_env, hide_given
from agents.entrypoints.own_secrets import names_of
from config.loading import load
from config.service import Service
from tools.fingerprints import Fingerprints
from tools.redaction import Redactor

ROOT = Path(__file__).parents[3]
PRINTS = Fingerprints(b"k" * 32)


@pytest.fixture(scope="module")
def services() -> dict[str, Service]:
    return load(ROOT / "config" / "shipmate.yaml", {}).services


def test_the_shipped_services_say_which_of_them_are_given_an_env_file(services: dict[str, Service]) -> None:
    app, observer = (services[name].environments["production"].compose for name in ("app", "observer"))
    given = given_env(app, {"ENV_FILE": "APP_PORT=1"}, PRINTS)
    assert given is not None
    assert given.names == ("APP_PORT",)
    blank = given_env(app, {"ENV_FILE": " \n"}, PRINTS)
    assert blank is not None
    assert blank.content is None
    assert given_env(observer, {"ENV_FILE": "A=1"}, PRINTS) is None


def test_secrets_by_name_by_address_and_by_look_are_masked_and_settings_are_not(services: dict[str, Service]) -> None:
    password, key, inner = token_hex(10), token_hex(16), token_hex(8)
    text = (
        f"DB_PASSWORD={password}\nPARTNER={key}\nDATABASE_URL=postgres://app:{inner}@db/app\n"
        "APP_URL=http://127.0.0.1:8000/health\nAPP_GREETING=good-evening-everybody\n"
    )
    redactor = Redactor()
    hide_given(services, {"ENV_FILE": text}, redactor)
    for secret in (password, key, inner):
        assert secret not in redactor.redact(f"compose said: {secret}")
    plain = "Asked http://127.0.0.1:8000/health and said good-evening-everybody."
    assert redactor.redact(plain) == plain
    assert not redactor.leaks(plain)


def test_a_password_that_is_a_name_of_the_configuration_does_not_make_cards_unreadable(
    services: dict[str, Service],
) -> None:
    redactor = Redactor(names_of(services))
    hide_given(
        services, {"ENV_FILE": "DB_PASSWORD=production\nAPP_SECRET=observer\nOTHER_SECRET=productive\n"}, redactor
    )
    assert redactor.redact("Release observer to production?") == "Release observer to production?"
    assert "productive" not in redactor.redact("It is productive.")


def test_what_cannot_be_masked_is_told_by_name_and_not_half_masked(
    services: dict[str, Service], caplog: pytest.LogCaptureFixture
) -> None:
    redactor, short = Redactor(), "ab1" + "cd2"
    hide_given(services, {"ENV_FILE": f"DB_PASSWORD={short}\nMAIL_PASSWORD=postgres\n"}, redactor)
    assert redactor.redact(f"{short} postgres") == f"{short} postgres"
    told = "not masked: {} of ENV_FILE is too short or too ordinary, use a stronger value"
    assert caplog.messages == [told.format("DB_PASSWORD"), told.format("MAIL_PASSWORD")]


def test_what_only_looks_like_a_key_is_masked_as_a_whole(services: dict[str, Service]) -> None:
    redactor, image = Redactor(), "registry.example.com/acme/app1"
    hide_given(services, {"ENV_FILE": f"APP_IMAGE={image}\n"}, redactor)
    assert redactor.redact(f"runs {image}") == "runs [redacted:APP_IMAGE]"
    assert redactor.redact("registry.example.com answers") == "registry.example.com answers"
    assert not redactor.leaks("registry.example.com answers")
