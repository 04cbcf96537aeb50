"""What may be named in a command: the services of the configuration, their environments and versions."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from config.service import Service


@dataclass(frozen=True, slots=True)
class Known:
    """What may be said about one service."""

    environments: tuple[str, ...]
    default: str
    version: re.Pattern[str]
    commits: bool = False
    """Commits without a tag are released too, so that one may be gone back to."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """The services people may name, and the word with which a command line begins."""

    services: Mapping[str, Known]
    prefix: str = "/deploy"

    @classmethod
    def of(cls, services: Mapping[str, Service], prefix: str = "/deploy") -> "Catalog":
        """Take what the configuration declares."""
        known = {
            name: Known(
                tuple(service.environments),
                service.default_environment,
                re.compile(service.version, re.ASCII),
                commits=any(environment.triggers.branches for environment in service.environments.values()),
            )
            for name, service in services.items()
        }
        return cls(known, prefix)


def spelled(prefix: str, *words: str) -> str:
    """Write a command line; where the prefix itself says `deploy`, the verb is left out."""
    shown = words[1:] if prefix.startswith("/") and words[:1] == ("deploy",) else words
    return " ".join((prefix, *shown))


def pasted(prefix: str, *words: str) -> str:
    """Write a command line to be typed as it is: at a terminal a shell reads it first, Slack takes every word."""
    return spelled(prefix, *(words if prefix.startswith("/") else map(shlex.quote, words)))
