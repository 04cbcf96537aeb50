"""P18 escalation: recorded, reported, locked; announced once; reset by a success."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.shipmate import FailurePolicy
from guardrails.failures import (
    FAULT_OF_OURS,
    Failure,
    Rung,
    after_failure,
    after_outside_cause,
    compare,
    outside_cause,
    warnings_before,
    weight_of_warnings,
)
from guardrails.verdict import Level

POLICY = FailurePolicy()


@pytest.mark.parametrize(
    ("streak", "rung", "announced"), [(0, Rung.RECORDED, False), (1, Rung.REPORTED, False), (2, Rung.LOCKED, True)]
)
def test_p18_the_third_failure_in_a_row_locks(streak: int, rung: Rung, announced: bool) -> None:
    escalation = after_failure(streak, POLICY)
    assert (escalation.count, escalation.level, escalation.announce) == (streak + 1, rung, announced)


def test_p18_a_rollback_that_failed_locks_at_once_and_is_told() -> None:
    escalation = after_failure(0, POLICY, rollback_failed=True)
    assert escalation.level is Rung.LOCKED
    assert escalation.announce
    assert "nobody knows what is running" in escalation.reason


def test_p18_a_failure_under_a_lock_is_not_announced_again() -> None:
    assert not after_failure(3, POLICY, locked=True).announce
    assert after_failure(0, POLICY, locked=True).level is Rung.LOCKED


def test_p18_a_rollback_that_fails_under_a_lock_is_news_since_nobody_knows_what_runs_any_more() -> None:
    escalation = after_failure(3, POLICY, locked=True, rollback_failed=True)
    assert (escalation.level, escalation.announce) == (Rung.LOCKED, True)


@pytest.mark.parametrize(
    ("error", "untouched", "touched"),
    [
        ("unreachable", False, True),
        ("denied", False, True),
        ("garbled", False, True),
        ("superseded", False, True),
        ("not-installed", False, True),
        (FAULT_OF_OURS, False, True),
        ("", True, True),
        ("timed-out", True, True),
        ("command-failed", True, True),
        ("not-found", True, True),
        ("tool", True, True),
        ("something new", True, True),
    ],
)
def test_p18_what_no_version_can_cause_counts_only_once_a_host_was_touched(
    error: str, untouched: bool, touched: bool
) -> None:
    assert (outside_cause(error, touched=False) == "") is untouched
    assert (outside_cause(error, touched=True) == "") is touched


@pytest.mark.parametrize("streak", [0, 1, 2, 7])
def test_p18_a_cause_outside_climbs_nowhere_and_says_so(streak: int) -> None:
    escalation = after_outside_cause(streak, "what it needs could not be reached")
    assert (escalation.count, escalation.level, escalation.announce) == (streak, Rung.OUTSIDE, False)
    assert escalation.reason == (
        "Not counted, for nothing was touched and what it needs could not be reached. "
        f"Failures in a row so far: {streak}."
    )


@given(st.lists(st.booleans(), max_size=40), st.integers(1, 6))
def test_p18_one_announcement_per_streak_that_reaches_the_threshold(outcomes: list[bool], lock_at: int) -> None:
    policy = FailurePolicy(lock_at=lock_at)
    streak, locked, announced, expected, run = 0, False, 0, 0, 0
    for failed in outcomes:
        run = run + 1 if failed else 0
        expected += run == lock_at
        if not failed:
            streak, locked = 0, False
            continue
        escalation = after_failure(streak, policy, locked=locked)
        streak, locked = escalation.count, escalation.level is Rung.LOCKED
        announced += escalation.announce
    assert announced == expected


@pytest.mark.parametrize(
    ("in_a_row", "level"),
    [(0, Level.NOTE), (1, Level.WARNING), (4, Level.WARNING), (5, Level.BLOCKING), (9, Level.BLOCKING)],
)
def test_five_warnings_in_a_row_count_as_critical(in_a_row: int, level: Level) -> None:
    assert weight_of_warnings(in_a_row, POLICY) is level


@pytest.mark.parametrize(
    ("outcomes", "in_a_row"),
    [
        ([], 0),
        ([("warning", 1)], 1),
        ([("passed", 0), ("warning", 3)], 0),
        ([("warning", 2), ("skipped", 0), ("warning", 1), ("passed", 0), ("warning", 9)], 2),
        ([("failed", 5), ("warning", 4), ("failed", 0), ("warning", 3)], 3),
    ],
)
def test_only_a_pass_ends_a_row_of_warnings(outcomes: list[tuple[str, int]], in_a_row: int) -> None:
    assert warnings_before(outcomes) == in_a_row


@pytest.mark.parametrize(
    ("earlier", "later", "same_stage", "same_cause"),
    [
        ("unhealthy after 60.2 s", "unhealthy after 61 s", True, True),
        (
            "Container 4f1c2ab9d0 exited at 2026-02-06T16:00:00",
            "container 99ab01cdef exited at 2026-02-07T09:12:01",
            True,
            True,
        ),
        ("start-fatal-line", "watch-latency", True, False),
        ("it keeps restarting (restarts: 1)", "it keeps restarting (restarts: 2, last exit code 1)", True, True),
    ],
)
def test_two_failures_compare_by_stage_and_cause_but_not_by_numbers(
    earlier: str, later: str, same_stage: bool, same_cause: bool
) -> None:
    told = compare(Failure("r1", "v1.2.4", "deploy", earlier), Failure("r2", "v1.2.5", "deploy", later))
    assert (told.same_stage, told.same_cause) == (same_stage, same_cause)
    assert later in told.sentence


def test_two_failures_are_compared_by_the_first_sentence_of_their_causes() -> None:
    first, other = "The host answered nothing. ssh said: timed out", "It is unhealthy. Its log ends here"
    same = compare(Failure("r1", "v1", "deploy", first), Failure("r2", "v2", "deploy", first))
    assert same.sentence == "v1 and v2 failed both in deploy, for the same cause: The host answered nothing."
    apart = compare(Failure("r1", "v1", "deploy", first), Failure("r2", "v2", "deploy", other))
    assert apart.sentence.endswith("for different causes: The host answered nothing. / It is unhealthy.")


def test_p18_a_service_that_failed_before_the_release_is_told_apart() -> None:
    told = compare(Failure("r1", "v1", "deploy", "x"), Failure("r2", "v2", "verify", "x", failing_before=True))
    assert not told.same_stage
    assert told.sentence.endswith("The service was failing before this release touched it.")
