"""What stands in the deployment repository, and what ArgoCD says of the cluster. What cannot be asked is a fact."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from agents.toolbox import Cluster, Toolbox
from config.sources import Component
from tools.argocd_answers import Application
from tools.errors import ToolError
from tools.gitops import Standing
from tools.gitops_pins import Pin


@dataclass(frozen=True, slots=True)
class Seen:
    """One look. `fault` and `silence` say why repository and ArgoCD could not be asked."""

    standing: Standing | None
    fault: str = ""
    previous: Mapping[str, bool | None] = field(default_factory=dict)
    """Component -> whether the image that stands there can be run again; none for an empty place."""
    writable: bool | None = None
    application: Application | None = None
    silence: str = ""


async def look(tools: Toolbox) -> Seen:
    """Look at everything that a plan and its gate are made of."""
    writable, seen = await asyncio.gather(_writable(cluster_of(tools)), look_at_file(tools, refresh=True))
    return replace(seen, writable=writable)


async def look_at_file(tools: Toolbox, *, refresh: bool = False) -> Seen:
    """Look only at what the effective part of a plan is made of; `refresh` lets ArgoCD look at git first."""
    cluster = cluster_of(tools)
    (standing, fault), (application, silence) = await asyncio.gather(
        _standing(cluster), _application(cluster.argo.refresh if refresh else cluster.argo.application)
    )
    previous = await _previous(standing, application, tools)
    return Seen(standing, fault, previous, None, application, silence)


async def known(tools: Toolbox, image: str, reference: str, application: Application | None) -> bool | None:
    """Tell whether an image can be run: its registry has it, or, where that cannot be asked, the cluster runs it."""
    try:
        return await tools.registry.exists(image, reference)
    except ToolError:
        joint = "@" if reference.startswith("sha256:") else ":"
        return True if application and application.runs(f"{image}{joint}{reference}") else None


def cluster_of(tools: Toolbox) -> Cluster:
    """Give the tools of the deployment repository; who asks has made sure that there is one."""
    if tools.cluster is None:
        raise TypeError(f"{tools.environment_name} of {tools.service.service} has no deployment repository")
    return tools.cluster


def named(pin: Pin, component: Component) -> str:
    """Name the image that stands at a place, as a registry knows it.

    A name that is neither the component's own nor its fallback is the operator's: a mirror, or a part of a name.
    """
    image = pin.image if pin.image and (pin.image == component.fallback or "/" in pin.image) else component.image
    return f"{image}:{pin.tag}" if pin.tag else f"{image}@{pin.digest}"


def is_empty(pin: Pin) -> bool:
    """Tell whether a place names no image yet."""
    return not pin.tag and not pin.digest


async def _standing(cluster: Cluster) -> tuple[Standing | None, str]:
    try:
        return await cluster.repository.standing(), ""
    except ToolError as error:
        return None, str(error)


async def _writable(cluster: Cluster) -> bool | None:
    try:
        return await cluster.repository.writable()
    except ToolError:  # that the repository cannot be asked is told by its file
        return None


async def _application(ask: Callable[[], Awaitable[Application]]) -> tuple[Application | None, str]:
    try:
        return await ask(), ""
    except ToolError as error:
        return None, str(error)


async def _previous(
    standing: Standing | None, application: Application | None, tools: Toolbox
) -> Mapping[str, bool | None]:
    pins = {name: pin for name, pin in standing.pins.items() if not is_empty(pin)} if standing else {}
    found = await asyncio.gather(*(_kept(name, pin, application, tools) for name, pin in pins.items()))
    return dict(zip(pins, found, strict=True))


async def _kept(name: str, pin: Pin, application: Application | None, tools: Toolbox) -> bool | None:
    """Ask the component's own registries: a mirror has its images from there."""
    component = tools.service.components[name]
    image = component.fallback if component.fallback and pin.image == component.fallback else component.image
    return await known(tools, image, pin.digest or pin.tag or "", application)
