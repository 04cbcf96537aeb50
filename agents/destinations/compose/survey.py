"""What the hosts look like before a release touches them. An unreachable host is a fact, not an error."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace

from agents.destinations.compose.serving import serving
from agents.toolbox import Server, Toolbox
from config.targets import ComposeTarget
from guardrails.plan_targets import Running
from tools.archive import Archive
from tools.disk import free_bytes
from tools.env_file import settings_of
from tools.errors import ToolError
from tools.inspection import Container, PathChange
from tools.references import ID, Reference
from tools.tasks import side_by_side


@dataclass(frozen=True, slots=True)
class Found:
    """One component on one host: the container that runs it and what it has written outside its mounts."""

    container: Container | None
    """Whatever is there, to be looked at."""
    running: Running | None
    """None where nothing of the component counts as what runs: a container that was only ever tried does not."""
    image_kept: bool
    """Whether the host has the image that the container was made from."""
    changes: tuple[PathChange, ...] = ()
    archived: bool = False
    """Whether an archive on the host could bring it back; looked for only where the image is gone."""

    @property
    def in_service(self) -> Container | None:
        """The container of what counts as running; a stopped one of a failed first deploy is only there to be seen."""
        return self.container if self.running else None


@dataclass(frozen=True, slots=True)
class Surveyed:
    """One host. Everything but `name` and `fault` is empty when it could not be reached."""

    name: str
    fault: str = ""
    free_bytes: int | None = None
    variable_names: tuple[str, ...] | None = None
    """Names in the env file on the host, or in the one that the bot was given for it; None where there is none."""
    components: Mapping[str, Found] | None = None
    rehearsed: bool = False
    """Whether the way back was tried out there."""
    obstacles: tuple[str, ...] = ()
    """What it would fail of, in half sentences."""
    neighbours: tuple[Container, ...] = ()
    """All containers of the project, and all that compose made in the directory under another project's name."""

    @property
    def reachable(self) -> bool:
        """Tell whether commands ran there."""
        return not self.fault


async def survey(tools: Toolbox) -> tuple[Surveyed, ...]:
    """Look at every host of the environment, side by side."""
    return tuple(await side_by_side(_servers(tools), lambda server: _unless_faulty(server, _host(server, tools))))


async def survey_running(tools: Toolbox) -> tuple[Surveyed, ...]:
    """Look only at what a plan is made of: what runs on every host, from which image and which compose file."""
    return tuple(await side_by_side(_servers(tools), lambda server: _unless_faulty(server, _running_on(server, tools))))


def _servers(tools: Toolbox) -> tuple[Server, ...]:
    return tuple(tools.servers.values())


async def _unless_faulty(server: Server, look: Awaitable[Surveyed]) -> Surveyed:
    try:
        return await look
    except ToolError as error:
        return Surveyed(server.name, fault=str(error))


async def _host(server: Server, tools: Toolbox) -> Surveyed:
    target = tools.environment.compose
    free = await free_bytes(server.host, target.directory)  # alone, for a host that is away is asked only once
    names, found, neighbours = await asyncio.gather(
        _variable_names(server, target, tools),
        _running_on(server, tools),
        server.containers.neighbours(tools.service.project(target), target.directory),
    )
    components = found.components or {}
    changed = {name: replace(part, changes=await _changes(server, part)) for name, part in components.items()}
    return Surveyed(server.name, free_bytes=free, variable_names=names, components=changed, neighbours=neighbours)


async def _running_on(server: Server, tools: Toolbox) -> Surveyed:
    known = await tools.deployed()
    found = {name: await _component(name, server, tools) for name in tools.service.components}
    return Surveyed(
        server.name,
        components={name: part if name in known else _seen_running(part) for name, part in found.items()},
    )


def _seen_running(found: Found) -> Found:
    """Let something that was never verified count only while it runs."""
    return found if found.container and found.container.running else replace(found, running=None)


async def _changes(server: Server, found: Found) -> tuple[PathChange, ...]:
    return await server.containers.changes(found.container.id) if found.container else ()


async def _variable_names(server: Server, target: ComposeTarget, tools: Toolbox) -> tuple[str, ...] | None:
    if target.env_file is None:
        return ()
    if tools.given_env:
        return tools.given_env.names if tools.given_env.content else None
    content = await server.host.read(target.directory / target.env_file)
    return None if content is None else tuple(sorted(dict(settings_of(content.decode(errors="replace")))))


async def _component(name: str, server: Server, tools: Toolbox) -> Found:
    target = tools.environment.compose
    container = await serving(tools, server, name)
    if container is None:
        return Found(None, None, image_kept=False)
    installed, image, mark = await asyncio.gather(
        server.compose.installed(), server.images.image(container.image_id), env_mark(server, tools)
    )
    repository, tag = named(container.image)
    running = Running(
        image=repository,
        image_id=container.image_id,
        digest=image.digest_of(repository) if image else None,
        tag=tag,
        compose_text=installed.decode() if installed is not None else None,
        container_id=container.id,
        env_mark=mark,
    )
    archived = image is None and await _archived(server, target, repository, tag)
    return Found(container, running, image is not None, archived=archived)


async def _archived(server: Server, target: ComposeTarget, repository: str, tag: str | None) -> bool:
    """Look for the second source of an image that is gone."""
    return bool(tag) and await Archive(server.host, target.directory).size_bytes(repository, str(tag)) is not None


async def env_mark(server: Server, tools: Toolbox) -> str | None:
    """Name the content of the env file on a host, where the bot writes it."""
    content = await server.env.content() if server.env else None
    if content is None or tools.given_env is None:
        return None
    return tools.given_env.fingerprints.of(content)


def named(image: str) -> tuple[str, str | None]:
    """Take apart what a container was started from: the image's name and its tag; an id is a name without a tag."""
    if image.startswith(ID):
        return image, None
    reference = Reference.parse(image)
    return reference.name, reference.tag
