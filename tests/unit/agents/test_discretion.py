"""Which settings of an env file are secret."""

from agents.discretion import secrets_in

VALUE = "s3cret" + "-value"


def test_only_settings_named_for_a_secret_are_read_as_one() -> None:
    lines = ("# A comment", "PORT=8080", f'export DB_PASSWORD="{VALUE}"', f"KIS_API_KEY={VALUE} ", "KEY_FILE=/run/x")
    assert list(secrets_in("\n".join(lines))) == [("DB_PASSWORD", VALUE), ("KIS_API_KEY", VALUE)]
