"""What stands in the deployment repository, and what ArgoCD says of the cluster. What cannot be asked is a fact."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

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
    """Component -> whether the registry still has the image that stands there; none for an empty place."""
    writable: bool | None = None
    application: Application | None = None
    silence: str = ""


async def look(tools: Toolbox) -> Seen:
    """Look at everything that a plan and its gate are made of."""
    cluster = cluster_of(tools)
    (standing, fault), writable, (application, silence) = await asyncio.gather(
        _standing(cluster), _writable(cluster), _application(cluster)
    )
    previous = await _previous(standing, tools)
    return Seen(standing, fault, previous, writable, application, silence)


async def look_at_file(tools: Toolbox) -> Seen:
    """Look only at what the effective part of a plan is made of."""
    standing, fault = await _standing(cluster_of(tools))
    return Seen(standing, fault, await _previous(standing, tools))


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


async def _application(cluster: Cluster) -> tuple[Application | None, str]:
    try:
        return await cluster.argo.refresh(), ""
    except ToolError as error:
        return None, str(error)


async def _previous(standing: Standing | None, tools: Toolbox) -> Mapping[str, bool | None]:
    pins = {name: pin for name, pin in standing.pins.items() if not is_empty(pin)} if standing else {}
    found = await asyncio.gather(*(_kept(pin, tools.service.components[name], tools) for name, pin in pins.items()))
    return dict(zip(pins, found, strict=True))


async def _kept(pin: Pin, component: Component, tools: Toolbox) -> bool | None:
    """Ask the component's own registries: a mirror has its images from there."""
    image = component.fallback if component.fallback and pin.image == component.fallback else component.image
    try:
        return await tools.registry.exists(image, pin.digest or pin.tag or "")
    except ToolError:
        return None
