"""Facts about mounts that several guardrails need: what covers a path, and what lies behind it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from posixpath import normpath

from tools.compose_file import ComposeFile, ComposeService, Mount, Volume


@dataclass(frozen=True, slots=True)
class Backing:
    """What keeps the data of a mount: `kind` is bind, named, external, anonymous or tmpfs."""

    kind: str
    name: str
    """Host path, or the engine's full name of a volume; empty for anonymous and tmpfs."""

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


def covering(path: str, service: ComposeService) -> Mount | None:
    """Find the mount that a path of the container lies on: the deepest one that contains it."""
    short = (Mount(kind="tmpfs", source="", target=target) for target in service.tmpfs)
    around = [mount for mount in (*service.mounts, *short) if within(path, mount.target)]
    return max(around, key=lambda mount: len(clean(mount.target)), default=None)


def backing(mount: Mount, volumes: Mapping[str, Volume], directory: PurePosixPath) -> Backing:
    """Tell what keeps a mount's data; a named volume on tmpfs is what it is, not what it is called."""
    if mount.kind == "bind":
        return Backing("bind", resolved(mount.source, directory))
    if mount.kind != "volume":
        return Backing(mount.kind, "")
    volume = volumes.get(mount.source, Volume(name=mount.source))
    if volume.driver_options.get("type") == "tmpfs":
        return Backing("tmpfs", volume.name)
    return Backing("external" if volume.external else "named", volume.name)


def project_volumes(compose: ComposeFile, project: str) -> dict[str, Volume]:
    """Name the volumes as the engine will under this project, whatever project the file was read under."""
    return {
        key: replace(volume, name=f"{project}_{key}") if volume.name == f"{compose.name}_{key}" else volume
        for key, volume in compose.volumes.items()
    }


def is_under_any(path: str, parents: Iterable[str]) -> bool:
    """Tell whether a path is one of `parents` or lies below one."""
    return any(within(path, parent) for parent in parents)
