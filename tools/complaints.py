"""What a command complained of, and what to do about it. Pure."""

import re
from collections.abc import Mapping

_REMEDIES: Mapping[str, str] = {
    "no space left on device": "Free space on that disk (old images: `docker image prune`), then release again.",
    "disk quota exceeded": "Free space there, or raise the quota, then release again.",
    "port is already allocated": "See which container holds the port (`docker ps`), stop it or choose another port, "
    "then release again.",
    "address already in use": "See which program holds the port (`ss -ltnp`), stop it or choose another port, then "
    "release again.",
    "cannot connect to the docker daemon": "Start the engine there (`systemctl start docker`), then release again.",
    "error during connect": "See whether the engine there runs (`systemctl status docker`), then release again.",
    "exec format error": "Build the image for the platform of that host: `platforms` of the component.",
    "read-only file system": "See why the disk was made read-only (`dmesg`), then release again.",
}


_PROGRESS = re.compile(r"\s*(Container|Network|Volume|Image) \S+ +[A-Z][a-z]+\s*")
_ID = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b(?<!:[0-9a-f]{64})")
_AWAY = ("cannot connect to the docker daemon", "error during connect", "is the docker daemon running")


def shortly(said: str, lines: int = 5) -> str:
    """Keep the last lines of what a command said, without compose's progress and with ids as people write them."""
    told = [line for line in said.strip().splitlines() if not _PROGRESS.fullmatch(line)]
    return _ID.sub(r"\1", "\n".join((told or said.strip().splitlines())[-lines:]))


def engine_away(said: str) -> bool:
    """Tell whether a command found no engine to talk to, or lost it, as while that restarts."""
    lowered = said.lower()
    return any(complaint in lowered for complaint in _AWAY)


def remedy_for(said: str) -> str:
    """Tell what to do about a well-known complaint; empty for any other."""
    lowered = said.lower()
    return next((remedy for complaint, remedy in _REMEDIES.items() if complaint in lowered), "")
