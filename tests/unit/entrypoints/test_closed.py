"""What the status tells of a target that takes no releases: the way out of each hold, and for whom it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from agents.entrypoints.closed import closed_lines
from agents.entrypoints.standing import Standing
from agents.entrypoints.voice import slack_voice, terminal_voice
from guardrails.freezes import Frozen
from tools.history.locks import Lock
from tools.history.targets import Target

NOON = datetime(2026, 2, 6, 12, 0, tzinfo=UTC)
OPEN = Standing(Target("observer", "production"), {}, (), keepers=("U0HANA", "U0MAX"))
FAILED = replace(OPEN, target=replace(OPEN.target, failures=3, locked_at=NOON, locked_by="r1"))
BY_HAND = replace(OPEN, lock=Lock("l1", "observer", "production", "U0ANA", "the database moves", NOON, None, ""))
FROZEN = replace(OPEN, frozen=Frozen("the holidays", NOON + timedelta(hours=2)))


def told(standing: Standing) -> str:
    return "\n".join(closed_lines(standing, slack_voice("/deploy")))


def test_an_open_target_has_nothing_to_tell() -> None:
    assert told(OPEN) == ""


def test_a_lock_after_failures_is_told_with_both_ways_on_and_who_may_unlock() -> None:
    text = told(FAILED)
    assert "LOCKED since" in text
    assert "after 3 failures in a row" in text
    assert "to take care of it: `/deploy acknowledge observer production`" in text
    assert "to let releases in again: `/deploy unlock observer production` (by <@U0HANA>, <@U0MAX>)" in text
    assert "break-glass" not in text, "an emergency does not go past the lock after failures"


def test_where_somebody_takes_care_already_nobody_else_is_asked_to() -> None:
    text = told(replace(FAILED, target=replace(FAILED.target, acknowledged_by="U0MAX")))
    assert "<@U0MAX> takes care\n" in text
    assert "acknowledge" not in text
    assert "`/deploy unlock observer production`" in text


@pytest.mark.parametrize(("keepers", "by"), [(("U0HANA",), " (by U0HANA)"), ((), "")])
def test_a_lock_by_hand_is_told_with_its_end_and_who_may_bring_it_about(keepers: tuple[str, ...], by: str) -> None:
    first, second = closed_lines(replace(BY_HAND, keepers=keepers), terminal_voice())
    assert first == "LOCKED by U0ANA: the database moves"
    assert second.startswith(f"to end it: ./shipmate unlock observer production{by}; until then rollbacks")
    assert second.endswith("and so does break-glass")


def test_a_freeze_is_told_until_when_and_that_nobody_need_lift_it() -> None:
    first, second = closed_lines(FROZEN, terminal_voice())
    assert first == "FROZEN until 2026-02-06 14:00 UTC: the holidays"
    assert second.startswith("it ends by itself, or by a change of the configuration")
    assert "unlock" not in second
