"""What a running container keeps its data on must be what its successor gets, or the data is left behind.

This catches the commonest real loss: an edited compose file, or a renamed project or service.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from guardrails.mounts import Backing, backing, clean, covering, project_volumes
from guardrails.verdict import Finding, Level, Verdict
from guardrails.waivers import waived
from tools.compose_file import ComposeFile, ComposeService, Mount, Volume
from tools.inspection import Container, ContainerMount

_PROJECT = "com.docker.compose.project"
_SERVICE = "com.docker.compose.service"


@dataclass(frozen=True, slots=True)
class _Successor:
    """The planned service, able to say what will lie behind a path."""

    service: ComposeService
    volumes: Mapping[str, Volume]
    directory: PurePosixPath

    def behind(self, target: str) -> tuple[Mount, Backing] | None:
        """Tell the mount that will cover a path, and what will keep the data at that very path."""
        mount = covering(target, self.service)
        if mount is None:
            return None
        below = str(PurePosixPath(clean(target)).relative_to(clean(mount.target)))
        kept = backing(mount, self.volumes, self.directory)
        return mount, kept if below == "." else Backing(kept.kind, clean(f"{kept.name}/{below}"))


def storage_continued(
    running: Container | None,
    compose: ComposeFile,
    service: str,
    *,
    project: str,
    directory: PurePosixPath,
    reasons: Mapping[str, str] | None = None,
) -> Verdict:
    """Object to each persistent place of the running container that its successor would not have.

    A first deploy (None) has nothing to lose. `reasons` are the waived places, of which there is only a warning.
    """
    if running is None:
        return Verdict()
    planned = compose.services.get(service, ComposeService(service))
    successor = _Successor(planned, project_volumes(compose, project), directory)
    found = [
        waived(finding, mount.target, reasons or {})
        for mount in running.mounts
        for finding in _continued(running.name, mount, successor)
    ]
    return Verdict.of((*found, *_project(running, project)))


def none_left_behind(
    neighbours: Collection[Container], compose: ComposeFile, absent: Collection[str], *, project: str
) -> Verdict:
    """Object to a predecessor that a release would not find any more, because project or service is called otherwise.

    `neighbours` are the containers that compose made in the same directory or for the same project; `absent` are the
    services of the release of which nothing runs. Without any the release has found its predecessors, and the others
    are only told.
    """
    found = [finding for one in neighbours if one.running for finding in _left_behind(one, compose, absent, project)]
    return Verdict.of(found)


def _left_behind(one: Container, compose: ComposeFile, absent: Collection[str], project: str) -> Iterator[Finding]:
    theirs, service = one.labels.get(_PROJECT, ""), one.labels.get(_SERVICE, "")
    if theirs != project and service in absent:
        yield from _project(one, project)
    elif theirs == project and service not in compose.services:
        yield Finding(
            rule="service-renamed" if absent else "service-left-behind",
            subject=one.name,
            message=f"{one.name} runs as service {service}, which the compose file no longer has: it would go on "
            f"running beside the release, with {_held(one)}.",
            remedy=f"Call the service {service} again; or stop and remove {one.name} first, its volumes stay.",
            level=Level.BLOCKING if absent else Level.WARNING,
        )


def _held(one: Container) -> str:
    kept = [f"{mount.source or mount.kind} at {mount.target}" for mount in one.mounts if mount.kind != "tmpfs"]
    return ", ".join(kept) or "no mounts"


def _project(running: Container, project: str) -> Iterator[Finding]:
    now = running.labels.get(_PROJECT, project)
    if now != project:
        yield Finding(
            rule="project-renamed",
            subject=running.name,
            message=f"The compose project {now} would become {project}, and every named volume a new, empty one.",
            remedy=f"Set `target.project` to {now}; or stop and remove {running.name} first, once its data is moved.",
        )


def _continued(container: str, mount: ContainerMount, successor: _Successor) -> Iterator[Finding]:
    if mount.kind == "tmpfs":
        return
    subject, planned = f"{container}: {mount.target}", successor.behind(mount.target)
    if mount.kind == "anonymous":
        yield from _unnamed(subject, mount, planned)
    elif planned is None:
        yield Finding(
            rule="volume-kept",
            subject=subject,
            message=f"{mount.source} is mounted at {mount.target} today, and would no longer be.",
            remedy=f"Mount {mount.source} at {mount.target} again, or {_waive(mount)}.",
            level=_weight(mount),
        )
    else:
        yield from _same(subject, mount, planned, successor.volumes)


def _unnamed(subject: str, mount: ContainerMount, planned: tuple[Mount, Backing] | None) -> Iterator[Finding]:
    """Tell of data in a volume without a name: another backing would leave it behind."""
    if planned is not None and planned[1].kind == "anonymous":
        return
    yield Finding(
        rule="anonymous-left-behind",
        subject=subject,
        message=f"The data at {mount.target} lies in an anonymous volume, which its successor may not get.",
        remedy=f"Copy it out first (`docker cp`), then name the volume at {mount.target}.",
        level=Level.WARNING if planned is None else Level.BLOCKING,
    )


def _same(
    subject: str, mount: ContainerMount, planned: tuple[Mount, Backing], volumes: Mapping[str, Volume]
) -> Iterator[Finding]:
    successor, kept = planned
    source = clean(mount.source) if mount.kind == "bind" else mount.source
    source += f"/{clean(mount.subpath)}" if mount.subpath else ""
    if (kept.kind == "bind") != (mount.kind == "bind") or kept.name != source or not kept.outlives:
        yield Finding(
            rule="backing-kept",
            subject=subject,
            message=f"{mount.target} lies on {mount.kind} {source} today and would lie on {kept}, without the data.",
            remedy=f"Mount {source} at {mount.target} again, or move the data and {_waive(mount)}.",
            level=_weight(mount),
        )
    elif successor.read_only and not mount.read_only:
        yield Finding(
            rule="storage-now-read-only",
            subject=subject,
            message=f"{mount.target} is writable today and would be read-only.",
            remedy="Drop `:ro` unless the new version writes nothing there.",
            level=Level.WARNING,
        )
    elif _driver_changed(mount, volumes.get(successor.source)):
        yield Finding(
            rule="volume-driver-kept",
            subject=subject,
            message=f"Volume {source} would change its driver, and compose would make a new, empty one.",
            remedy=f"Keep the driver {mount.driver}, or move the data and {_waive(mount)}.",
        )


def _weight(mount: ContainerMount) -> Level:
    """Only warn of a file or directory of the host that the container could never write to."""
    return Level.WARNING if mount.kind == "bind" and mount.read_only else Level.BLOCKING


def _waive(mount: ContainerMount) -> str:
    return f"list {mount.target} under `paths.waived` with the reason"


def _driver_changed(mount: ContainerMount, volume: Volume | None) -> bool:
    if volume is None or volume.external or mount.kind != "volume":
        return False
    return (mount.driver or "local") != (volume.driver or "local")
