"""Data saved on its hosts before a release touches anything: what is mounted, and what commands in containers print."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agents.destinations.compose.preparation import fence_of
from agents.destinations.compose.serving import serving
from agents.destinations.port import Trouble
from agents.discretion import hushed
from agents.events import BackedUp
from agents.toolbox import Server, Toolbox
from config.backups import Backup
from guardrails.mounts import is_under_any
from guardrails.plan import Plan
from tools.backup import Backups, Piece, Terms
from tools.errors import NotFound, Superseded, ToolError
from tools.inspection import Container, ContainerMount
from tools.tasks import side_by_side

STORED = frozenset({"bind", "volume"})


@dataclass(frozen=True, slots=True)
class Stock:
    """What is to be saved on one host, and who writes there."""

    pieces: tuple[Piece, ...]
    writers: tuple[str, ...]
    """Containers that run and have any of it mounted."""
    image: str = ""
    """Id of the image of the first component's container."""


async def save(tools: Toolbox, plan: Plan) -> Trouble | None:
    """Save on every host; where one cannot, the release does not begin, and what the others saved stays there."""
    backup = tools.environment.paths.backup
    if backup is None:
        return None
    fence = await fence_of(tools, plan)
    hosts = [tools.servers[name] for name in plan.compose.hosts]
    causes = await side_by_side(hosts, lambda server: _unless_faulty(tools, server, backup, fence))
    told = " ".join(cause for cause in causes if cause)
    return Trouble(told) if told else None


async def _unless_faulty(tools: Toolbox, server: Server, backup: Backup, fence: int) -> str:
    """Return why the data of a host could not be saved; empty where it was, or where there is none yet."""
    try:
        await _save(tools, server, backup, fence)
    except Superseded:
        raise
    except ToolError as error:
        return f"The data on {server.name} could not be saved: {await hushed(tools, [server], error)}"
    return ""


async def _save(tools: Toolbox, server: Server, backup: Backup, fence: int) -> None:
    stock, target, begun = await stock_of(tools, server), tools.environment.compose, tools.clock.monotonic()
    if not stock.pieces:
        return
    halt = stock.writers if backup.stop else ()
    terms = Terms(backup.keep, target.minimum_free_bytes, backup.timeout, halt)
    backups = Backups(server.host, target.directory)
    await tools.intend("back up", *(f"{piece.what} on {server.name}" for piece in stock.pieces))
    saved = await backups.make(tools.release_id, stock.pieces, terms, fence)
    seconds, size = round(tools.clock.monotonic() - begun, 3), sum(one.size_bytes for one in saved)
    place, what = str(backups.directory / tools.release_id), tuple(one.what for one in saved)
    back = f"restore {tools.service.service} {tools.environment_name} {tools.release_id}"
    await tools.report(BackedUp(server.name, place, what, size, seconds, bool(halt), back))


async def stock_of(tools: Toolbox, server: Server) -> Stock:
    """Find what is to be saved on a host; raises `NotFound` where something is declared and nothing is mounted there.

    Before a first deploy nothing is there, and nothing is saved.
    """
    stock = await mounts_of(tools, server)
    if not stock.image:
        return stock
    backup, wanted = tools.environment.paths.backup or Backup(), _wanted(tools)
    if bare := [path for path in wanted if not is_under_any(path, [piece.what for piece in stock.pieces])]:
        raise NotFound(
            f"Nothing is mounted at {', '.join(bare)}.",
            remedy="Correct `paths.backup.mounts`, or mount it; what only a container has is saved at its end.",
        )
    project = tools.service.project(tools.environment.compose)
    dumps = [await _dump(server, project, name, command) for name, command in backup.dumps.items()]
    return replace(stock, pieces=(*stock.pieces, *dumps))


async def mounts_of(tools: Toolbox, server: Server) -> Stock:
    """Find the mounts of it that are there, whatever else is missing or down; nothing where no component is."""
    found = {name: await serving(tools, server, name) for name in tools.service.components}
    containers = {name: one for name, one in found.items() if one}
    if not containers:
        return Stock((), ())
    pieces = tuple(mounted(containers, _wanted(tools)))
    project = tools.service.project(tools.environment.compose)
    neighbours = await server.containers.neighbours(project, tools.environment.compose.directory)
    return Stock(pieces, tuple(_writers(neighbours, pieces)), next(iter(containers.values())).image_id)


def _wanted(tools: Toolbox) -> tuple[str, ...]:
    paths = tools.environment.paths
    return (paths.backup or Backup()).mounts or paths.persist


def mounted(containers: dict[str, Container], wanted: Sequence[str]) -> Iterator[Piece]:
    """Name each volume and directory once that holds something of what is wanted, by its first component."""
    seen: set[str] = set()
    for component, container in containers.items():
        for mount in container.mounts:
            if mount.kind in STORED and mount.source not in seen and _holds(mount, wanted):
                seen.add(mount.source)
                yield Piece(container.id, mount.target, _file(component, mount.target), mount.source)


def _file(component: str, target: str) -> str:
    """Name a file after a path; what has an underscore of its own gets a mark: `/data_x` is not `/data/x`."""
    mark = f"-{hashlib.sha256(target.encode()).hexdigest()[:8]}" if "_" in target else ""
    return f"{component}@{target.strip('/').replace('/', '_')}{mark}.tar"


def _holds(mount: ContainerMount, wanted: Sequence[str]) -> bool:
    return any(is_under_any(path, [mount.target]) or is_under_any(mount.target, [path]) for path in wanted)


def _writers(neighbours: Sequence[Container], pieces: Sequence[Piece]) -> Iterator[str]:
    sources = {piece.source for piece in pieces}
    for one in neighbours:
        if one.running and any(mount.source in sources and not mount.read_only for mount in one.mounts):
            yield one.id


async def _dump(server: Server, project: str, service: str, command: Sequence[str]) -> Piece:
    container = await server.containers.find(project, service)
    if container is None or not container.running:
        raise NotFound(f"No container of {service} runs, so nothing can be dumped from it.")
    return Piece(container.id, service, f"{service}.dump", command=tuple(command))
