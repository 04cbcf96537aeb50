"""What a release needs of the place it goes to, whatever kind of place that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from agents.events import ConditionLine
from agents.state import State
from agents.wanted import Wanted
from agents.words.differences import Difference
from guardrails.gate import Gate
from guardrails.plan import Plan, PlannedStep
from guardrails.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan that could be carried out, and what people should know before they approve it."""

    plan: Plan
    gate: Gate
    verdict: Verdict
    differences: tuple[Difference, ...] = ()
    """What changes in how the service runs, removals first."""
    away: str = ""
    """Names what could not be reached and is left as it is; only a way back leaves anything."""
    remembered: Mapping[str, Any] = field(default_factory=dict)
    """How the version before behaves, as keys of the release's memory."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why what was moved is not well."""

    cause: str
    log: str = ""
    untouched: bool = False
    """Nothing was moved at all: somebody else was quicker, and the plan is void."""


@dataclass(frozen=True, slots=True)
class Back:
    """How putting back ended: `well` is None where another attempt may help."""

    well: bool | None
    detail: str = ""
    seconds: float | None = None
    """How long this step took; None: as long as its whole batch."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What was looked at, line by line, and the verdict on it."""

    verdict: Verdict
    lines: tuple[ConditionLine, ...]
    log: str = ""
    """The end of the log of what was objected to."""


class Destination(Protocol):
    """Where one release goes. Every effect converges: repeating it changes nothing."""

    async def recognised(self) -> tuple[str, str | None]:
        """Return version and commit of what ran there before Shipmate came; an empty version and None for nothing."""
        ...

    async def astray(self) -> Mapping[str, str]:
        """Name, for each component that does not run as it was recorded, a place where it does not."""
        ...

    async def propose(self, state: State, wanted: Wanted) -> Proposal | Verdict:
        """Look at what runs and draw up a plan; or return the verdict that refuses it. A rollback is rarely refused."""
        ...

    async def ship(self, wanted: Wanted) -> Verdict:
        """Bring images where they are to run, before anybody approves; object to what cannot be brought."""
        ...

    async def redraw(self, state: State, approved: Plan) -> Plan | Verdict | str:
        """Draw up an approved plan again from the world as it is now; or tell what makes that impossible."""
        ...

    async def save(self, plan: Plan) -> Trouble | None:
        """Save the data that is wanted before the first effect; no release begins to move without."""
        ...

    async def move(self, plan: Plan, steps: Sequence[PlannedStep]) -> Trouble | None:
        """Carry out one batch of steps, tell how it goes, and wait until all of it is well, or has come to an end."""
        ...

    async def put_back(self, plan: Plan, steps: Sequence[PlannedStep]) -> Sequence[Back]:
        """Undo steps of one batch, as the plan remembers them, and tell of each; nothing but its place is needed."""
        ...

    async def examine(self, state: State, plan: Plan) -> Examination:
        """See that all that was moved started, answers, stays well and keeps its contracts."""
        ...

    async def keep(self, plan: Plan) -> tuple[ConditionLine, ...]:
        """Mark a verified version as good, and clear up; a mishap is told and undoes nothing."""
        ...

    async def checklist(self) -> tuple[ConditionLine, ...]:
        """Tell how the place looks now, for whoever looks after a failure."""
        ...

    async def hushed(self, error: object, steps: Sequence[PlannedStep]) -> str:
        """Tell an error without a secret in it."""
        ...
