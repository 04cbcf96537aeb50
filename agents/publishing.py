"""An image on its way into a registry: into its own, or into the fallback when that one refuses or fails."""

from dataclasses import dataclass

from agents.events import Diverted, TagMissed
from agents.toolbox import Toolbox
from config.sources import Component
from tools.builds import BuiltImage
from tools.errors import ToolError
from tools.history.releases import Release
from tools.tags import Naming, image_tag, image_tags


@dataclass(frozen=True, slots=True)
class Stored:
    """Where an image lies now."""

    repository: str
    tag: str
    digest: str


def naming(name: str, tools: Toolbox, release: Release, commit: str) -> Naming:
    """Say what the tags of a component are made of; the same release always makes the same tags."""
    return Naming(name, tools.environment_name, release.version, commit, release.requested_at)


def reference_of(component: Component, named: Naming) -> str:
    """Name the image that a release builds."""
    return f"{component.image}:{image_tag(component.tag, named)}"


async def publish(component: Component, image: BuiltImage, named: Naming, tools: Toolbox) -> Stored:
    """Push an image under its tag and its further tags; raises what the last registry said where none takes it."""
    reference = image.reference
    if image.digest is None:
        await tools.intend("push", reference)
    try:
        digest = image.digest or await tools.images.push(reference)
    except ToolError as error:
        if component.fallback is None:
            raise
        reference, digest = await _diverted(component.fallback, reference, named.component, error, tools)
    repository, _, tag = reference.rpartition(":")
    await _push_further(component, reference, named, tools)
    return Stored(repository, tag, digest)


async def _diverted(fallback: str, reference: str, name: str, refusal: ToolError, tools: Toolbox) -> tuple[str, str]:
    """Push to the fallback; where that fails too, both failures are told."""
    elsewhere = f"{fallback}:{reference.rpartition(':')[2]}"
    await tools.images.tag(reference, elsewhere)
    await tools.intend("push", elsewhere)
    try:
        digest = await tools.images.push(elsewhere)
    except ToolError as error:
        first = refusal.happened.rstrip(".")
        error.happened = f"{reference} was not taken: {first}. The fallback {elsewhere} failed too: {error.happened}"
        raise
    await tools.report(Diverted(name, reference, elsewhere, refusal.happened))
    return elsewhere, digest


async def _push_further(component: Component, reference: str, named: Naming, tools: Toolbox) -> None:
    """Push the further tags; nothing is deployed by them, so one that cannot be pushed is only told."""
    repository = reference.rpartition(":")[0]
    for tag in image_tags(component.further_tags, named):
        other = f"{repository}:{tag}"
        try:
            await tools.images.tag(reference, other)
            await tools.intend("push", other)
            await tools.images.push(other)
        except ToolError as error:
            await tools.report(TagMissed(named.component, other, error.happened))
