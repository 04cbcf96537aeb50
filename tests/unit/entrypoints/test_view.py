"""Folding events into the state of a card."""

from dataclasses import replace

from agents import events
from agents.entrypoints.view import fold
from tests.unit.entrypoints.material import (
    APPROVED,
    LOCKED,
    NOON,
    QUESTION,
    UNTIL_ASKED,
    UNTIL_DONE,
    UNTIL_PLANNED,
    asked,
    ended,
    plan,
    planned,
    release,
    stage,
    view,
)
from tools.history.journal import Entry
from tools.history.releases import Outcome


def statuses(*happened: events.Event) -> dict[str, str]:
    return {one.name: one.status for one in view(happened).stages}


def test_stages_not_reached_are_pending_while_they_still_may_come() -> None:
    told = statuses(*stage("analyze"), events.Entered("test"))
    assert told == {
        "analyze": "passed",
        "test": "running",
        "build": "pending",
        "plan": "pending",
        "approve": "pending",
        "deploy": "pending",
        "verify": "pending",
    }


def test_after_the_end_only_what_happened_is_told() -> None:
    refused = view((*stage("analyze"), *stage("plan", "failed"), *stage("close")), **ended(Outcome.REFUSED, "no"))
    assert [one.name for one in refused.stages] == ["analyze", "plan"]


def test_a_rollback_promises_no_stages_in_advance() -> None:
    assert [one.name for one in view([events.Entered("plan")], kind="rollback").stages] == ["plan"]


def test_stages_that_nobody_wants_come_last() -> None:
    told = view((*stage("deploy", "failed"), *stage("roll_back")), **ended(Outcome.ROLLED_BACK))
    assert [one.name for one in told.stages] == ["deploy", "roll_back"]


def test_a_stage_that_waits_is_still_under_way() -> None:
    waiting = view((*UNTIL_ASKED, events.Left("approve", "waiting", 0)))
    assert waiting.stage is not None
    assert waiting.stage.name == "approve"


def test_the_question_is_open_until_it_is_decided() -> None:
    assert view(UNTIL_ASKED).open_question == asked()
    assert view((*UNTIL_ASKED, APPROVED)).open_question is None
    assert view((*UNTIL_ASKED, events.Decided(QUESTION, "expired", "time"))).open_question is None


def test_a_release_that_has_ended_asks_nothing() -> None:
    assert view(UNTIL_ASKED, **ended(Outcome.CANCELLED)).open_question is None
    assert view((*UNTIL_ASKED, events.Finished("cancelled", "", 1))).open_question is None


def test_a_question_about_another_plan_than_the_shown_one_is_not_open() -> None:
    newer = planned(plan(strategy="rolling"))
    assert view((*UNTIL_ASKED, newer)).open_question is None


def test_a_newer_question_counts_even_though_an_older_one_was_decided() -> None:
    newer = plan(strategy="rolling")
    told = view((*UNTIL_ASKED, events.Decided(QUESTION, "void", "U0ANA"), planned(newer), asked(newer, "again")))
    assert told.open_question == asked(newer, "again")
    assert told.decision is None


def test_a_plan_that_does_not_match_its_digest_is_not_asked_about() -> None:
    forged = replace(planned(), plan=planned(plan(strategy="rolling")).plan)
    assert view((*UNTIL_PLANNED, forged, asked())).open_question is None


def test_a_plan_of_another_version_of_shipmate_is_not_asked_about() -> None:
    foreign = replace(planned(), plan={"service": "observer", "novelty": 1})
    told = view((*UNTIL_PLANNED, foreign, asked()))
    assert told.plan is None
    assert told.open_question is None


def test_only_votes_on_the_newest_question_count() -> None:
    old, new = events.Voted("old", "U0MAX", "approved", 1, 2), events.Voted(QUESTION, "U0HANA", "approved", 1, 2)
    assert view((old, *UNTIL_ASKED, new)).votes == (new,)


def test_the_line_is_shown_until_the_first_step() -> None:
    queued = events.Queued("r1", "v1.2.2", 1)
    assert view([queued]).waits_in_line == queued
    assert view([queued, events.Entered("analyze")]).waits_in_line is None


def test_the_end_is_known_from_the_journal_before_the_row_says_so() -> None:
    assert view(UNTIL_DONE).outcome is Outcome.SUCCEEDED
    assert view((), **ended(Outcome.FAILED, "why")).cause == "why"


def test_only_the_level_locked_locks() -> None:
    assert view([LOCKED]).locked
    assert not view([replace(LOCKED, level="reported")]).locked


def test_what_this_version_cannot_read_is_left_out() -> None:
    known = Entry(1, "r", "entered:test", "entered", {"stage": "test"}, NOON)
    odd = Entry(2, "r", "danced", "danced", {}, NOON)
    broken = Entry(3, "r", "left:test", "left", {"stage": "test"}, NOON)
    assert dict(fold(release(), (known, odd, broken)).happened) == {"entered:test": events.Entered("test")}
