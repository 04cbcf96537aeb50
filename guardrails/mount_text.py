"""How mounts are written, where compose's own reading would have hidden it: climbing, `~`, a name for each version."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from guardrails.verdict import Finding, Verdict
from tools.compose_variables import bare

_DEFAULTED = re.compile(r"\$\{\w+:?-([^{}]*)\}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Written:
    """One mount as it is written, with the defaults of its variables filled in."""

    source: str
    text: str
    """All of it, and of the volume that it names."""
    read_only: bool


def section_of(document: Mapping[str, Any], service: str) -> dict[str, Any]:
    """Return a service's section laid over those of the same file that it extends; its lists follow theirs.

    Raises `KeyError`, `TypeError` or `AttributeError` for what is no compose file.
    """
    whole: dict[str, Any] = {}
    seen, waiting = set[str](), service
    while waiting and waiting not in seen:
        seen.add(waiting)
        section = document["services"][waiting]
        whole = {**section, **whole, "volumes": [*(section.get("volumes") or []), *(whole.get("volumes") or [])]}
        extends = section.get("extends")
        waiting = (extends.get("service") if isinstance(extends, Mapping) else extends) or ""
    return whole


def target_of(entry: Any) -> str:
    """Tell where in the container one mount lies, as it is written."""
    if isinstance(entry, Mapping):
        return str(entry.get("target") or "")
    parts = _plain(str(entry)).split(":")
    return parts[1] if len(parts) > 1 else parts[0]


def mounts_written(document: Mapping[str, Any], service: str, tag_variable: str) -> Verdict:
    """Object to mounts that mean another place on every host, for every user or with every version."""
    volumes = document.get("volumes") or {}
    written = [_written(entry, volumes) for entry in section_of(document, service)["volumes"]]
    return Verdict.of(finding for mount in written for finding in _judged(service, mount, tag_variable))


def _written(entry: Any, volumes: Mapping[str, Any]) -> _Written:
    if isinstance(entry, Mapping):
        source, read_only = str(entry.get("source") or ""), bool(entry.get("read_only"))
    else:
        source, _, rest = _plain(str(entry)).partition(":")
        read_only = "ro" in rest.rpartition(":")[2].split(",")
        source = source if rest else ""
    named = volumes.get(source)
    device = (named.get("driver_opts") or {}).get("device") if isinstance(named, Mapping) else None
    text = json.dumps([entry, named], default=str)
    return _Written(_plain(str(device or source)), text, read_only)


def _plain(text: str) -> str:
    """Fill in defaults, and shorten what is left of variables, so that only the mount's own colons are there."""
    filled = _DEFAULTED.sub(r"\1", text)
    return bare(text) if filled == text else _plain(filled)


def _judged(service: str, mount: _Written, tag_variable: str) -> Iterator[Finding]:
    subject = f"{service}: {mount.source}"
    if ".." in mount.source.split("/"):
        yield Finding(
            rule="bind-climbs-out",
            subject=subject,
            message=f"{mount.source} leaves the project's directory by `..`, so it means another place on every host.",
            remedy="Keep the data below the project's directory, or write an absolute path.",
        )
    if mount.source.startswith("~"):
        yield Finding(
            rule="bind-in-home",
            subject=subject,
            message=f"{mount.source} lies in the home of whoever runs compose, another place for every user.",
            remedy="Keep the data below the project's directory, or write an absolute path.",
        )
    if not mount.read_only and re.search(rf"\$\{{?{re.escape(tag_variable)}(?!\w)", mount.text):
        yield Finding(
            rule="mount-per-version",
            subject=subject,
            message=f"What is mounted depends on {tag_variable}, so every version would start with an empty one.",
            remedy=f"Take {tag_variable} out of the mount and of its volume's name.",
        )
