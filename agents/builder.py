"""The builder: makes the images that changed, looks into them for secrets, and pushes them."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

from langgraph.runtime import Runtime

from agents.contents import inspect_image
from agents.events import Built, Objected
from agents.proven import taken_over
from agents.publishing import naming, publish, reference_of
from agents.state import Next, State, end, proceed
from agents.toolbox import Toolbox
from config.sources import Component
from config.targets import ComposeTarget
from guardrails.compose_text import targets_written
from guardrails.shadowing import content_below
from guardrails.verdict import Verdict
from tools.builds import BuiltImage, image_labels, made_by, recipe_label
from tools.errors import ToolError
from tools.history.releases import Outcome
from tools.layers import LayerFile


async def build(state: State, *, runtime: Runtime[Toolbox]) -> Next:
    """Build what the analyzer chose, side by side; push only what carries no secret. The rest keeps its image."""
    tools = runtime.context
    built = dict(
        zip(
            state["components"],
            await asyncio.gather(*(_made(name, state, tools) for name in state["components"])),
            strict=True,
        )
    )
    rules = {name: tools.service.components[name].rules for name in built}
    files: dict[str, list[LayerFile]] = {name: [] for name in built}
    looks = (inspect_image(tools, image.reference, rules[name], files[name]) for name, image in built.items())
    verdicts = await asyncio.gather(*looks)
    verdict = sum(verdicts, start=Verdict())
    if verdict.findings:
        await tools.report(Objected("build", verdict.findings))
    if verdict.blocks:
        return end(Outcome.REFUSED, verdict.findings[0].message)
    images = await _kept(state, tools)
    for name, image in built.items():
        about = await _about(image, tools) | {"covered": await _covered(name, files[name], state, tools)}
        images[name] = {**await _pushed(name, image, state, tools), "about": about}
    if state.get("only") == "build":
        return end(Outcome.CHECKED, f"Stopped before the deploy, as asked; images: {_named(images)}.", "passed")
    return proceed("plan", images=images)


def _named(images: dict[str, dict[str, Any]]) -> str:
    return ", ".join(f"{one['image']}:{one['tag']}" for _, one in sorted(images.items())) or "none"


async def _made(name: str, state: State, tools: Toolbox) -> BuiltImage:
    """Take over what was built from this commit before, or build it."""
    if state.get("only") == "deploy":
        return await taken_over(name, state["commit"], tools)
    component = tools.service.components[name]
    named = naming(name, tools, await tools.release(), state["commit"])
    reference = reference_of(component, named)
    return await _found(component, reference, state["commit"], tools) or await _built(
        component, reference, state, tools
    )


async def _found(component: Component, reference: str, commit: str, tools: Toolbox) -> BuiltImage | None:
    """Return the image that carries the tag already, if Shipmate built it from this commit by the same recipe.

    A release that was interrupted, or another environment's, then finds the very image, and the tag never changes its
    meaning. Whatever else carries the tag is built anew and replaced; so is what was built for several platforms,
    which one engine cannot hold.
    """
    repository, _, tag = reference.rpartition(":")
    if len(component.platforms) > 1:
        return None
    try:
        digest = await tools.registry.digest(repository, tag)
        image = await tools.images.pull(reference) if digest else None
    except ToolError:
        return None  # a registry that cannot be asked is told of when it is pushed to
    if image is None or f"{repository}@{digest}" not in image.digests or not made_by(image.labels, component, commit):
        return None
    return BuiltImage(reference, image.id, image.size_bytes, timedelta(0), digest)


async def _built(component: Component, reference: str, state: State, tools: Toolbox) -> BuiltImage:
    """Build one component; its Dockerfile may ask for VERSION and REVISION as build arguments."""
    arguments = {"VERSION": state["version"], "REVISION": state["commit"], **component.build_args}
    return await tools.images.build(
        component.model_copy(update={"build_args": arguments}),
        await tools.sources(state["commit"]),
        [reference],
        image_labels(
            version=state["version"],
            revision=state["commit"],
            source=tools.service.repository.url,
            created=(await tools.release()).requested_at,
        )
        | recipe_label(component),
    )


async def _pushed(name: str, image: BuiltImage, state: State, tools: Toolbox) -> dict[str, Any]:
    named = naming(name, tools, await tools.release(), state["commit"])
    stored = await publish(tools.service.components[name], image, named, tools)
    before = (await tools.deployed()).get(name)
    previous = (before.current or {}).get("size_bytes") if before else None
    platform = tools.service.components[name].platforms[0]
    size = await tools.registry.size_bytes(stored.repository, stored.digest, platform)
    seconds = round(image.duration.total_seconds(), 3)
    called = f"{stored.repository}:{stored.tag}"
    await tools.report(Built(name, called, stored.digest, size, previous, seconds, reused=image.digest is not None))
    return {
        "image": stored.repository,
        "tag": stored.tag,
        "digest": stored.digest,
        "size_bytes": size,
        "previous_size_bytes": previous,
    }


async def _about(image: BuiltImage, tools: Toolbox) -> dict[str, Any]:
    """Note what the guardrails ask about an image, while the engine that built it is at hand."""
    known = await tools.images.inspect(image.image_id)
    if known is None:
        return {}
    return {"user": known.user, "volumes": list(known.volumes), "names": list(known.environment_names)}


async def _covered(name: str, files: list[LayerFile], state: State, tools: Toolbox) -> dict[str, int]:
    """Count the files that the image has where the compose file will mount something over them."""
    target = tools.environment.target
    if not isinstance(target, ComposeTarget):
        return {}
    text = await asyncio.to_thread(_text, await tools.sources(state["commit"]) / target.file)
    return content_below(files, targets_written(text, tools.service.compose_service(name)))


def _text(file: Path) -> str:
    return file.read_text(errors="replace") if file.is_file() else ""


async def _kept(state: State, tools: Toolbox) -> dict[str, dict[str, Any]]:
    """Take over the images of components that did not change."""
    deployed = await tools.deployed()
    kept = {name: deployment.current for name, deployment in deployed.items() if name not in state["components"]}
    return {
        name: {key: current.get(key) for key in ("image", "tag", "digest", "size_bytes", "about")}
        | {"previous_size_bytes": current.get("size_bytes")}
        for name, current in kept.items()
        if current and name in tools.service.components
    }
