"""Mounts that lose data unnoticed or open the host: objected to wherever they point."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from guardrails.mounts import Backing, backing, clean, is_under_any, mounts_of, within
from guardrails.verdict import Finding, Level, Verdict
from tools.compose_file import ComposeService, Mount, Volume

_SYSTEM = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys", "/usr")
_WHOLE = (*_SYSTEM, "/", "/home", "/var", "/var/lib", "/var/lib/docker", "/var/run")
_SOCKETS = ("docker.sock", "containerd.sock", "podman.sock", "crio.sock")


def mounts_safe(service: ComposeService, volumes: Mapping[str, Volume], directory: PurePosixPath) -> Verdict:
    """Judge every mount of a service by itself."""
    found = [
        finding
        for mount in service.mounts
        for finding in _sound(service.name, mount, backing(mount, volumes, directory), directory)
    ]
    return Verdict.of((*found, *_doubled(service), *_borrowed(service), *_several(service)))


def _doubled(service: ComposeService) -> Iterator[Finding]:
    for target, times in Counter(clean(mount.target) for mount in mounts_of(service)).items():
        if times > 1:
            yield Finding(
                rule="mount-doubled",
                subject=f"{service.name}: {target}",
                message=f"{times} mounts lie at {target}, and only one of them gets what is written there.",
                remedy=f"Keep one mount at {target}.",
            )


def _borrowed(service: ComposeService) -> Iterator[Finding]:
    for origin in service.raw.get("volumes_from") or ():
        yield Finding(
            rule="mounts-borrowed",
            subject=f"{service.name}: {origin}",
            message=f"It takes all mounts of {origin}, whatever they are, so nobody can say what it keeps where.",
            remedy="Drop `volumes_from`, and list the mounts themselves under `volumes`.",
        )


def _sound(service: str, mount: Mount, kept: Backing, directory: PurePosixPath) -> Iterator[Finding]:
    subject = f"{service}: {mount.target}"
    if kept.kind == "anonymous":
        yield Finding(
            rule="volume-anonymous",
            subject=subject,
            message=f"The volume at {mount.target} has no name: `down`, a rename or a new host leaves its data behind.",
            remedy=f"Give the volume at {mount.target} a name under `volumes:`.",
        )
    elif mount.kind == "volume" and kept.kind == "tmpfs":
        yield Finding(
            rule="volume-in-memory",
            subject=subject,
            message=f"Volume {kept.name} has a name but lives in memory (driver_opts type tmpfs).",
            remedy="Use a plain named volume, or a `tmpfs:` mount if the data may be lost.",
        )
    elif kept.host_path:
        yield from path_safe(subject, mount, kept.host_path, directory)


def _several(service: ComposeService) -> Iterator[Finding]:
    count = (service.raw.get("deploy") or {}).get("replicas") or service.raw.get("scale") or 1
    if count != 1:
        yield Finding(
            rule="replicas-not-seen",
            subject=service.name,
            message=f"{count} containers run side by side, and only the newest is searched for data that dies with it.",
            remedy="Run one container for each service, or set `read_only: true`: then none can write elsewhere.",
            level=Level.WARNING,
        )


def path_safe(subject: str, mount: Mount, source: str, directory: PurePosixPath) -> Iterator[Finding]:
    """Yield what speaks against a mount of this path of the host."""
    if PurePosixPath(source).name in _SOCKETS:
        yield Finding(
            rule="engine-socket",
            subject=subject,
            message=f"{source} lets the container command the engine, which is root on the host.",
            remedy="Remove the mount; give the program a narrow interface to what it needs instead.",
        )
    elif _endangers(source, mount):
        yield Finding(
            rule="bind-system-path",
            subject=subject,
            message=f"{source} of the host is mounted at {mount.target}; one of the two is a system path.",
            remedy=f"Mount a directory below {directory} at a path of the program's own.",
        )
    elif "$" in mount.source:
        yield Finding(
            rule="bind-unresolved",
            subject=subject,
            message=f"The source {mount.source} depends on a variable, so nobody can say what will be mounted.",
            remedy="Write the path itself.",
            level=Level.WARNING,
        )
    elif not mount.read_only and not within(source, str(directory)):
        yield Finding(
            rule="bind-outside",
            subject=subject,
            message=f"{source} lies outside {directory}, out of reach of the service's backup and checks.",
            remedy=f"Keep the data below {directory}, or use a named volume.",
            level=Level.WARNING,
        )


def _endangers(source: str, mount: Mount) -> bool:
    """Tell whether a bind gives away a system directory, or hides one of the container's."""
    if clean(mount.target) in _WHOLE or source in _WHOLE:
        return True
    return is_under_any(source, (*_SYSTEM, "/var/lib/docker", "/var/run")) and not mount.read_only
