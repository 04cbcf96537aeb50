"""What was done to the target, and how it fared."""

from dataclasses import dataclass
from typing import ClassVar

from agents.events.decision import ConditionLine


@dataclass(frozen=True, slots=True)
class Moved:
    """A component runs another image on a host."""

    KIND: ClassVar[str] = "moved"
    component: str
    host: str
    before: str
    after: str
    seconds: float

    @property
    def key(self) -> str:
        """One per component and host."""
        return f"{self.KIND}:{self.component}@{self.host}"


@dataclass(frozen=True, slots=True)
class Settled:
    """A moved component became healthy, or did not."""

    KIND: ClassVar[str] = "settled"
    component: str
    host: str
    healthy: bool
    seconds: float
    cause: str = ""
    log_tail: str = ""

    @property
    def key(self) -> str:
        """One per component and host."""
        return f"{self.KIND}:{self.component}@{self.host}"


@dataclass(frozen=True, slots=True)
class Synced:
    """ArgoCD told something new about how far it has brought a commit."""

    KIND: ClassVar[str] = "synced"
    place: str
    """Name of the application."""
    standing: str
    """Half a sentence: sync, revision, health, phase of the operation."""
    settled: bool
    """Synced, healthy and quiet."""
    seconds: float
    """Since the commit was written."""

    @property
    def key(self) -> str:
        """One per application; the newest replaces the former."""
        return f"{self.KIND}:{self.place}"


@dataclass(frozen=True, slots=True)
class Checked:
    """What verification looked at, and what it saw."""

    KIND: ClassVar[str] = "checked"
    checks: tuple[ConditionLine, ...]

    @property
    def key(self) -> str:
        """One per release."""
        return self.KIND


@dataclass(frozen=True, slots=True)
class Look:
    """One look of the watchdog."""

    seconds: float
    """Since the watch began."""
    latency_ms: float | None
    status: int | None
    """The worst answer; None: a request had none."""
    error_lines: int = 0
    """Since the watch began."""
    cpu: float | None = None
    """Percent of one CPU; None where it was not measured."""
    memory: float | None = None
    """Percent of the container's limit."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The watchdog's window: how the service answered after the deploy."""

    KIND: ClassVar[str] = "watched"
    samples: int
    baseline_ms: float | None
    median_ms: float | None
    alarms: tuple[str, ...]
    measured: tuple[str, ...] = ()
    """What else has a limit, each in one line: `cpu 3 to 12 (limit 150)`."""
    component: str = ""
    host: str = ""
    """Empty where nobody looked at hosts."""
    limit_ms: float | None = None
    """Above this the median latency is an alarm."""
    looks: tuple[Look, ...] = ()

    @property
    def key(self) -> str:
        """One per component and host; one per release where neither is told."""
        return f"{self.KIND}:{self.component}@{self.host}" if self.host else self.KIND


@dataclass(frozen=True, slots=True)
class Rescued:
    """What only a container had was saved on its host before the container was replaced; or could not be."""

    KIND: ClassVar[str] = "rescued"
    component: str
    host: str
    container: str
    files: int
    archive: str
    """Where it lies on the host; empty where it could not be saved."""
    size_bytes: int = 0
    fault: str = ""

    @property
    def key(self) -> str:
        """One per container."""
        return f"{self.KIND}:{self.component}@{self.host}:{self.archive or self.container}"


@dataclass(frozen=True, slots=True)
class RolledBack:
    """The former image runs again on a host, or could not be brought back."""

    KIND: ClassVar[str] = "rolled-back"
    component: str
    host: str
    to: str
    healthy: bool
    seconds: float
    detail: str = ""
    away: bool = False
    """The host could not be reached, and is settled when it answers again."""

    @property
    def key(self) -> str:
        """One per component and host."""
        return f"{self.KIND}:{self.component}@{self.host}"


@dataclass(frozen=True, slots=True)
class Returned:
    """A host that was away when its release was put back answers again, and was brought to what ran before."""

    KIND: ClassVar[str] = "returned"
    component: str
    host: str
    to: str
    healthy: bool
    seconds: float
    detail: str = ""
    astray: tuple[str, ...] = ()
    """What still does not run as it was recorded, anywhere: `observer on web-2`. Empty: the target is whole."""

    @property
    def key(self) -> str:
        """One per component and host."""
        return f"{self.KIND}:{self.component}@{self.host}"


@dataclass(frozen=True, slots=True)
class BackedUp:
    """The data of a service was saved on a host before a release touched it, and read back."""

    KIND: ClassVar[str] = "backed-up"
    host: str
    directory: str
    what: tuple[str, ...]
    """Paths in the containers, and compose services of dumps."""
    size_bytes: int
    seconds: float
    stopped: bool
    """Whether what writes there was stopped meanwhile."""
    command: str
    """What is typed to put it back, after `./shipmate`."""

    @property
    def key(self) -> str:
        """One per host."""
        return f"{self.KIND}:{self.host}"
