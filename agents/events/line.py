"""How a release comes to its turn, and through its stages."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Opened:
    """A release was asked for."""

    KIND: ClassVar[str] = "opened"
    kind: str
    """`deploy` or `rollback`."""
    service: str
    environment: str
    version: str
    requested_by: str
    trigger: str = "manual"
    """`manual`, or what set it off: `push`, `tag`, `release`."""
    branch: str = ""
    """The branch that was pushed to."""
    only: str = ""
    """The stage that it was asked to end with, or `deploy`: see `Release.only`."""

    @property
    def key(self) -> str:
        """One per release."""
        return self.KIND


@dataclass(frozen=True, slots=True)
class ChecksAwaited:
    """The release begins when the checks of its commit have passed; how they stand."""

    KIND: ClassVar[str] = "checks-awaited"
    verdict: str
    """waiting, passed or failed."""
    detail: str

    @property
    def key(self) -> str:
        """One per release."""
        return self.KIND


@dataclass(frozen=True, slots=True)
class Queued:
    """Another release holds the target."""

    KIND: ClassVar[str] = "queued"
    holder: str
    holder_version: str
    position: int

    @property
    def key(self) -> str:
        """One per release."""
        return self.KIND


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A lock or a freeze keeps the release from going on, or did until it ended."""

    KIND: ClassVar[str] = "held-back"
    code: str
    """locked or frozen."""
    by: str
    """The person who locked; empty for a freeze."""
    reason: str
    until: str
    """ISO 8601; empty where nobody knows."""
    over: str = ""
    """Who ended it: a person, or `time`; empty as long as it holds."""

    @property
    def key(self) -> str:
        """One per release."""
        return self.KIND


@dataclass(frozen=True, slots=True)
class TakenOver:
    """The run of the release lost its target: a person took it, or it had been silent for too long."""

    KIND: ClassVar[str] = "taken-over"
    by: str
    """The person; empty where silence was the cause."""
    successor: str
    """The release that holds the target now."""
    silent_since: str
    """The last sign of life, ISO 8601."""
    fence: int
    goes_on: bool = False
    """Another run goes on with it, instead of putting back what was moved: so with a rollback."""

    @property
    def key(self) -> str:
        """One per take-over."""
        return f"{self.KIND}:{self.fence}"


@dataclass(frozen=True, slots=True)
class Entered:
    """A stage began: analyze, test, build, plan, approve, deploy, verify, roll_back, escalate."""

    KIND: ClassVar[str] = "entered"
    stage: str

    @property
    def key(self) -> str:
        """One per stage."""
        return f"{self.KIND}:{self.stage}"


@dataclass(frozen=True, slots=True)
class Left:
    """A stage ended as `passed`, `warning`, `failed` or `skipped`."""

    KIND: ClassVar[str] = "left"
    stage: str
    status: str
    seconds: float
    cause: str = ""

    @property
    def key(self) -> str:
        """One per stage."""
        return f"{self.KIND}:{self.stage}"
