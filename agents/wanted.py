"""What a release wants to run: for a deploy its own commit and images, for a rollback what ran before."""

from collections.abc import Mapping
from typing import Any

from agents.draft import Wanted
from agents.state import State
from agents.toolbox import Toolbox
from guardrails.plan import from_json
from tools.compose_reading import read_compose


async def wanted_by(state: State, tools: Toolbox) -> Wanted | str:
    """Return what the release wants, or one sentence that says why that cannot be told."""
    if state["kind"] == "deploy":
        return await _built(state, tools)
    if state["version"]:
        return await _version(state["version"], tools)
    return await _previous(tools)


async def _built(state: State, tools: Toolbox) -> Wanted | str:
    return await _of_commit(state["version"], state["commit"], state["images"], tools)


async def _previous(tools: Toolbox) -> Wanted | str:
    deployed = await tools.deployed()
    before = {name: deployment.previous for name, deployment in deployed.items() if deployment.previous}
    if not before:
        return f"{tools.service.service} in {tools.environment_name} has no earlier version to go back to"
    return await _recorded({name: running for name, running in before.items() if running}, tools)


async def _version(version: str, tools: Toolbox) -> Wanted | str:
    """Find a version that this target ran once: its images and compose file are in its release's plan."""
    deployed = await tools.deployed()
    known = {name: d.previous or {} for name, d in deployed.items()}
    if known and all(running.get("version") == version for running in known.values()):
        return await _recorded(known, tools)
    for release in await tools.store.releases.recent(tools.service.service, tools.environment_name, limit=200):
        stored = await tools.store.decisions.plan(release.id)
        if release.version == version and release.outcome == "succeeded" and stored:
            plan = from_json(stored[1])
            images = {
                part.name: {"image": part.image, "tag": part.tag, "digest": part.digest} for part in plan.components
            }
            return await _wanted(version, plan.commit, plan.compose_text, images, tools)
    return f"{tools.service.service} never ran {version} in {tools.environment_name}; `history` lists what it ran"


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
    path = tools.environment.target.file
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
    compose = await read_compose(text.encode(), project_directory=tools.environment.target.directory)
    return Wanted(version, commit, text, compose, images)
