"""Fingerprints of secret content: they tell whether two contents are the same, and nothing about either."""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from tools.errors import Garbled

_KEY_BYTES = 32
_CHARACTERS = 24


class Fingerprints:
    """Made with a key that only this bot has: whoever sees a fingerprint cannot try contents out."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def kept(cls, file: Path) -> "Fingerprints":
        """Read the key from its file, which is made where it is absent; losing it voids the approvals under way."""
        if not file.exists():
            _make(file)
        key = file.read_bytes()
        if len(key) != _KEY_BYTES:
            raise Garbled(
                f"{file} does not hold a key.",
                standing="Nothing was started.",
                remedy="Remove it: a new one is made, and plans with an env file that wait for approval are void.",
            )
        return cls(key)

    def of(self, content: bytes) -> str:
        """Name a content; the same content has the same name under the same key."""
        return hmac.new(self._key, content, hashlib.sha256).hexdigest()[:_CHARACTERS]


def _make(file: Path) -> None:
    """Write a new key, whole or not at all; of two that do so at once one wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(secrets.token_bytes(_KEY_BYTES))
    with suppress(FileExistsError):
        os.link(part, file)
    part.unlink()
