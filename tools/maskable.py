"""Which values can be masked: those that stand nowhere in ordinary text. The others are told, not half masked."""

from collections.abc import Collection

from tools.encodings import SHORTEST
from tools.tripwire import FEWEST_DIFFERENT

MARK = "[redacted:"
_ORDINARY = frozenset(
    (
        *("password", "passwort", "username", "postgres", "postgresql", "production", "staging", "development"),
        *("localhost", "container", "database", "changeme", "changeit", "deployment", "disabled", "required"),
        *("anonymous", "undefined", "administrator", "credentials", "environment", "repository", "shipmate"),
        *("registry", "internal", "external", "default123", "password1", "password123", "12345678", "123456789"),
        *("1234567890", "qwertyuiop"),
    )
)
"""Masked, these would mask ordinary text."""


def refusal(name: str, value: str, spared: Collection[str]) -> str | None:
    """Say why a value cannot be masked, and what to do; None where it can. The value itself is never repeated."""
    objections = (
        (len(value.strip()) < SHORTEST, f"is shorter than {SHORTEST} characters", "use a longer one."),
        (len(set(value)) < FEWEST_DIFFERENT, "has hardly any different characters", "use a stronger one."),
        (value in spared, "is a name of the configuration", "use a stronger one."),
        (value.strip().casefold() in _ORDINARY, "is an ordinary word", "use a stronger one."),
        (MARK in value or value in f"{MARK}{name}]", "looks like a redaction mark", "use another one."),
    )
    told = next((f"{name} {why} and cannot be masked: {remedy}" for holds, why, remedy in objections if holds), None)
    if told is None and value.startswith("sqlite") and "://" in value:
        told = f"{name} is an address without a password; nothing to mask."
    return told
