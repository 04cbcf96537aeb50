"""What the crew reports: plain facts, past participles, JSON inside and out.

Nodes report events, the journal keeps them, `entrypoints/words.py` and
`entrypoints/cards.py` turn them into sentences and cards. An event's `key`
names its place in a release: reporting the same key again replaces the event.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import TypeAdapter

from guardrails.verdict import Finding


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


@dataclass(frozen=True, slots=True)
class CommitLine:
    """A commit between what runs and what is asked for."""

    sha: str
    subject: str
    author: str
    pull_request: int | None = None


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """What the rules of scope decided, such as `skip_backend_test`, and why."""

    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class Analyzed:
    """The change between what runs and what is asked for."""

    KIND: ClassVar[str] = "analyzed"
    commit: str
    from_version: str
    from_commit: str
    categories: Mapping[str, tuple[str, ...]]
    decisions: tuple[DecisionLine, ...]
    commits: tuple[CommitLine, ...]
    risks: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()
    """Identifiers of issues that the commits name, where the service has an issue tracker."""

    @property
    def key(self) -> str:
        """One per release."""
        return self.KIND


@dataclass(frozen=True, slots=True)
class Objected:
    """Guardrails found something; blocking findings end the release before anything is touched."""

    KIND: ClassVar[str] = "objected"
    stage: str
    findings: tuple[Finding, ...]

    @property
    def key(self) -> str:
        """One per stage."""
        return f"{self.KIND}:{self.stage}"


@dataclass(frozen=True, slots=True)
class Covered:
    """How much of a released version a suite covered, in percent of its lines."""

    version: str
    percent: float
    release: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class SuiteRan:
    """A test suite ran, or was skipped for a reason."""

    KIND: ClassVar[str] = "suite-ran"
    name: str
    suite_kind: str
    outcome: str
    """passed, warning, failed or skipped."""
    tests: int
    failures: tuple[str, ...]
    coverage: float | None
    seconds: float
    reason: str = ""
    covered_before: tuple[Covered, ...] = ()
    """Of the last releases that succeeded, newest first."""
    upload: str = ""
    """What became of the coverage report at Codecov; empty where none was to be sent."""

    @property
    def key(self) -> str:
        """One per suite."""
        return f"{self.KIND}:{self.name}"


@dataclass(frozen=True, slots=True)
class Built:
    """An image was built and pushed."""

    KIND: ClassVar[str] = "built"
    component: str
    image: str
    """`repository:tag`."""
    digest: str
    size_bytes: int
    previous_size_bytes: int | None
    seconds: float
    reused: bool = False
    """An earlier release built it from the same commit, and it was taken over."""

    @property
    def key(self) -> str:
        """One per component."""
        return f"{self.KIND}:{self.component}"


@dataclass(frozen=True, slots=True)
class Diverted:
    """A registry did not take an image, and the fallback did."""

    KIND: ClassVar[str] = "diverted"
    component: str
    image: str
    """What it should have been called: `repository:tag`."""
    fallback: str
    """What it is called now."""
    cause: str

    @property
    def key(self) -> str:
        """One per component."""
        return f"{self.KIND}:{self.component}"


@dataclass(frozen=True, slots=True)
class TagMissed:
    """A further tag, by which nothing is deployed, could not be pushed."""

    KIND: ClassVar[str] = "tag-missed"
    component: str
    image: str
    cause: str

    @property
    def key(self) -> str:
        """One per component and tag."""
        return f"{self.KIND}:{self.component}:{self.image}"


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
class Watched:
    """The watchdog's window: how the service answered after the deploy."""

    KIND: ClassVar[str] = "watched"
    samples: int
    baseline_ms: float | None
    median_ms: float | None
    alarms: tuple[str, ...]
    measured: tuple[str, ...] = ()
    """What else has a limit, each in one line: `cpu 3 to 12 (limit 150)`."""

    @property
    def key(self) -> str:
        """One per release."""
        return self.KIND


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

    @property
    def key(self) -> str:
        """One per component and host."""
        return f"{self.KIND}:{self.component}@{self.host}"


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


Event = (
    Opened
    | ChecksAwaited
    | Queued
    | HeldBack
    | TakenOver
    | Entered
    | Left
    | Analyzed
    | Objected
    | SuiteRan
    | Built
    | Diverted
    | TagMissed
    | Planned
    | Asked
    | Voted
    | CarriedOver
    | GlassBroken
    | Reviewed
    | Decided
    | Moved
    | Settled
    | Synced
    | Checked
    | Watched
    | Rescued
    | RolledBack
    | Escalated
    | Acknowledged
    | Unlocked
    | Reminded
    | Resolved
    | Finished
    | Published
    | Credited
)

_ADAPTERS: Mapping[str, TypeAdapter[Event]] = {kind.KIND: TypeAdapter(kind) for kind in Event.__args__}


def dump(event: Event) -> dict[str, Any]:
    """Write an event as plain JSON values."""
    body: dict[str, Any] = _ADAPTERS[event.KIND].dump_python(event, mode="json")
    return body


def load(kind: str, body: Mapping[str, Any]) -> Event:
    """Read an event back from the journal."""
    return _ADAPTERS[kind].validate_python(dict(body))
