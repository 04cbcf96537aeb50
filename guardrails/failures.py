"""The ladder of failures in a row: recorded, reported, locked. A success steps down to the ground."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from config.shipmate import FailurePolicy
from guardrails.verdict import Level


class Rung(StrEnum):
    """How far a failure climbs."""

    OUTSIDE = "outside"
    """Nothing was touched, and the version is not to blame: it climbs nowhere."""
    RECORDED = "recorded"
    REPORTED = "reported"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Escalation:
    """What one failure means: the new count, the rung, and whether the person on call is told now."""

    count: int
    level: Rung
    announce: bool
    """True on the failure that locks, and on a rollback that failed, for then nobody knows what runs; else False."""
    reason: str


FAULT_OF_OURS = "fault"
"""Code of what no tool raised: Shipmate itself failed."""
UNSAVED = "unsaved"
"""Code of a release that did not begin to move, since its data could not be saved before."""
_OUTSIDE: Mapping[str, str] = {
    UNSAVED: "its data could not be saved before",
    "unreachable": "what it needs could not be reached",
    "denied": "what it needs refused the bot",
    "garbled": "what it needs answered something that makes no sense",
    "not-installed": "a program is missing on the bot's own machine",
    "superseded": "a newer run holds the target",
    FAULT_OF_OURS: "Shipmate itself failed",
}
"""Codes of errors that no version can cause before anything was touched. A limit in time, a command that failed and
something that does not exist may be the version's own: those count."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed release, as far as two of them can be compared."""

    release: str
    version: str
    stage: str
    cause: str
    """The finding's code or the tool error's code with its first sentence."""
    failing_before: bool = False
    """The service was unhealthy before the release touched it."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two failures in a row have in common."""

    same_stage: bool
    same_cause: bool
    sentence: str


def outside_cause(error: str, *, touched: bool) -> str:
    """Tell why a failure is not the version's, in a clause; empty where it counts, as all do once a host was touched.

    `error` is the code of the tool's error that stopped the release, empty where a stage failed by what it found.
    """
    return "" if touched else _OUTSIDE.get(error, "")


def after_outside_cause(streak: int, because: str) -> Escalation:
    """Stay where the ladder stands: nothing was touched, and the version was not tried."""
    reason = f"Not counted, for nothing was touched and {because}. Failures in a row so far: {max(streak, 0)}."
    return Escalation(max(streak, 0), Rung.OUTSIDE, announce=False, reason=reason)


def after_failure(
    streak: int, policy: FailurePolicy, *, rollback_failed: bool = False, locked: bool = False
) -> Escalation:
    """Climb from `streak` failures so far; a rollback that failed locks at once, and is told under a lock, too."""
    count = max(streak, 0) + 1
    if rollback_failed:
        return Escalation(
            count, Rung.LOCKED, announce=True, reason="The rollback failed: nobody knows what is running."
        )
    if locked or count >= policy.lock_at:
        return Escalation(count, Rung.LOCKED, not locked, f"{_failures(count)}; locked from {policy.lock_at} on.")
    if count >= policy.report_at:
        return Escalation(count, Rung.REPORTED, announce=False, reason=f"{_failures(count)}.")
    return Escalation(count, Rung.RECORDED, announce=False, reason=f"{_failures(count)}.")


def warnings_before(outcomes: Iterable[tuple[str, int]]) -> int:
    """Count the warnings of one suite in a row before now, from its past outcomes, newest first; a pass ends the row.

    Each outcome comes with the warnings in a row that it was told with: a warning that was raised is a failed suite
    and still one of the row. A suite that did not run, or failed for another reason, neither adds nor ends.
    """
    counted = 0
    for outcome, told_in_a_row in outcomes:
        if outcome == "passed":
            return counted
        counted += outcome == "warning" or told_in_a_row > 0
    return counted


def weight_of_warnings(in_a_row: int, policy: FailurePolicy) -> Level:
    """Weigh a suite's warning by how many releases in a row, this one included, it warned in."""
    if in_a_row <= 0:
        return Level.NOTE
    return Level.BLOCKING if in_a_row >= policy.warnings_raised_at else Level.WARNING


def compare(earlier: Failure, later: Failure) -> Comparison:
    """Tell whether two failures happened in one stage and for one cause; numbers, ids and times do not matter."""
    same_stage = earlier.stage == later.stage
    same_cause = _gist(earlier.cause) == _gist(later.cause)
    where = f"both in {later.stage}" if same_stage else f"first in {earlier.stage}, then in {later.stage}"
    before_that, this = _first_sentence(earlier.cause), _first_sentence(later.cause)
    why = f"for the same cause: {this}" if same_cause else f"for different causes: {before_that} / {this}"
    before = " The service was failing before this release touched it." if later.failing_before else ""
    sentence = f"{earlier.version} and {later.version} failed {where}, {why.rstrip('.')}.{before}"
    return Comparison(same_stage, same_cause, sentence)


def _first_sentence(cause: str) -> str:
    """Name a cause by its first sentence: whole causes are told once, where each failure is."""
    return re.split(r"(?<=[.!?])\s", cause.strip(), maxsplit=1)[0]


def _gist(cause: str) -> str:
    """Reduce a cause to what stays equal from one run to the next; what stands in brackets is measured."""
    bare = re.sub(r"\([^()]*\)", "", cause.casefold())
    bare = re.sub(r"\b(?:[0-9a-f]{7,}|v?\d[\d.:T-]*\w*)\b", "#", bare)
    return " ".join(bare.split())


def _failures(count: int) -> str:
    return "The first failure in a row" if count == 1 else f"{count} failures in a row"
