"""P16, for secrets that nobody registered: what can only be a token is masked, and ordinary text is left alone."""

import re
from dataclasses import dataclass

import pytest

from tools import token_shapes
from tools.redaction import Redactor
from tools.token_shapes import without_tokens

TOKENS = {
    "GITHUB token": "gh" + "p_" + "a1B2c3" * 6,
    "GITLAB token": "gl" + "pat-" + "a1B2c3D4e5" * 2,
    "SLACK token": "xo" + "xb-" + "1234567890-abcdef",
    "address of a Slack hook": "https://hooks.slack." + "com/services/T000/B000/" + "aBcD1234" * 3,
    "API key": "sk" + "-ant-api03-" + "aB3_" * 6,
    "AWS token": "AK" + "IA" + "ABCDEFGH23456789",
    "GOOGLE token": "AI" + "za" + "aB3-_" * 7,
    "STRIPE token": "sk" + "_live_" + "aB3d" * 5,
    "publishing token": "np" + "m_" + "aB3d" * 9,
    "JWT token": ".".join(("ey" + "J" + "hbGciOiJIUzI1", "ey" + "J" + "zdWIiOiIxMjM0", "SflKxwRJSMeKKF2QT4")),
    "private key": "-----BEGIN RSA PRIVATE " + "KEY-----\n" + "aB3d" * 16 + "\n-----END RSA PRIVATE " + "KEY-----",
}


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_is_masked_wherever_it_stands(name: str) -> None:
    for before, after in (("", ""), ("token=", " next"), ('"', '"'), ("+ (", ").")):
        assert without_tokens(f"{before}{TOKENS[name]}{after}") == f"{before}[redacted:{name}]{after}"


def test_a_key_that_was_cut_off_is_masked_to_the_end() -> None:
    cut = TOKENS["private key"].partition("-----END")[0]
    assert without_tokens(f"It said:\n{cut}") == "It said:\n[redacted:private key]"


def test_of_an_address_only_the_login_is_masked() -> None:
    login, mark = "app:" + "s3cr3t-Word", "[redacted:login in an address]"
    address = f"postgresql://{login}@db.example.com:5432/app"
    assert without_tokens(f"no answer from {address}") == f"no answer from {address.replace(login, mark)}"


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/acme/observer/pull/7#issuecomment-1",
        "postgresql://app:${DB_PASSWORD}@db/app",
        "postgresql://[redacted:DATABASE_URL]@db/app",
        "https://app:[redacted:PASSWORD]@db/app",
        "git@github.com:acme/observer.git and http://127.0.0.1:8080/health@5",
        "sk-learn and task-runner-with-a-long-name-0123456789",
        "Create a token that begins with ghp_ or github_pat_, or an app token (xapp-).",
        "sha256:" + "0a" * 32,
        "<!date^1767261600^{date_short_pretty} {time}|2026-01-01 10:00 UTC> <@U0ANA>",
        "-----BEGIN CERTIFICATE-----",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert without_tokens(text) == text


def test_what_leaves_the_bot_is_looked_through_and_what_it_keeps_for_itself_is_not() -> None:
    redactor, token = Redactor(), TOKENS["GITHUB token"]
    assert redactor.outgoing(f"use {token}") == "use [redacted:GITHUB token]"
    assert redactor.redact(f"use {token}") == f"use {token}"
    assert redactor.outgoing(redactor.outgoing(f"use {token}")) == "use [redacted:GITHUB token]"


@dataclass
class Counting:
    """A pattern that counts the characters over which it runs."""

    pattern: re.Pattern[str]
    steps: int = 0

    def match(self, text: str, at: int) -> re.Match[str] | None:
        found = self.pattern.match(text, at)
        self.steps += found.end() - at if found else 1
        return found


@pytest.mark.parametrize("count", [10, 100, 1_000, 10_000])
def test_no_character_is_looked_at_twice_however_many_keys_begin(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(vars(token_shapes)["_ANY"])
    monkeypatch.setattr(token_shapes, "_ANY", counting)
    text = (" -----BEGIN A PRIVATE " + "KEY-----") * count
    shown = without_tokens(text)
    assert counting.steps <= len(text)
    assert "BEGIN" not in shown.removeprefix(" ").replace("[redacted:private key]", "")


def test_a_key_without_an_end_does_not_swallow_a_text_of_any_length() -> None:
    text = "-----BEGIN A PRIVATE " + "KEY-----" + "x" * 20_000 + " and all is well."
    assert without_tokens(text) == "[redacted:private key] and all is well."
