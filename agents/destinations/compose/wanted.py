"""What a release wants to run: for a deploy its own commit and images, for a rollback what ran before."""

from collections.abc import Mapping
from typing import Any

from agents.destinations.compose.draft import Wanted
from agents.lineage import lineage, recorded
from agents.state import State
from agents.toolbox import Toolbox
from guardrails.plan import from_json
from tools.compose_reading import read_compose


async def wanted_by(state: State, tools: Toolbox) -> Wanted | str:
    """Return what the release wants, or one sentence that says why that cannot be told."""
    if state["kind"] == "deploy":
        return await _built(state, tools)
    return await _version(state["version"], tools)


async def _built(state: State, tools: Toolbox) -> Wanted | str:
    return await _of_commit(state["version"], state["commit"], state["images"], tools)


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


async def _recorded(before: Mapping[str, Mapping[str, Any]], tools: Toolbox) -> Wanted | str:
    running = next(iter(before.values()))
    stored = await tools.store.decisions.plan(running["release"])
    if stored:
        text = from_json(stored[1]).compose_text
        return await _wanted(running["version"], running["commit"], text, before, tools)
    return await _of_commit(running["version"], running["commit"], before, tools)


async def _of_commit(
    version: str, commit: str, images: Mapping[str, Mapping[str, Any]], tools: Toolbox
) -> Wanted | str:
    path = tools.environment.compose.file
    content = await tools.repository.read(commit, str(path))
    if content is None:
        return f"{version} has no {path}; `target.file` of the environment names the compose file"
    return await _wanted(version, commit, content.decode(), images, tools)


async def _wanted(
    version: str, commit: str, text: str, images: Mapping[str, Mapping[str, Any]], tools: Toolbox
) -> Wanted | str:
    missing = sorted(set(tools.service.components) - set(images))
    if missing:
        return f"no image is known for {', '.join(missing)}"
    compose = await read_compose(text.encode(), project_directory=tools.environment.compose.directory)
    return Wanted(version, commit, text, compose, images)
