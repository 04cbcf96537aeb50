import pytest

from guardrails.secrets.names import Suspicion, suspicion, words
from guardrails.secrets.uses import State
from guardrails.secrets.values import is_settled, machine_made, state_of

SECRET = (
    "DB_PASSWORD dbPassword db.password SECRET_KEY_BASE AWS_SECRET_ACCESS_KEY APIKey api-key PGPASSWORD _authToken "
    "HASH_SALT"
)
ABOUT = (
    "MAX_TOKENS TOKENIZER DB_PASSWORD_FILE API_KEY_HEADER CACHE_KEY PASSWORD_MIN_LENGTH existingSecret "
    "imagePullSecrets API_TOKEN_TTL AUTH_TOKEN_URL token_env persist-credentials primary_key secretName PUBLIC_KEY "
    "PASSWORD_RESET_URL LOG_LEVEL"
)


@pytest.mark.parametrize("key", SECRET.split())
def test_a_key_with_a_secret_word_is_a_secrets_key(key: str) -> None:
    assert suspicion(key) is Suspicion.STRONG


@pytest.mark.parametrize("key", ABOUT.split())
def test_a_key_about_a_secret_is_not_a_secrets_key(key: str) -> None:
    assert suspicion(key) is Suspicion.NONE


@pytest.mark.parametrize("key", ["STRIPE_KEY", "SENTRY_DSN", "tokens", "adminPasswordKey"])
def test_a_weak_word_asks_for_a_machine_made_value(key: str) -> None:
    assert suspicion(key) is Suspicion.WEAK


def test_keys_are_split_alike_however_they_are_written() -> None:
    assert words("dbPassword") == words("DB_PASSWORD".lower()) == words("db.password-2") == ("db", "password")


@pytest.mark.parametrize(
    "value",
    [
        "${X}",
        "$X",
        "$$X",
        "${X:?X required}",
        "${env:X}",
        "${{ secrets.X }}",
        "{{ .Values.x | quote }}",
        "{{ lookup('env', 'X') }}",
        "$(cat /run/secrets/x)",
        "$(System.AccessToken)",
        "`pass show x`",
        "Bearer ${X}",
        "vault:secret/data/x#y",
        "op://infra/x/token",
        "arn:aws:secretsmanager:eu-west-1:1:secret:x",
        "ENC[AES256_GCM,data:abc]",
        "!vault ",
        "/run/secrets/db_password",
        "./certs/tls.key",
        "https://id.example.com/token",
        "true",
        "30d",
        "%(PASSWORD)s",
        "os.environ['X']",
    ],
)
def test_a_reference_is_seen_as_one(value: str) -> None:
    assert state_of(value) is State.REFERENCE


@pytest.mark.parametrize("value", ["", '""', "null", "~", "${X:-}", "${{ secrets.X || '' }}"])
def test_nothing_is_seen_as_nothing(value: str) -> None:
    assert state_of(value) is State.EMPTY


@pytest.mark.parametrize(
    "value",
    [
        "changeme",
        "<your token>",
        "your-api-key-here",
        "sk-ant-...",
        "x" * 36,
        "postgres",
        "password123",
        "${X:-changeme}",
    ],
)
def test_a_placeholder_is_seen_as_one(value: str) -> None:
    assert state_of(value) is State.PLACEHOLDER


@pytest.mark.parametrize(
    "value",
    [
        "Harbor!2345Zinc",
        "correct-horse-battery-staple",
        "pa$$word1river",
        "4711",
        "${X:-Harbor!2345Zinc}",
        "${X:Harbor!2345Zinc}",
        "${A:-${B:-Harbor!2345Zinc}}",
        "${{ secrets.X || 'Harbor!2345Zinc' }}",
        "{{ x | default('Harbor!2345Zinc') }}",
        '{{ .Values.x | default "Harbor!2345Zinc" | b64enc }}',
        "prefix-9f8a7b6c5d4e3f-${X}",
    ],
)
def test_a_literal_is_seen_as_one_also_inside_a_default(value: str) -> None:
    assert state_of(value) is State.LITERAL


def test_a_short_number_is_a_literal_only_under_a_password() -> None:
    assert state_of("4096", "token") is State.REFERENCE
    assert state_of("4096", "pin") is State.LITERAL


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0d1f7a9be24c4c58a6b3e1f09d8c7b6a", True),
        ("aB3dE5gH7jK9mN1pQ2rS4tU6vW8x", True),
        ("k8s-resources-node.json", False),
        ("observer-data-2024-01", False),
        ("correct-horse-battery-staple", False),
    ],
)
def test_a_machine_made_value_changes_its_characters_all_the_time(value: str, expected: bool) -> None:
    assert machine_made(value) is expected


def test_only_a_whole_reference_or_an_encrypted_value_settles_the_matter() -> None:
    assert is_settled("${X:?X required}")
    assert is_settled("ENC[AES256_GCM,data:abc]")
    assert not is_settled("${X:-literal}")
    assert not is_settled("https://example.com/a")


def test_what_every_shell_sets_is_no_secret() -> None:
    assert suspicion("PWD") is Suspicion.NONE
    assert suspicion("Pwd") is Suspicion.STRONG
