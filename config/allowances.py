"""Exceptions from the rule against written-out secrets."""

import re
from datetime import date
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator

from config.settings import Settings

_SHORTEST_REASON = 10


def _place(path: str) -> str:
    if not path.strip() or ".." in PurePosixPath(path).parts or path.startswith("./"):
        raise ValueError("should be a path as the finding names it, such as compose.yml or /app/.env")
    return path


def _named(key: str) -> str:
    if not key.strip():
        raise ValueError("should be the key that the finding names, such as DB_PASSWORD")
    return key


def _sealed(fingerprint: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{4}-[0-9a-f]{16}", fingerprint):
        raise ValueError("should be the fingerprint that the finding names (never the value)")
    return fingerprint


def _told(reason: str) -> str:
    if len(reason.strip()) < _SHORTEST_REASON:
        raise ValueError(f"should say why the value may stay, in {_SHORTEST_REASON} characters or more")
    return reason.strip()


class AllowedSecret(Settings):
    """One value of one key in one file that may stay, for a reason and for a time."""

    path: Annotated[str, AfterValidator(_place)]
    """File relative to the sources, as the finding names it; a file in an image by its absolute path there."""
    key: Annotated[str, AfterValidator(_named)]
    """The key that the finding names."""
    fingerprint: Annotated[str, AfterValidator(_sealed)]
    """The value's fingerprint, from the finding (`./shipmate guard secrets` prints it, too); never the value."""
    reason: Annotated[str, AfterValidator(_told)]
    """Why the value may stay; told with every finding that the entry allows."""
    expires: date
    """Last day on which the entry counts: 2026-12-31."""
