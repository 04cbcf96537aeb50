"""What was asked of people, and what they said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from guardrails.verdict import Finding


@dataclass(frozen=True, slots=True)
class ConditionLine:
    """One condition of a gate or one check of a verification."""

    name: str
    met: bool | None
    """None: it does not apply."""
    detail: str


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan that people approve: facts first, words last."""

    KIND: ClassVar[str] = "planned"
    digest: str
    plan: Mapping[str, Any]
    """`guardrails.plan.Plan` as JSON."""
    gate: tuple[ConditionLine, ...]
    findings: tuple[Finding, ...]
    """Warnings and notes; blocking findings never reach a plan."""
    differences: tuple[str, ...]
    """What changes in the rendered compose file: names, volumes, ports, limits, health check; removals first."""
    summary: Mapping[str, Any] = field(default_factory=dict)
    """`text` (plain sentences), `author` (`model` or `facts`), `flagged` (claims without ground)."""

    @property
    def key(self) -> str:
        """One per release; a newer plan replaces the older."""
        return self.KIND


@dataclass(frozen=True, slots=True)
class Asked:
    """Approval was asked for."""

    KIND: ClassVar[str] = "asked"
    question: str
    digest: str
    required: int
    approvers: tuple[str, ...]
    expires_at: str

    @property
    def key(self) -> str:
        """One per question."""
        return f"{self.KIND}:{self.question}"


@dataclass(frozen=True, slots=True)
class Voted:
    """One of several needed approvals was given."""

    KIND: ClassVar[str] = "voted"
    question: str
    person: str
    choice: str
    given: int
    required: int

    @property
    def key(self) -> str:
        """One per question and person."""
        return f"{self.KIND}:{self.question}:{self.person}"


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """An approval counts that was given for another release with exactly the same plan."""

    KIND: ClassVar[str] = "carried-over"
    question: str
    person: str
    release: str
    """What it was given for."""
    at: str
    """When it was given."""

    @property
    def key(self) -> str:
        """One per question and person."""
        return f"{self.KIND}:{self.question}:{self.person}"


@dataclass(frozen=True, slots=True)
class GlassBroken:
    """Somebody releases before anybody has approved; a review by somebody else stays owed."""

    KIND: ClassVar[str] = "glass-broken"
    person: str
    reason: str

    @property
    def key(self) -> str:
        """One per release."""
        return self.KIND


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Somebody else has looked at what was released without an approval."""

    KIND: ClassVar[str] = "reviewed"
    person: str
    note: str

    @property
    def key(self) -> str:
        """One per release."""
        return self.KIND


@dataclass(frozen=True, slots=True)
class Decided:
    """The question is closed: approved, rejected, expired, cancelled or void."""

    KIND: ClassVar[str] = "decided"
    question: str
    choice: str
    by: str
    reason: str = ""

    @property
    def key(self) -> str:
        """One per question."""
        return f"{self.KIND}:{self.question}"
