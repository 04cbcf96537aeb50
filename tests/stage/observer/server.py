"""A server as its operator leaves it before the first release: directories, and an `.env` with credentials."""

import secrets
from collections.abc import Mapping
from pathlib import Path

DIRECTORIES = ("data", "logs", "config")
SERVICE_USER = 10001


def server_variables(port: int) -> Mapping[str, str]:
    """Make the variables of one server, with credentials that never existed before."""
    return {
        "OBSERVER_PORT": str(port),
        "QTS_OBSERVER_STANDALONE": "1",
        "KIS_API_KEY": secrets.token_hex(18),
        "KIS_API_SECRET": secrets.token_urlsafe(48),
    }


def prepare_server(directory: Path, variables: Mapping[str, str]) -> None:
    """Make a server's directory ready for the observer: writable by the container's user, `.env` for its owner only."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in DIRECTORIES:
        below = directory / name
        below.mkdir(exist_ok=True)
        # The container's user owns them on a real server; the owner here may not be allowed to give files away.
        below.chmod(0o777)
    env = directory / ".env"
    env.touch(mode=0o600)
    env.chmod(0o600)
    env.write_text("".join(f"{name}={value}\n" for name, value in variables.items()), encoding="utf-8")
