"""What the program really writes, against what the compose file maps: the path contract, both ways.

Written but not mapped: it dies with the container. Mapped but idle: a mount that nothing
uses, most often because the program writes somewhere else. Only what ran is seen here; what
is written once a month is the business of the declared `persist` paths (`volumes.py`).
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from config.contracts import PathContract
from guardrails.mounts import clean, is_under_any
from guardrails.verdict import Finding, Level, Verdict
from guardrails.waivers import reason_for, waived
from tools.inspection import Container, PathChange

EPHEMERAL = (
    *("/dev", "/proc", "/run", "/sys", "/tmp", "/var/cache", "/var/run", "/var/tmp"),  # noqa: S108 - read, not used
    *("/etc/hostname", "/etc/hosts", "/etc/mtab", "/etc/resolv.conf"),
    *("__pycache__", ".cache", "*.pyc", "*.pid", "*.sock"),
)
_MOST_PLACES = 8


@dataclass(frozen=True, slots=True)
class MountUse:
    """One writable mount, and the files in it that changed since the container started; None: nobody looked."""

    target: str
    written: tuple[str, ...] | None


def dying(
    changes: Iterable[PathChange], container: Container, paths: PathContract, directories: Collection[str] = ()
) -> tuple[str, ...]:
    """List the files that live only in the container's own layer.

    Mounts, their ancestors and directories are noise; so is what may be lost, unless it
    lies on a path declared persistent. `directories` are the paths known to be directories.
    """
    changed = {clean(change.path) for change in changes if change.change != "deleted"}
    mounts = {clean(mount.target) for mount in container.mounts}
    ancestors = {above for path in changed | mounts for above in _above(path)}
    files = changed - ancestors - {clean(path) for path in directories}
    ephemeral = _ephemeral((*EPHEMERAL, *paths.ephemeral))
    return tuple(
        path
        for path in sorted(files)
        if not is_under_any(path, mounts) and (is_under_any(path, paths.persist) or not ephemeral.fullmatch(path))
    )


def doomed(changes: Iterable[PathChange], files: Collection[str]) -> tuple[str, ...]:
    """List what must be saved to keep these files: they, and the directories above them that the image lacks."""
    above = {directory for file in files for directory in _above(file)}
    added = {path for change in changes if change.change == "added" for path in [clean(change.path)] if path in above}
    return tuple(sorted({*files, *added}))


def nothing_dies(container: str, files: Collection[str], *, reasons: Mapping[str, str] | None = None) -> Verdict:
    """Object, before a deploy, to data that the replacement of the running container would destroy.

    `files` are `dying`'s. `reasons` are the places that a person waived: of them there is only a warning.
    """
    given = reasons or {}
    freed = {file for file in files if reason_for(file, given) is not None}
    return Verdict.of(
        waived(_dies(container, place, count), place, given)
        for group in (set(files) - freed, freed)
        for place, count in _places(group)
    )


def _dies(container: str, place: str, count: int) -> Finding:
    return Finding(
        rule="data-dies-with-container",
        subject=f"{container}: {place}",
        message=f"{place} ({_counted(count)}) exists only inside the container and is lost when it is replaced.",
        remedy=f"Save it first: `docker cp {container}:{place} BACKUP`. A new mount alone does not carry it over. "
        f"Or list {place} under `paths.waived` with the reason: then the bot saves it before it goes on.",
    )


def contract_kept(
    container: str, files: Collection[str], uses: Collection[MountUse], *, used_before: Collection[str] = ()
) -> Verdict:
    """Object, after the smoke tests, to a program that writes elsewhere than where storage is mapped.

    An idle mount alone is a warning, but blocks where the version before did write
    (`used_before`: those mounts' targets).
    """
    idle = sorted(use.target for use in uses if use.written == ())
    lost = tuple(_places(files))
    deserted = [target for target in idle if target in used_before]
    if not idle and not lost:
        return Verdict()
    rule = "path-contract" if idle and lost else "written-not-mapped" if lost else "mapped-not-written"
    finding = Finding(
        rule=rule,
        subject=container,
        message=f"{_sentence(idle, lost, uses)}.",
        remedy=_remedy(idle, lost),
        level=Level.BLOCKING if lost or deserted else Level.WARNING,
    )
    return Verdict.of([finding])


def _sentence(idle: list[str], lost: tuple[tuple[str, int], ...], uses: Collection[MountUse]) -> str:
    parts = [f"{', '.join(idle)} {_is(idle)} mapped but idle"] if idle else []
    if lost:
        told = ", ".join(f"{place} ({_counted(count)})" for place, count in lost)
        parts.append(f"{told} {_is(lost)} written but not mapped")
    elif used := [f"{use.target} ({', '.join(use.written[:3])})" for use in uses if use.written]:
        parts.append(f"the program writes to {', '.join(sorted(used))}")
    return "; ".join(parts)


def _remedy(idle: list[str], lost: tuple[tuple[str, int], ...]) -> str:
    if not lost:
        return f"Let the program write to {idle[0]}, or drop the mount in a release of its own."
    if idle:
        return f"Let the program write to {idle[0]}, or mount storage at {lost[0][0]}."
    return f"Mount storage at {lost[0][0]}, or list it under `paths.ephemeral` if it may be lost."


def _above(path: str) -> Iterator[str]:
    """Yield every directory above a clean path, by its text alone: a layer may hold many thousand files."""
    end = path.rfind("/")
    while end > 0:
        yield path[:end]
        end = path.rfind("/", 0, end)


def _ephemeral(globs: Iterable[str]) -> re.Pattern[str]:
    """Compile globs into one pattern: a place matches with all below it, and `*` stays within one directory."""
    bodies = [
        re.escape(glob.rstrip("/")).replace(r"\*", "[^/]*").replace(r"\?", "[^/]") for glob in globs if glob.strip("/")
    ]
    anchored = (body if body.startswith("/") else f".*/{body}" for body in bodies)
    return re.compile(rf"(?:{'|'.join(anchored)})(?:/.*)?", re.DOTALL)


def _places(files: Collection[str]) -> Iterator[tuple[str, int]]:
    """Count files by directory, coarser until few enough places are left for a person to read."""
    parents = [PurePosixPath(file).parent.parts for file in files]
    depth = max(map(len, parents), default=0)
    while depth > 1 and len({parts[:depth] for parts in parents}) > _MOST_PLACES:
        depth -= 1
    yield from sorted(Counter(str(PurePosixPath(*parts[:depth])) for parts in parents).items())


def _counted(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _is(places: Collection[object]) -> str:
    return "is" if len(places) == 1 else "are"
