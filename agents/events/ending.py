"""How a release ended, who was called, and who was told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Escalated:
    """A failure was counted, or was not the version's; at the second a report, at the third the target is locked."""

    KIND: ClassVar[str] = "escalated"
    level: str
    """outside (not counted), recorded, reported or locked."""
    count: int
    report: Mapping[str, Any]
    """`stage cause reason rolled_back baseline last_good failures asked_by approved_by owners`, and in detail
    `log comparison locked_at change checklist likely analysis`, each optional; `replaces` is the release whose
    escalation this one takes the place of."""
    announce: bool = True
    """Whether people are called: not for a failure under a lock that they know of."""

    @property
    def key(self) -> str:
        """One per release."""
        return self.KIND


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Somebody takes care of an escalation."""

    KIND: ClassVar[str] = "acknowledged"
    person: str

    @property
    def key(self) -> str:
        """One per release."""
        return self.KIND


@dataclass(frozen=True, slots=True)
class Unlocked:
    """A person released the lock."""

    KIND: ClassVar[str] = "unlocked"
    person: str

    @property
    def key(self) -> str:
        """One per release."""
        return self.KIND


@dataclass(frozen=True, slots=True)
class Reminded:
    """Nobody has taken care of an escalation yet, and its next owner is called."""

    KIND: ClassVar[str] = "reminded"
    number: int
    """From 1."""
    person: str
    """Empty where the service names no owner."""
    locked_at: str

    @property
    def key(self) -> str:
        """One per reminder."""
        return f"{self.KIND}:{self.number}"


@dataclass(frozen=True, slots=True)
class Resolved:
    """An escalation is history."""

    KIND: ClassVar[str] = "resolved"
    how: str
    """`unlocked` by a person, `deploy` or `rollback` that succeeded, or `replaced` by a newer escalation."""
    by: str
    """The person, or the release; may be empty where a person is not known."""
    version: str = ""
    """What runs since, where a release resolved it."""

    @property
    def key(self) -> str:
        """One per release."""
        return self.KIND


@dataclass(frozen=True, slots=True)
class Finished:
    """The release ended; see `tools.history.releases.Outcome`."""

    KIND: ClassVar[str] = "finished"
    outcome: str
    cause: str
    seconds: float
    audit: str = ""
    """The newest entry of the audit then, as number and seal: told in public, it proves later what stood before it."""

    @property
    def key(self) -> str:
        """One per release."""
        return self.KIND


@dataclass(frozen=True, slots=True)
class Published:
    """A GitHub release with notes stands beside the tag; without an address it was left out, for a reason."""

    KIND: ClassVar[str] = "published"
    tag: str
    url: str
    reason: str = ""

    @property
    def key(self) -> str:
        """One per release."""
        return self.KIND


@dataclass(frozen=True, slots=True)
class CreditLine:
    """A pull request that runs now. `author` is a GitHub login; `person` an id, where the configuration knows one."""

    number: int
    title: str
    author: str
    person: str = ""


@dataclass(frozen=True, slots=True)
class Credited:
    """Whose pull requests run now."""

    KIND: ClassVar[str] = "credited"
    pulls: tuple[CreditLine, ...]
    more: int = 0
    """Commits that nobody asked GitHub about, because there were too many."""

    @property
    def key(self) -> str:
        """One per release."""
        return self.KIND
