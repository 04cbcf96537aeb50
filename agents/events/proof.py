"""What was found out about a version before anybody is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from guardrails.verdict import Finding
from tools.report_weights import Figure


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
    figures: tuple[Figure, ...] = ()
    """Numbers of its reports beside tests and coverage: how fast a page is, how many advisories there are."""
    remarks: tuple[str, ...] = ()
    """What its reports name that did not fail it: milder advisories, exceptions, packages nobody audited."""
    warnings_in_a_row: int = 0
    """In so many releases in a row, this one included, it ended with a warning; 0: it does not now."""

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
class ArrivalLine:
    """An image that a host lacked came to it."""

    component: str
    host: str
    way: str
    """pull, tunnel, copy, or own."""
    why: str = ""
    """Why not by the way that is tried before it."""
    sent_bytes: int | None = None
    """What the bot sent; None where the host got it elsewhere."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """Images came to the hosts that lacked them, before anybody approves; nothing runs them yet."""

    KIND: ClassVar[str] = "shipped"
    arrivals: tuple[ArrivalLine, ...]
    seconds: float

    @property
    def key(self) -> str:
        """One per release."""
        return self.KIND
