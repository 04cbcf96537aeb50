"""What a compose file says, in one shape: `docker compose config` as JSON -> `ComposeFile`. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal, cast

from tools.compose_values import cpus, duration, memory_bytes, named_values
from tools.errors import Garbled

MountKind = Literal["bind", "volume", "anonymous", "tmpfs"]
_HANDED = {"secrets": "/run/secrets", "configs": "/"}
"""Where a service finds what it is handed, unless the file says otherwise."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount of a service. `source` is an absolute host path, a key of `volumes`, or empty."""

    kind: MountKind
    source: str
    target: str
    read_only: bool = False
    create_host_path: bool = False
    """Whether the engine silently creates a missing source as an empty directory of root."""
    subpath: str = ""
    """The part of a volume that is mounted, where it is not the whole."""


@dataclass(frozen=True, slots=True)
class Port:
    """One published port; `published` may be empty (chosen by the engine), a number or a range."""

    target: int | str
    """A number; or a range, or a variable, whose value only the host knows."""
    published: str = ""
    host_ip: str = ""
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """How the engine tests the container; `test` starts with CMD or CMD-SHELL. Durations in seconds."""

    test: tuple[str, ...] = ()
    interval: float | None = None
    timeout: float | None = None
    retries: int | None = None
    start_period: float | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Volume:
    """One entry of the top-level `volumes`. `name` is the engine's name of it, project prefix included."""

    name: str
    external: bool = False
    driver: str = ""
    driver_options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ComposeService:
    """One service. `raw` is its whole section, for rules about keys that have no field here."""

    name: str
    image: str = ""
    container_name: str = ""
    environment: Mapping[str, str | None] = field(default_factory=dict)
    """None: taken from the environment of whoever runs compose."""
    env_files: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    ports: tuple[Port, ...] = ()
    cpus: float | None = None
    cpus_reserved: float | None = None
    memory: int | None = None
    """Bytes, as `memory_reserved`."""
    memory_reserved: int | None = None
    healthcheck: Healthcheck | None = None
    user: str = ""
    read_only: bool = False
    tmpfs: tuple[str, ...] = ()
    """Paths of the short `tmpfs:` key; the long form is a mount of kind tmpfs."""
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """One compose project: its services and named volumes by name."""

    name: str
    services: Mapping[str, ComposeService] = field(default_factory=dict)
    volumes: Mapping[str, Volume] = field(default_factory=dict)


def normalise(json_text: str) -> ComposeFile:
    """Read the answer of `docker compose config --format json`; raises `Garbled` for anything else."""
    try:
        document = json.loads(json_text)
        return ComposeFile(
            name=document.get("name", ""),
            services={name: _service(name, raw, document) for name, raw in (document.get("services") or {}).items()},
            volumes={key: _volume(key, raw or {}) for key, raw in (document.get("volumes") or {}).items()},
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise Garbled(
            f"The compose file could not be understood: {error}",
            remedy="Check it with `docker compose config`.",
        ) from error


def _service(name: str, raw: Mapping[str, Any], document: Mapping[str, Any]) -> ComposeService:
    resources = (raw.get("deploy") or {}).get("resources") or {}
    limits, reservations = resources.get("limits") or {}, resources.get("reservations") or {}
    return ComposeService(
        name=name,
        image=raw.get("image") or "",
        container_name=raw.get("container_name") or "",
        environment=named_values(raw.get("environment")),
        env_files=tuple(_env_file(entry) for entry in raw.get("env_file") or ()),
        mounts=(*(_mount(entry) for entry in raw.get("volumes") or ()), *_handed(raw, document)),
        ports=tuple(_port(entry) for entry in raw.get("ports") or ()),
        cpus=cpus(limits.get("cpus", raw.get("cpus"))),
        cpus_reserved=cpus(reservations.get("cpus")),
        memory=memory_bytes(limits.get("memory", raw.get("mem_limit"))),
        memory_reserved=memory_bytes(reservations.get("memory", raw.get("mem_reservation"))),
        healthcheck=_healthcheck(raw["healthcheck"]) if raw.get("healthcheck") else None,
        user=str(raw.get("user") or ""),
        read_only=bool(raw.get("read_only")),
        tmpfs=tuple(entry.partition(":")[0] for entry in _listed(raw.get("tmpfs"))),
        raw=raw,
    )


def _listed(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def _env_file(entry: str | Mapping[str, Any]) -> str:
    return entry if isinstance(entry, str) else str(entry["path"])


def _mount(entry: Mapping[str, Any]) -> Mount:
    kind, source = entry["type"], entry.get("source") or ""
    if kind not in ("bind", "volume", "tmpfs"):
        raise ValueError(f"a mount of type {kind} is not supported")
    return Mount(
        kind="anonymous" if kind == "volume" and not source else cast("MountKind", kind),
        source=source,
        target=entry["target"],
        read_only=bool(entry.get("read_only")),
        create_host_path=bool((entry.get("bind") or {}).get("create_host_path")),
        subpath=(entry.get("volume") or {}).get("subpath") or "",
    )


def _handed(raw: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[Mount]:
    """Yield what compose makes of secrets and configs that are files: read-only mounts of them."""
    for key, place in _HANDED.items():
        for entry in raw.get(key) or ():
            asked = {"source": entry} if isinstance(entry, str) else entry
            file = ((document.get(key) or {}).get(asked["source"]) or {}).get("file")
            if file:
                target = PurePosixPath(place, asked.get("target") or asked["source"])
                yield Mount("bind", file, str(target), read_only=True)


def _port(entry: Mapping[str, Any]) -> Port:
    return Port(
        target=int(entry["target"]),
        published=str(entry.get("published") or ""),
        host_ip=entry.get("host_ip") or "",
        protocol=entry.get("protocol") or "tcp",
    )


def _healthcheck(raw: Mapping[str, Any]) -> Healthcheck:
    test = raw.get("test") or ()
    words = ("CMD-SHELL", test) if isinstance(test, str) else tuple(test)
    return Healthcheck(
        test=words,
        interval=duration(raw.get("interval")),
        timeout=duration(raw.get("timeout")),
        retries=None if raw.get("retries") is None else int(raw["retries"]),
        start_period=duration(raw.get("start_period")),
        disabled=bool(raw.get("disable")) or words[:1] == ("NONE",),
    )


def _volume(key: str, raw: Mapping[str, Any]) -> Volume:
    return Volume(
        name=raw.get("name") or key,
        external=bool(raw.get("external")),
        driver=raw.get("driver") or "",
        driver_options=raw.get("driver_opts") or {},
    )
