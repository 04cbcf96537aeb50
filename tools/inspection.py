"""What the engine says about a container, in our shapes. Pure.

The values of environment variables never leave the host: the engine is asked for their names.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from tools.errors import Garbled

FORMAT = (
    '{"id":{{json .ID}},"name":{{json .Name}},"image":{{json .Config.Image}},"image_id":{{json .Image}},'
    '"status":{{json .State.Status}},"health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}null{{end}},'
    '"exit_code":{{json .State.ExitCode}},"restarts":{{json .RestartCount}},"started_at":{{json .State.StartedAt}},'
    '"created_at":{{json .Created}},"mounts":{{json .Mounts}},"asked":{{json .HostConfig.Mounts}},'
    '"tmpfs":{{json .HostConfig.Tmpfs}},'
    '"user":{{json .Config.User}},"read_only":{{json .HostConfig.ReadonlyRootfs}},'
    '"test":{{if .Config.Healthcheck}}{{json .Config.Healthcheck.Test}}{{else}}null{{end}},'
    '"labels":{{json .Config.Labels}},"networks":{{json .NetworkSettings.Networks}},'
    '"ports":{{json .HostConfig.PortBindings}},"names":'
    '[{{range $i, $e := .Config.Env}}{{if $i}},{{end}}{{json (index (split $e "=") 0)}}{{end}}]}'
)
"""Template for `docker inspect --format`: one line of JSON for each container."""

RUNNING = "running"
Change = Literal["added", "changed", "deleted"]
_CHANGES: Mapping[str, Change] = {"A": "added", "C": "changed", "D": "deleted"}


@dataclass(frozen=True, slots=True)
class ContainerMount:
    """One mount as it really is. `source` is the host path, or the volume's full name; empty for tmpfs."""

    kind: Literal["bind", "volume", "anonymous", "tmpfs"]
    source: str
    target: str
    read_only: bool = False
    driver: str = ""
    subpath: str = ""
    """The part of a volume that is mounted, where it is not the whole."""


@dataclass(frozen=True, slots=True)
class Container:
    """One container at one moment."""

    id: str
    name: str
    image: str
    """The reference it was started from."""
    image_id: str
    status: str
    """created, running, paused, restarting, removing, exited or dead."""
    health: str | None = None
    """starting, healthy or unhealthy; None without a health check."""
    exit_code: int = 0
    restarts: int = 0
    started_at: datetime | None = None
    """Stamped a little after the start: the first log lines may be older. Ask for logs since `created_at`."""
    created_at: datetime | None = None
    environment_names: tuple[str, ...] = ()
    mounts: tuple[ContainerMount, ...] = ()
    user: str = ""
    read_only: bool = False
    healthcheck_test: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Network -> the fixed address that it has there, running or not; networks without one are left out."""
    published: tuple[int, ...] = ()
    """Ports of the host that it asks for; one that the engine chooses is left out."""

    @property
    def running(self) -> bool:
        """Tell whether its process runs now."""
        return self.status == RUNNING


@dataclass(frozen=True, slots=True, order=True)
class PathChange:
    """One path in the container's own layer, which dies with the container."""

    path: str
    change: Change


def containers_in(text: str) -> tuple[Container, ...]:
    """Read the answer of `docker inspect --format FORMAT`; the newest running container first."""
    try:
        found = [_container(json.loads(line)) for line in text.splitlines() if line.strip()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Garbled(f"The engine's description of a container could not be understood: {error}") from error
    return tuple(sorted(found, key=_age, reverse=True))


def path_changes_in(text: str) -> tuple[PathChange, ...]:
    """Read the answer of `docker diff`."""
    lines = (line.partition(" ") for line in text.splitlines())
    return tuple(sorted(PathChange(path, _CHANGES[letter]) for letter, _, path in lines if letter in _CHANGES))


def moment(text: str) -> datetime | None:
    """Read the engine's notation of time; its zero means never."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    read = datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}").replace(tzinfo=UTC)
    return read if read.year > 1 else None


def _age(container: Container) -> tuple[bool, datetime]:
    return (container.running, container.created_at or datetime.min.replace(tzinfo=UTC))


def _container(raw: Mapping[str, Any]) -> Container:
    return Container(
        id=raw["id"],
        name=raw["name"].removeprefix("/"),
        image=raw["image"],
        image_id=raw["image_id"],
        status=raw["status"],
        health=None if raw["health"] in (None, "none") else raw["health"],
        exit_code=raw["exit_code"],
        restarts=raw["restarts"],
        started_at=moment(raw["started_at"]),
        created_at=moment(raw["created_at"]),
        environment_names=tuple(sorted(raw["names"])),
        mounts=_mounts(raw),
        user=raw["user"],
        read_only=raw["read_only"],
        healthcheck_test=tuple(raw["test"] or ()),
        labels=raw["labels"] or {},
        addresses=_addresses(raw.get("networks") or {}),
        published=_published(raw.get("ports") or {}),
    )


def _published(bindings: Mapping[str, Any]) -> tuple[int, ...]:
    asked = {bound.get("HostPort") or "" for places in bindings.values() for bound in places or ()}
    return tuple(sorted(int(port) for port in asked if port.isdecimal()))


def _addresses(networks: Mapping[str, Any]) -> dict[str, str]:
    fixed = {name: ((network or {}).get("IPAMConfig") or {}).get("IPv4Address") for name, network in networks.items()}
    return {name: address for name, address in fixed.items() if address}


def _mounts(raw: Mapping[str, Any]) -> tuple[ContainerMount, ...]:
    """Collect both notations of tmpfs, too: the engine keeps the short one elsewhere."""
    asked = {entry["Target"]: entry.get("VolumeOptions") or {} for entry in raw.get("asked") or ()}
    listed = [_mount(entry, asked.get(entry["Destination"], {})) for entry in raw["mounts"] or ()]
    short = [ContainerMount("tmpfs", "", target) for target in raw["tmpfs"] or ()]
    return tuple(sorted((*listed, *short), key=lambda mount: mount.target))


def _mount(entry: Mapping[str, Any], options: Mapping[str, Any]) -> ContainerMount:
    kind, name = entry["Type"], entry.get("Name") or ""
    source = {"volume": name, "tmpfs": ""}.get(kind, entry.get("Source") or "")
    anonymous = kind == "volume" and _is_anonymous(name)
    return ContainerMount(
        kind="anonymous" if anonymous else kind,
        source=source,
        target=entry["Destination"],
        read_only=not entry.get("RW", True),
        driver=entry.get("Driver") or "",
        subpath=options.get("Subpath") or "",
    )


def _is_anonymous(name: str) -> bool:
    """Go by the engine's 64 hexadecimal digits: older engines put no label on such volumes."""
    return len(name) == 64 and not set(name) - set("0123456789abcdef")  # noqa: PLR2004 - the engine's notation
