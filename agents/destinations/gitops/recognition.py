"""What runs where nothing was recorded, and where it is not what was recorded."""

import re
from collections.abc import Mapping
from typing import Any

from agents.destinations.gitops.sight import Seen, cluster_of, is_empty, look_at_file, named
from agents.toolbox import Toolbox
from config.sources import Component
from tools.argocd_answers import Application
from tools.errors import ToolError
from tools.gitops_pins import Pin
from tools.history.deployments import ADOPTED, Deployment

_NAMES = {"semver": "{version}", "git-sha": "{sha:7}"}
_PARTS = {
    "version": r"(?P<version>[\w.-]+)",
    "sha": r"(?P<sha>[0-9a-f]{40})",
    "component": r"[a-z0-9-]+",
    "environment": r"[a-z0-9-]+",
    "time": r"[0-9-]+",
}


async def recognised(tools: Toolbox) -> tuple[str, str | None]:
    """Know a version by the tags that stand in the file, and write down what each component runs.

    Only where all tags come from one commit; a file of many commits is nobody's version.
    """
    seen = await look_at_file(tools)
    pins = {name: pin for name, pin in seen.standing.pins.items() if not is_empty(pin)} if seen.standing else {}
    found = {name: _said_by(pin, name, tools.service.components[name]) for name, pin in pins.items()}
    if len(set(found.values())) != 1 or set(found) != set(tools.service.components):
        return "", None
    version = next(iter(found.values()))
    commit = await tools.repository.resolve(version) if version else None
    if not commit:
        return "", None
    for name, pin in pins.items():
        await _adopt(tools, name, pin, version, commit)
    return version, commit


async def astray(tools: Toolbox) -> Mapping[str, str]:
    """Name the components whose recorded image does not stand in the file, or does not run."""
    deployed, seen, live = await tools.deployed(), await look_at_file(tools), await _live(tools)
    place = tools.environment.gitops.argocd.application
    return {name: place for name in tools.service.components if _lost(name, deployed.get(name), seen, live, tools)}


def said_by(tag: str, pattern: str) -> str:
    """Read version or commit out of a tag that a pattern made; empty where it says neither."""
    match = re.fullmatch(_expression(_NAMES.get(pattern, pattern)), tag)
    parts = match.groupdict() if match else {}
    return parts.get("version") or parts.get("sha") or ""


def _expression(pattern: str) -> str:
    pieces = re.split(r"\{(\w+)(?::(\d+))?\}", pattern)
    told, seen = [re.escape(pieces[0])], set[str]()
    for name, length, text in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        part = f"(?P<sha>[0-9a-f]{{{length}}})" if name == "sha" and length else _PARTS.get(name, ".*")
        told += [part if name not in seen else ".*", re.escape(text)]
        seen.add(name)
    return "".join(told)


def _said_by(pin: Pin, _name: str, component: Component) -> str:
    return said_by(pin.tag or "", component.tag)


async def _adopt(tools: Toolbox, name: str, pin: Pin, version: str, commit: str) -> None:
    """Write down what ran before Shipmate came, so that there is something to go back to and to keep."""
    if name in await tools.deployed():
        return
    image, _, tag = named(pin, tools.service.components[name]).rpartition(":")
    digest = pin.digest or await tools.registry.digest(image, tag)
    if digest:
        size = await tools.registry.size_bytes(image, digest)
        known: dict[str, Any] = {"release": "", "version": version, "commit": commit, "size_bytes": size}
        known |= {"image": image, "tag": pin.tag, "digest": digest}
        service, environment = tools.service.service, tools.environment_name
        await tools.store.deployments.succeed(service, environment, name, ADOPTED, known)


async def _live(tools: Toolbox) -> Application | None:
    try:
        return await cluster_of(tools).argo.application()
    except ToolError:  # what cannot be seen counts as astray
        return None


def _lost(name: str, recorded: Deployment | None, seen: Seen, live: Application | None, tools: Toolbox) -> bool:
    pin = seen.standing.pins.get(name) if seen.standing else None
    if pin is None or is_empty(pin) or live is None or not live.runs(named(pin, tools.service.components[name])):
        return True
    return recorded is not None and (recorded.current or {}).get("tag") != pin.tag
