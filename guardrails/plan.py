"""The plan: everything a release will do to the world, the way back included, under one digest.

People approve this digest and nothing else. Fields are of two sorts: those that take
effect, which the digest covers, and advice, which it leaves out. An approval dies with
any change of the first sort and outlives any change of the second.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter


@dataclass(frozen=True, slots=True)
class PlannedComponent:
    """One image of the release; the sizes are advice."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    compose_service: str
    image: str
    tag: str
    digest: str
    size_bytes: int | None = None
    previous_size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedMount:
    """One piece of storage that a compose service gets."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    compose_service: str
    kind: str
    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """What runs on a host before a step: all that is needed to put it back. The container's id is advice."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    image: str
    image_id: str
    digest: str | None
    tag: str | None
    compose_text: str | None
    """The compose file that lay on the host; None where there was none."""
    container_id: str = ""

    @property
    def compose_sha256(self) -> str | None:
        """Name the compose file that lay on the host by its hash."""
        return None if self.compose_text is None else _sha256(self.compose_text)


@dataclass(frozen=True, slots=True)
class Intended:
    """What shall run on a host after a step."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    image: str
    tag: str
    digest: str


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One component on one host, from what runs there to what shall; `before` is None on a first deploy."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    component: str
    host: str
    before: Running | None
    after: Intended


@dataclass(frozen=True, slots=True)
class WayBack:
    """Whether a host can be put back, proved before anyone is asked; the reason is advice."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    host: str
    possible: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """One release as data. Steps are in order; components, mounts, hosts and names are sets."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    service: str
    environment: str
    version: str
    commit: str
    components: tuple[PlannedComponent, ...]
    compose_text: str
    """The compose file exactly as it will lie on the hosts."""
    environment_names: tuple[str, ...]
    mounts: tuple[PlannedMount, ...]
    hosts: tuple[str, ...]
    directory: str
    project: str
    strategy: str
    steps: tuple[PlannedStep, ...]
    ways_back: tuple[WayBack, ...]
    expected_downtime: timedelta = timedelta(0)
    notes: tuple[str, ...] = ()
    """What people should know; never what is done."""

    @property
    def compose_sha256(self) -> str:
        """Name the compose file by its hash."""
        return _sha256(self.compose_text)

    @property
    def can_roll_back(self) -> bool:
        """Tell whether every host of the plan can be put back; a host without proof cannot."""
        proved = {way.host for way in self.ways_back if way.possible}
        refused = {way.host for way in self.ways_back if not way.possible}
        return bool(self.hosts) and set(self.hosts) <= proved - refused


_PLAN = TypeAdapter(Plan)


def to_json(plan: Plan) -> dict[str, Any]:
    """Turn a plan into plain JSON values; `from_json` gives it back unchanged."""
    dumped: dict[str, Any] = _PLAN.dump_python(plan, mode="json")
    return dumped


def from_json(data: Mapping[str, Any]) -> Plan:
    """Read a stored plan; raises pydantic's `ValidationError` where a field is missing, unknown or mistyped."""
    return _PLAN.validate_python(dict(data))


def digest(plan: Plan) -> str:
    """Name the plan by what it does: SHA-256, in hex, over the canonical JSON of its effective fields."""
    return _sha256(json.dumps(effective(plan), sort_keys=True, separators=(",", ":"), ensure_ascii=True))


def effective(plan: Plan) -> dict[str, Any]:
    """Keep only what takes effect: advice dropped, everything without a meaningful order sorted."""
    fields = asdict(plan)
    for advice in ("expected_downtime", "notes"):
        del fields[advice]
    fields["components"] = _ordered(_without(c, "size_bytes", "previous_size_bytes") for c in fields["components"])
    fields["ways_back"] = _ordered(_without(way, "reason") for way in fields["ways_back"])
    fields["mounts"] = _ordered(fields["mounts"])
    fields["hosts"] = sorted(set(plan.hosts))
    fields["environment_names"] = sorted(set(plan.environment_names))
    fields["steps"] = [{**step, "before": _without(step["before"], "container_id")} for step in fields["steps"]]
    return fields


def _without(fields: Any, *names: str) -> Any:
    return fields and {name: value for name, value in fields.items() if name not in names}


def _ordered(items: Any) -> list[Any]:
    distinct = {json.dumps(item, sort_keys=True): item for item in items}
    return [distinct[key] for key in sorted(distinct)]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
