"""What a release wants to run: for a deploy its own commit and images, for a rollback what ran before."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from agents.lineage import lineage, recorded
from agents.state import State
from agents.toolbox import Toolbox
from guardrails.plan import Plan, from_json
from tools.errors import ToolError

Images = Mapping[str, Mapping[str, Any]]
REFRESH_LIMIT = timedelta(seconds=5)
"""An approved release does not wait longer for a repository that does not answer."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A version, and the images that it is made of."""

    version: str
    commit: str
    images: Images
    """Component -> `image tag digest size_bytes previous_size_bytes`."""
    recorded: Plan | None = None
    """The plan that brought it, where it ran before."""


async def wanted_by(state: State, tools: Toolbox) -> Wanted | str:
    """Return what the release wants, or one sentence that says why that cannot be told."""
    if state["kind"] == "deploy":
        return _whole(Wanted(state["version"], state["commit"], state["images"]), tools)
    return await _version(state["version"], tools)


async def wanted_now(state: State, tools: Toolbox, moving: Collection[str] | None = None) -> Wanted | str:
    """Tell what the version of a deploy stands for now: its commit and, by their tags, its images.

    `moving` names the components whose images count; those that stay as they are need no registry.
    """
    commit, images = await asyncio.gather(_commit(state, tools), _images(state, tools, moving))
    return _whole(Wanted(state["version"], commit or "", images), tools)


async def _commit(state: State, tools: Toolbox) -> str | None:
    """Tell what the version stands for now; where the repository cannot be asked, what was fetched before stands."""
    with suppress(ToolError, TimeoutError):
        async with asyncio.timeout(REFRESH_LIMIT.total_seconds()):
            await tools.repository.refresh()
    return await tools.repository.resolve(state["version"])


async def _images(state: State, tools: Toolbox, moving: Collection[str] | None) -> Images:
    """Ask the registry what the tags mean now."""
    images = dict(state["images"])
    for name in images if moving is None else moving:
        image = images[name]
        digest_now = await tools.registry.digest(image["image"], image["tag"])
        images[name] = {**image, "digest": digest_now or "absent"}
    return images


async def _version(version: str, tools: Toolbox) -> Wanted | str:
    """Find a version on the way to what runs now: the registry knows two, the plans of the history more."""
    service, environment = tools.service.service, tools.environment_name
    way = await lineage(tools.store, service, environment)
    if version in way.left:
        return f"{version} was rolled away from; going forward again is `deploy {service} {version} to {environment}`"
    deployed = (await tools.deployed()).values()
    for former in (True, False):
        known = {one.component: (one.previous if former else one.current) or {} for one in deployed}
        if known and all(running.get("version") == version for running in known.values()):
            return await _recorded(known, tools)
    found = await recorded(tools.store, way.of(version))
    if found:
        return await _recorded(found, tools)
    return f"{service} never ran {version} in {environment}; `history` lists what it ran"


async def _recorded(before: Images, tools: Toolbox) -> Wanted | str:
    running = next(iter(before.values()))
    stored = await tools.store.decisions.plan(running["release"])
    plan = from_json(stored[1]) if stored else None
    return _whole(Wanted(running["version"], running["commit"], before, plan), tools)


def _whole(wanted: Wanted, tools: Toolbox) -> Wanted | str:
    missing = sorted(set(tools.service.components) - set(wanted.images))
    return f"no image is known for {', '.join(missing)}" if missing else wanted
