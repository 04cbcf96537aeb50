"""What a host says, as it may be told: without the values that its own env file keeps."""

import asyncio
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from agents.toolbox import Server, Toolbox
from guardrails.secrets.names import Suspicion, suspicion
from guardrails.secrets.values import machine_made
from tools.encodings import SHORTEST
from tools.env_file import settings_of
from tools.errors import NoWayIn, Superseded, TimedOut, ToolError, Unreachable
from tools.redaction import Redactor, password_in

READ_LIMIT = timedelta(seconds=10)
"""An error is not held up longer by a host that does not show its env file."""
_MARK = re.compile(r"\[redacted:([\w.-]+)\]", re.ASCII)
_QUOTED_LINE = re.compile(r"((?:in variable name|unterminated quoted value|\bnear) ).*")
"""Where compose shows a piece of an env file that it cannot read: nobody knows what is in it."""
_SHORTEST_SECRET, _SHORTEST_VALUE = 4, 6
_PARTS_OF_ADDRESS = re.compile(r"[/:@?&]")
_MIXED = re.compile(r"(?=.*[A-Za-z])(?=.*\d)")
_OWN_WORDS = (NoWayIn, Unreachable, TimedOut, Superseded)
"""Errors in which nothing is quoted that a command on the host printed."""


@dataclass(frozen=True, slots=True)
class Told:
    """A log that may be shown, and the names of the service's secrets that stood in it."""

    text: str
    leaked: tuple[str, ...]


async def told(tools: Toolbox, server: Server, log: str) -> Told:
    """Mask a log by the values on its host, and by what the bot itself knows."""
    masked = _mask(await _env_file(tools, server)).redact(tools.redactor.redact(log))
    return Told(masked, tuple(sorted(set(_MARK.findall(masked)) - set(_MARK.findall(log)))))


async def hushed(tools: Toolbox, servers: Iterable[Server], error: object) -> str:
    """Tell an error without any value of the env files on the hosts; where one cannot be read, without its words."""
    text = tools.redactor.redact(str(error))
    if isinstance(error, _OWN_WORDS):
        return text
    for server in servers:
        try:
            async with asyncio.timeout(READ_LIMIT.total_seconds()):
                text = hush(text, await _env_file(tools, server))
        except (ToolError, TimeoutError) as unread:
            why = f" {tools.redactor.redact(str(unread))}" if isinstance(unread, _OWN_WORDS) else ""
            return (
                f"A command failed. What it said is not shown: the env file on {server.name} could not be read,"
                f" so its values could not be masked.{why} Run the command by hand on the host."
            )
    return text


def hush(text: str, env_file: str) -> str:
    """Take the values of an env file out of what a command on its host printed, short ones as whole words."""
    text = _QUOTED_LINE.sub(r"\1[withheld]", _mask(env_file).redact(text))
    for name, value in sorted(_printable(env_file), key=lambda one: -len(one[1])):
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", f"[redacted:{name}]", text)
    return text


def secrets_in(env_file: str) -> Iterator[tuple[str, str]]:
    """Read what an env file keeps secret: settings named for a secret, and the passwords of addresses.

    Of settings that are hardly named for one, such as `AUTH_IMAGE`, only values that look machine-made.
    """
    for name, value in settings_of(env_file):
        secret = value if _is_secret(name, value) else password_in(value)
        if secret:
            yield name, secret


def unmaskable(env_file: str) -> tuple[str, ...]:
    """Name the secrets that a log would show, because masking them would mask ordinary text."""
    own = Redactor()
    refused = {name for name, value in secrets_in(env_file) if _is_certain(name, value) and own.register(name, value)}
    return tuple(sorted(refused))


async def unmasked_names(tools: Toolbox, server: Server) -> tuple[str, ...]:
    """Name the secrets in the env file of a host that cannot be masked."""
    return unmaskable(await _env_file(tools, server))


def _is_secret(name: str, value: str) -> bool:
    strength = suspicion(name)
    parts = (value, *_PARTS_OF_ADDRESS.split(value))
    return strength is Suspicion.STRONG or (strength is Suspicion.WEAK and any(map(machine_made, parts)))


def _is_certain(name: str, value: str) -> bool:
    """Leave out switches such as `AUTH=on`, and what is an address without a password."""
    return "://" not in value and suspicion(name) is not Suspicion.WEAK


async def _env_file(tools: Toolbox, server: Server) -> str:
    target = tools.environment.compose
    content = await server.host.read(target.directory / target.env_file) if target.env_file else None
    given = tools.given_env.bytes if tools.given_env else b""
    text = ((content or b"") + b"\n" + given).decode(errors="replace")
    _learn(text, tools)
    return text


def _learn(env_file: str, tools: Toolbox) -> None:
    """Let the bot itself mask from now on what lies on a host."""
    for name, value in secrets_in(env_file):
        tools.redactor.register(name, value)


def _mask(env_file: str) -> Redactor:
    own = Redactor()
    for name, value in secrets_in(env_file):
        own.register(name, value)
    return own


def _printable(env_file: str) -> Iterator[tuple[str, str]]:
    """Read what is masked only where a value may stand: short secrets, and what looks like one under any name."""
    for name, value in secrets_in(env_file):
        if _SHORTEST_SECRET <= len(value) < SHORTEST:
            yield name, value
    for name, value in settings_of(env_file):
        if len(value) >= _SHORTEST_VALUE and _MIXED.match(value):
            yield name, value
