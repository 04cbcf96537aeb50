"""Backups listed, and put back on a host; what is there now is saved before, so that this too can be undone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from agents.destinations.compose.saving import Stock, mounts_of
from agents.toolbox import Server, Toolbox
from config.backups import Backup
from tools.backup import DUMP, TAR, Backups, Piece, Saved, Terms
from tools.errors import NotFound

EVERYTHING = 1_000_000
"""So many backups are kept while one is put back: it must not be the one that goes."""
READ_AGAIN = 6
"""Putting data back reads it so many times: it is saved, and what is put back is proved, written and compared."""


def backups_on(tools: Toolbox, server: Server) -> Backups:
    """Return the backups of the service on one of its hosts."""
    return Backups(server.host, tools.environment.compose.directory)


async def listed(tools: Toolbox, server: Server) -> Mapping[str, tuple[Saved, ...]]:
    """Tell what each backup on a host holds, newest first."""
    backups = backups_on(tools, server)
    found = {name: await backups.contents(name) for name in await backups.names()}
    return {name: contents for name, contents in found.items() if contents}


async def put_data_back(tools: Toolbox, server: Server, name: str, before: str) -> tuple[Saved, ...]:
    """Put the mounts of a backup back on a host, and save under another name what was there; tells what it holds.

    Raises `NotFound` where there is no such backup, or nothing is mounted any more where it came from.
    """
    backups = backups_on(tools, server)
    saved = await backups.contents(name)
    if saved is None:
        raise NotFound(
            f"{server.name} has no backup {name}.",
            standing="Nothing was touched.",
            remedy=f"See which there are: ./shipmate restore {tools.service.service} {tools.environment_name}",
        )
    stock = await mounts_of(tools, server)
    pieces = tuple(_pieces(saved, stock, server.name))
    limit = (tools.environment.paths.backup or Backup()).timeout * READ_AGAIN
    fence = await tools.store.targets.take_fence(tools.service.service, tools.environment_name)
    terms = Terms(EVERYTHING, tools.environment.compose.minimum_free_bytes, limit, stock.writers)
    await tools.intend("restore", *(f"{piece.what} on {server.name} from {name}" for piece in pieces))
    await backups.restore(name, before, pieces, stock.image, terms, fence)
    return saved


def dumps_in(saved: Sequence[Saved]) -> tuple[Saved, ...]:
    """Pick what only its own program can load again."""
    return tuple(one for one in saved if one.kind == DUMP)


def _pieces(saved: Sequence[Saved], stock: Stock, host: str) -> Iterator[Piece]:
    """Find where the mounts of a backup are now, by component and path; files may be named as of old."""
    now = {(_component(piece.file), piece.what): piece for piece in stock.pieces if not piece.command}
    for one in saved:
        if one.kind != TAR:
            continue
        piece = now.get((_component(one.file), one.what))
        if piece is None:
            raise NotFound(
                f"On {host} nothing is mounted at {one.what} any more, or it is not among what is backed up.",
                standing="Nothing was touched.",
                remedy=f"Take {one.file} out of the backup by hand: `docker cp - CONTAINER:/ < {one.file}`.",
            )
        yield replace(piece, file=one.file)


def _component(file: str) -> str:
    return file.partition("@")[0]
