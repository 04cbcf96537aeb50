"""What the environment says."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Who is greeted, and with which key the service works."""

    greeting: str
    token: str

    @classmethod
    def of_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read them; a missing one stops the start."""
        return cls(environ["APP_GREETING"], environ["APP_TOKEN"])

    @property
    def key_name(self) -> str:
        """Name the key without telling it."""
        return hashlib.sha256(self.token.encode()).hexdigest()[:8]
