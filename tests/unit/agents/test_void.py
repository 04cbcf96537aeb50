"""P2 with the deployer itself: what drifted after the approval is named and nothing is touched; advice may drift."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from langgraph.runtime import Runtime

from agents.deployer import deploy
from agents.events import Decided, Event
from agents.state import Next, State
from agents.toolbox import Toolbox
from guardrails.plan import Plan, PlannedStep, digest
from tests.unit.agents.test_policy import RELEASE, SERVICE
from tests.unit.guardrails.test_plan import (
    ADVICE,
    BY_REPOSITORY,
    BY_REPOSITORY_EFFECTIVE,
    EFFECTIVE,
    PLAN,
    UNORDERED,
)
from tools.history.chain import Fault
from tools.history.decisions import Question
from tools.history.releases import Outcome, Release

NOON = datetime(2026, 2, 6, 12, tzinfo=UTC)


def question_about(plan: Plan, choice: str | None = "approved") -> Question:
    return Question("r1/q", "r1", digest(plan), NOON, NOON, choice, "U0HANA", NOON, "")


@dataclass
class World:
    """The world as it is now, and the tools of one release in it; whoever touches it is found out."""

    now: Plan | str
    stored: Plan = PLAN
    question: Question | None = None
    asked: Release = RELEASE
    service: Any = SERVICE
    environment: Any = SERVICE.environments["production"]
    release_id: str = "r1"
    reported: list[Event] = field(default_factory=list)
    saved: int = 0
    moved: int = 0
    begun: bool = False
    """The first effect is on record."""
    forged: bool = False
    """The approval stands in its table only."""

    @property
    def store(self) -> Any:
        return self

    @property
    def decisions(self) -> Any:
        return self

    @property
    def audit(self) -> Any:
        return self

    async def doubt(self, question: Question) -> Fault | None:
        assert question == self.question
        return Fault("unproved-decision", 0, "no sealed entry tells of it.") if self.forged else None

    async def intended(self, release: str, action: str) -> bool:
        assert (release, action) == (self.release_id, "move")
        return self.begun

    async def intend(self, action: str, *_what: str) -> None:
        assert action == "move"
        self.begun = True

    async def latest(self, _release: str) -> Question | None:
        return self.question

    async def release(self) -> Release:
        return self.asked

    async def plan(self) -> Plan:
        return self.stored

    async def report(self, event: Event) -> None:
        self.reported.append(event)

    async def redraw(self, _state: State, approved: Plan) -> Plan | str:
        assert approved == self.stored
        return self.now

    async def save(self, _plan: Plan) -> None:
        self.saved += 1

    async def move(self, _plan: Plan, _steps: Sequence[PlannedStep]) -> None:
        self.moved += 1

    async def visited(self, **state: Any) -> Next:
        """Let the deployer visit for the first time."""
        known = cast("State", {"kind": "deploy", "done": 0, "question": "r1/q", **state})
        return await deploy(known, runtime=Runtime(context=cast("Toolbox", self)))

    def voided(self, went: Next) -> str:
        """Make sure that nothing was touched and all was said; returns what was said."""
        assert (went.goto, self.moved) == ("close", 0)
        assert isinstance(went.update, dict)
        assert went.update["outcome"] == Outcome.REFUSED
        (told,) = [event for event in self.reported if isinstance(event, Decided)]
        assert (told.choice, told.by) == ("void", "shipmate")
        assert told.reason in went.update["cause"]
        assert "the approved plan is void, nothing was touched" in went.update["cause"]
        return told.reason


@pytest.fixture(autouse=True)
def _in_this_world(monkeypatch: pytest.MonkeyPatch) -> None:
    async def free(_tools: object) -> tuple[str, ...]:
        return ()

    monkeypatch.setattr("agents.deployer.destination_of", lambda tools: tools)
    monkeypatch.setattr("agents.deployer.held", free)


@pytest.mark.parametrize(("told", "change"), EFFECTIVE)
async def test_p2_whatever_drifts_after_the_approval_voids_it_and_is_named(told: str, change: dict[str, Any]) -> None:
    world = World(replace(PLAN, **change), question=question_about(PLAN))
    assert told in world.voided(await world.visited())


@pytest.mark.parametrize(("told", "change"), BY_REPOSITORY_EFFECTIVE)
async def test_p2_whatever_drifts_in_a_deployment_repository_voids_the_approval(
    told: str, change: dict[str, Any]
) -> None:
    world = World(replace(BY_REPOSITORY, **change), BY_REPOSITORY, question_about(BY_REPOSITORY))
    assert told in world.voided(await world.visited())


@pytest.mark.parametrize("change", [{}, *ADVICE, *UNORDERED])
async def test_p2_where_only_advice_drifts_the_approval_stands(change: dict[str, Any]) -> None:
    world = World(replace(PLAN, **change), question=question_about(PLAN))
    went = await world.visited()
    assert (went.goto, world.reported) == ("deploy", [])
    assert isinstance(went.update, dict)
    assert went.update["touched"] == 1


async def test_p2_a_plan_that_cannot_be_drawn_again_is_void() -> None:
    world = World("the tag v1.2.3 is gone", question=question_about(PLAN))
    assert world.voided(await world.visited()) == "the tag v1.2.3 is gone"


@pytest.mark.parametrize(
    "question",
    [
        question_about(replace(PLAN, commit="beef" * 10)),
        question_about(PLAN, None),
        question_about(PLAN, "rejected"),
        question_about(PLAN, "expired"),
        None,
    ],
)
async def test_p2_a_stored_plan_that_nobody_approved_as_it_is_is_never_carried_out(question: Question | None) -> None:
    """An old card never approves a newer plan, whoever put the plan into the store."""
    world = World(PLAN, question=question)
    assert world.voided(await world.visited())


async def test_p2_an_approval_that_no_sealed_entry_of_the_audit_bears_out_is_none() -> None:
    world = World(PLAN, question=question_about(PLAN), forged=True)
    assert world.voided(await world.visited()) == "no sealed entry tells of it. See ./shipmate audit verify."


@pytest.mark.parametrize("changed", [False, True])
async def test_p2_a_release_without_an_approval_still_does_what_its_plan_says(*, changed: bool) -> None:
    broken = replace(RELEASE, origin={"break_glass": "the shop is down"})
    world = World(replace(PLAN, commit="beef" * 10) if changed else PLAN, asked=broken)
    went = await world.visited(question="")
    if changed:
        assert "Commit changed" in world.voided(went)
    else:
        assert (went.goto, world.reported) == ("deploy", [])


async def test_p5_a_rollback_is_held_against_no_approval() -> None:
    world = World("nothing can be drawn: GitHub is away")
    went = await world.visited(kind="rollback")
    assert (went.goto, world.reported) == ("deploy", [])


@pytest.mark.parametrize("begun", [False, True])
async def test_p7_a_lock_that_came_between_two_visits_stops_what_has_not_begun(
    monkeypatch: pytest.MonkeyPatch, *, begun: bool
) -> None:
    async def locked(_tools: object) -> tuple[str, ...]:
        return ("observer in production is locked by U0HANA: the database moves.",)

    world = World(PLAN, question=question_about(PLAN))
    went = await world.visited()
    assert isinstance(went.update, dict)
    monkeypatch.setattr("agents.deployer.held", locked)
    world.begun = begun
    again = await world.visited(touched=went.update["touched"])
    if begun:
        assert (again.goto, world.moved) == ("deploy", 1)  # the second batch is next
    else:
        assert "the database moves" in world.voided(again)
