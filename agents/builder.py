"""The builder: makes the images that changed, looks into them for secrets, and pushes them."""

import asyncio
from typing import Any

from langgraph.runtime import Runtime

from agents.contents import inspect_image
from agents.events import Built, Objected
from agents.state import Next, State, end, proceed
from agents.toolbox import Toolbox
from guardrails.verdict import Verdict
from tools.builds import BuiltImage, image_labels
from tools.history.releases import Outcome
from tools.references import image_tag


async def build(state: State, *, runtime: Runtime[Toolbox]) -> Next:
    """Build what the analyzer chose, side by side; push only what carries no secret. The rest keeps its image."""
    tools = runtime.context
    built = dict(
        zip(
            state["components"],
            await asyncio.gather(*(_built(name, state, tools) for name in state["components"])),
            strict=True,
        )
    )
    rules = {name: tools.service.components[name].rules for name in built}
    looks = (inspect_image(tools, image.reference, rules[name]) for name, image in built.items())
    verdicts = await asyncio.gather(*looks)
    verdict = sum(verdicts, start=Verdict())
    if verdict.findings:
        await tools.report(Objected("build", verdict.findings))
    if verdict.blocks:
        return end(Outcome.REFUSED, verdict.findings[0].message)
    images = await _kept(state, tools)
    for name, image in built.items():
        images[name] = {**await _pushed(name, image, tools), "about": await _about(image, tools)}
    return proceed("plan", images=images)


async def _built(name: str, state: State, tools: Toolbox) -> BuiltImage:
    """Build one component; its Dockerfile may ask for VERSION and REVISION as build arguments."""
    component = tools.service.components[name]
    arguments = {"VERSION": state["version"], "REVISION": state["commit"], **component.build_args}
    requested_at = (await tools.release()).requested_at
    tag = image_tag(component.tag, state["version"], state["commit"], requested_at)
    return await tools.images.build(
        component.model_copy(update={"build_args": arguments}),
        await tools.sources(state["commit"]),
        [f"{component.image}:{tag}"],
        image_labels(
            version=state["version"],
            revision=state["commit"],
            source=tools.service.repository.url,
            created=requested_at,
        ),
    )


async def _pushed(name: str, image: BuiltImage, tools: Toolbox) -> dict[str, Any]:
    digest = await tools.images.push(image.reference)
    repository, _, tag = image.reference.rpartition(":")
    before = (await tools.deployed()).get(name)
    previous = (before.current or {}).get("size_bytes") if before else None
    size = await tools.registry.size_bytes(repository, digest)
    seconds = round(image.duration.total_seconds(), 3)
    await tools.report(Built(name, image.reference, digest, size, previous, seconds))
    return {
        "image": repository,
        "tag": tag,
        "digest": digest,
        "size_bytes": size,
        "previous_size_bytes": previous,
    }


async def _about(image: BuiltImage, tools: Toolbox) -> dict[str, Any]:
    """Note what the guardrails ask about an image, while the engine that built it is at hand."""
    known = await tools.images.inspect(image.image_id)
    if known is None:
        return {}
    return {"user": known.user, "volumes": list(known.volumes), "names": list(known.environment_names)}


async def _kept(state: State, tools: Toolbox) -> dict[str, dict[str, Any]]:
    """Take over the images of components that did not change."""
    deployed = await tools.deployed()
    kept = {name: deployment.current for name, deployment in deployed.items() if name not in state["components"]}
    return {
        name: {key: current.get(key) for key in ("image", "tag", "digest", "size_bytes", "about")}
        for name, current in kept.items()
        if current and name in tools.service.components
    }
