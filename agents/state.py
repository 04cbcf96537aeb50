"""What a release remembers between two steps: plain JSON values, nothing secret, nothing live."""

from typing import Any, TypedDict

from langgraph.types import Command

from tools.history.releases import STOPS

GRAPH_VERSION = 2
"""Raised when a node is renamed or removed, or a plan gets another digest; a release begun under another number is not
resumed."""


class Failure(TypedDict, total=False):
    """Why a release could not go on."""

    stage: str
    cause: str
    log: str


class State(TypedDict, total=False):
    """One release on its way through the graph."""

    graph_version: int
    release: str
    kind: str
    """`deploy` or `rollback`."""
    service: str
    environment: str
    version: str
    requested_by: str
    only: str
    """The stage to end with, or `deploy`: see `Release.only`. Absent: all of them."""
    commit: str
    from_version: str
    from_commit: str
    suites: list[str]
    """Suites to run, as the analyzer decided."""
    components: list[str]
    """Components to build, as the analyzer decided."""
    tested: str
    """passed, warning or failed; empty before the tests."""
    images: dict[str, dict[str, Any]]
    """Component -> `image tag digest size_bytes previous_size_bytes`."""
    plan: str
    """Digest of the plan; the document is in the store."""
    question: str
    done: int
    """Steps of the plan that were carried out and settled."""
    touched: int
    """Steps of the plan that may have had an effect; at least `done`."""
    baseline_ms: float | None
    """Median latency of the version before; only releases planned before `former` came know it."""
    former: dict[str, dict[str, Any]]
    """`component@host`, or the application's name -> how the version before behaved there."""
    used_before: dict[str, list[str]]
    """`component@host` -> places in the container that the version before wrote to, of those that are mounted."""
    failing_before: list[str]
    """What was wrong with the version before when the release found it; empty: it was well. Absent: nobody looked."""
    failure: Failure
    error: str
    """Code of the error that stopped a stage; absent where a stage failed by what it found."""
    rolled_back: bool | None
    """True: what ran before runs again; False: it could not be brought back; None: nothing was rolled back."""
    outcome: str
    cause: str
    status: str
    """Status of the step just left; told to people, read by nobody."""


def stops_early(state: State) -> bool:
    """Tell whether the release ends before anything of its target is touched."""
    return state.get("only", "") in STOPS


Next = Command[str]
"""Where a node sends the release, and what it adds to its memory."""


def proceed(to: str, status: str = "passed", **update: Any) -> Next:
    """Go on to a node; `status` (passed, warning, failed, skipped, or running: not over yet) is told to people."""
    return Command(goto=to, update={"status": status, **update})


def fail(to: str, stage: str, cause: str, log: str = "") -> Next:
    """Go to a node because a stage failed."""
    return proceed(to, "failed", failure=Failure(stage=stage, cause=cause, log=log), cause=cause)


def end(outcome: str, cause: str, status: str = "failed") -> Next:
    """End the release without anything having been touched."""
    return proceed("close", status, outcome=outcome, cause=cause)


def call_off(to: str, person: str) -> Next:
    """End the release because a person cancelled it; by way of `roll_back` where something may have been touched."""
    return proceed(to, "skipped" if to == "close" else "failed", outcome="cancelled", cause=f"cancelled by {person}")
