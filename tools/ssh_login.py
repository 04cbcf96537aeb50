"""The way into a host: one SSH connection, opened only to a server that proves who it is."""

import asyncio
from datetime import timedelta
from pathlib import Path

import asyncssh

from config.targets import HostSettings
from tools.errors import NoWayIn, ToolError, Unreachable

CONNECT_LIMIT = timedelta(seconds=10)
KEEPALIVE_SECONDS = 5
"""A silent server is asked this often; three questions without an answer end the connection."""


class _Visitor(asyncssh.SSHClient):
    """Remember the key that a server showed and that nobody vouches for."""

    def __init__(self) -> None:
        self.stranger: asyncssh.SSHKey | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Refuse: asked only about keys that are not in known_hosts."""
        del host, addr, port
        self.stranger = key
        return False


async def connect(settings: HostSettings, limit: timedelta = CONNECT_LIMIT) -> asyncssh.SSHClientConnection:
    """Log in with a key.

    Raises `Denied` where the server's identity or our login is refused, and
    `Unreachable` where nobody answers within the limit.
    """
    visitor = _Visitor()
    known = _known_hosts(settings)
    try:
        async with asyncio.timeout(limit.total_seconds()):
            return await asyncssh.connect(
                _address(settings),
                settings.port,
                options=_options(settings, known),
                client_factory=lambda: visitor,
            )
    except (asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed) as error:
        raise _untrusted(settings, known, visitor.stranger, error) from error
    except asyncssh.PermissionDenied as error:
        raise _login_refused(settings) from error
    except (OSError, TimeoutError, asyncssh.Error) as error:
        raise _no_answer(settings, limit, error) from error


def _options(settings: HostSettings, known: asyncssh.SSHKnownHosts) -> asyncssh.SSHClientConnectionOptions:
    keys = {"client_keys": [str(settings.key.expanduser())], "agent_path": None} if settings.key else {}
    try:
        return asyncssh.SSHClientConnectionOptions(
            username=settings.user,
            known_hosts=known,
            config=None,
            preferred_auth="publickey",
            keepalive_interval=KEEPALIVE_SECONDS,
            keepalive_count_max=3,
            **keys,
        )
    except (OSError, ValueError, asyncssh.KeyImportError) as error:
        raise NoWayIn(
            f"The private key {settings.key} for {settings.name} cannot be used: {error}.",
            remedy=f"Set `key` of host {settings.name} to a readable key without a passphrase, "
            "or leave it out and load the key into the SSH agent.",
        ) from error


def _known_hosts(settings: HostSettings) -> asyncssh.SSHKnownHosts:
    path = _known_hosts_path(settings)
    try:
        return asyncssh.import_known_hosts(path.read_text() if path.exists() else "")
    except (OSError, ValueError) as error:
        raise NoWayIn(
            f"The list of trusted servers, {path}, cannot be read: {error}.", remedy="Repair or replace that file."
        ) from error


def _known_hosts_path(settings: HostSettings) -> Path:
    return (settings.known_hosts or Path("~/.ssh/known_hosts")).expanduser()


def _address(settings: HostSettings) -> str:
    if settings.address is None:
        raise ValueError(f"host {settings.name} has no address: it is this machine")
    return settings.address


def _place(settings: HostSettings) -> str:
    return f"{settings.name} ({settings.user}@{settings.address}:{settings.port})"


def _untrusted(
    settings: HostSettings,
    known: asyncssh.SSHKnownHosts,
    stranger: asyncssh.SSHKey | None,
    error: asyncssh.Error,
) -> ToolError:
    address, port, path = _address(settings), settings.port, _known_hosts_path(settings)
    shown = f"It showed {stranger.get_algorithm()} {stranger.get_fingerprint()}." if stranger else f"({error.reason})"
    if not any(known.match(address, "", port)):
        return NoWayIn(
            f"{_place(settings)} is not a server we know. {shown}",
            standing=f"{path} has no key for it, so nothing was sent.",
            remedy="Compare that fingerprint with the server's own (there: `ssh-keygen -lf "
            f"/etc/ssh/ssh_host_ed25519_key.pub`), then trust it: `ssh-keyscan -p {port} {address} >> {path}`",
        )
    entry = address if port == asyncssh.DEFAULT_PORT else f"[{address}]:{port}"
    return NoWayIn(
        f"{_place(settings)} HAS ANOTHER KEY THAN THE ONE WE KNOW: somebody may be posing as it (an attack). {shown}",
        standing=f"{path} has another key for it, so nothing was sent.",
        remedy="Ask whoever runs the server whether it was reinstalled. Only then: "
        f"`ssh-keygen -f {path} -R '{entry}'` and `ssh-keyscan -p {port} {address} >> {path}`",
    )


def _login_refused(settings: HostSettings) -> ToolError:
    key = f"-i {settings.key} " if settings.key else ""
    return NoWayIn(
        f"{_place(settings)} refused the login of {settings.user}.",
        standing=f"The key offered was {settings.key or 'the one of the SSH agent or ~/.ssh'}; no command was run.",
        remedy=f"Let the key in: `ssh-copy-id {key}-p {settings.port} {settings.user}@{settings.address}`, "
        f"or correct `user` and `key` of host {settings.name} in the service's configuration.",
    )


def _no_answer(settings: HostSettings, limit: timedelta, error: Exception) -> ToolError:
    reason = f"no answer within {limit.total_seconds():g} s" if isinstance(error, TimeoutError) else str(error)
    return Unreachable(
        f"{_place(settings)} cannot be reached: {reason}.",
        standing="No command was run.",
        remedy=f"Check the address, the port and the network: `ssh -p {settings.port} "
        f"{settings.user}@{settings.address} true`",
    )
