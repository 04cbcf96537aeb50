"""A service's log as it may be told: without the values that its own env file on the host keeps secret."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agents.toolbox import Server, Toolbox
from guardrails.secrets.names import Suspicion, suspicion
from tools.redaction import Redactor

_SETTING = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)$", re.MULTILINE)
_MARK = re.compile(r"\[redacted:([\w.-]+)\]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Told:
    """A log that may be shown, and the names of the service's secrets that stood in it."""

    text: str
    leaked: tuple[str, ...]


async def told(tools: Toolbox, server: Server, log: str) -> Told:
    """Mask a log by the values on its host, and by what the bot itself knows."""
    target = tools.environment.target
    content = await server.host.read(target.directory / target.env_file) if target.env_file else None
    own = Redactor()
    for name, value in secrets_in((content or b"").decode(errors="replace")):
        own.register(name, value)
    masked = own.redact(tools.redactor.redact(log))
    return Told(masked, tuple(sorted(set(_MARK.findall(masked)) - set(_MARK.findall(log)))))


def secrets_in(env_file: str) -> Iterator[tuple[str, str]]:
    """Read the settings of an env file that are named for a secret."""
    for name, value in _SETTING.findall(env_file):
        if suspicion(name) is not Suspicion.NONE:
            yield name, value.strip().strip("\"'")
