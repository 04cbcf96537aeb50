"""Facts about mounts that several guardrails need: what covers a path, and what lies behind it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from posixpath import normpath

from tools.compose_file import ComposeFile, ComposeService, Mount, Volume

_MEMORY = {"tmpfs", "ramfs"}
_VOLATILE = ("/dev/shm", "/run", "/tmp", "/var/cache", "/var/run", "/var/tmp")  # noqa: S108 - recognised, not used
"""Directories of a host that a restart or a clean-up empties."""


@dataclass(frozen=True, slots=True)
class Backing:
    """What keeps the data of a mount: `kind` is bind, named, external, anonymous or tmpfs."""

    kind: str
    name: str
    """Host path, or the engine's full name of a volume; empty for anonymous and tmpfs."""
    host_path: str = ""
    """Where on the host it lies, as far as the file tells: a bind, or a volume that is one in disguise."""

    @property
    def outlives(self) -> bool:
        """Tell whether the data survives the container."""
        return self.kind in {"bind", "named", "external"}

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".strip()


def clean(path: str) -> str:
    """Bring a container or host path into one form: no doubled or trailing slashes, no dots."""
    return "/" + normpath(path).lstrip("/") if path.startswith("/") else normpath(path)


def within(path: str, parent: str) -> bool:
    """Tell whether a path is `parent` or lies below it."""
    return f"{clean(path)}/".startswith(f"{clean(parent).rstrip('/')}/")


def resolved(source: str, directory: PurePosixPath) -> str:
    """Resolve a bind's source as compose does: relative to the directory of the compose file."""
    return clean(str(directory / source))


def mounts_of(service: ComposeService) -> tuple[Mount, ...]:
    """List all mounts, those of the short `tmpfs:` key first."""
    return (*(Mount(kind="tmpfs", source="", target=target) for target in service.tmpfs), *service.mounts)


def volatile(path: str, directory: PurePosixPath) -> bool:
    """Tell whether the host itself throws away what lies there, unless the whole service lies there, too."""
    return any(within(path, place) and not within(str(directory), place) for place in _VOLATILE)


def covering(path: str, service: ComposeService) -> Mount | None:
    """Find the mount that a path of the container lies on: the deepest one that contains it."""
    around = [mount for mount in mounts_of(service) if within(path, mount.target)]
    return max(around, key=lambda mount: len(clean(mount.target)), default=None)


def backing(mount: Mount, volumes: Mapping[str, Volume], directory: PurePosixPath) -> Backing:
    """Tell what keeps a mount's data; a named volume on tmpfs is what it is, not what it is called."""
    if mount.kind == "bind":
        path = resolved(mount.source, directory)
        return Backing("bind", path, path)
    if mount.kind != "volume":
        return Backing(mount.kind, "")
    volume = volumes.get(mount.source, Volume(name=mount.source))
    if volume.driver_options.get("type") in _MEMORY:
        return Backing("tmpfs", volume.name)
    name = f"{volume.name}/{clean(mount.subpath)}" if mount.subpath else volume.name
    return Backing("external" if volume.external else "named", name, _device(volume, directory))


def _device(volume: Volume, directory: PurePosixPath) -> str:
    """Tell the host path that a volume of the local driver only gives a name to."""
    options = volume.driver_options
    binds = {"bind", "rbind"} & set(str(options.get("o", "")).split(","))
    return resolved(str(options["device"]), directory) if binds and options.get("device") else ""


def project_volumes(compose: ComposeFile, project: str) -> dict[str, Volume]:
    """Name the volumes as the engine will under this project, whatever project the file was read under."""
    return {
        key: replace(volume, name=f"{project}_{key}") if volume.name == f"{compose.name}_{key}" else volume
        for key, volume in compose.volumes.items()
    }


def is_under_any(path: str, parents: Iterable[str]) -> bool:
    """Tell whether a path is one of `parents` or lies below one."""
    return any(within(path, parent) for parent in parents)
