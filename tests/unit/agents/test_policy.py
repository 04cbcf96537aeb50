"""Who may order, decide and unlock, as the crew puts it to the guardrails."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from agents.answers import Order, Origin, Person, Refusal
from agents.policy import Ballot, People, may_open, may_speak, may_unlock
from config.service import ApprovalPolicy, Service
from config.shipmate import Configuration, Shipmate
from tools.history import Store
from tools.history.decisions import Question, Vote
from tools.history.releases import Release, Status
from tools.history.targets import Target

NOON = datetime(2026, 2, 6, 12, tzinfo=UTC)
HOME = "T0HOME"
ANA, HANA, HUGO = (Person(name, HOME) for name in ("U0ANA", "U0HANA", "U0HUGO"))
SERVICE = Service.model_validate(
    {
        "service": "observer",
        "repository": {"url": "https://git.example.com/observer.git"},
        "components": {"observer": {"image": "registry.example.com/observer"}},
        "owners": ["U0OWNER"],
        "environments": {
            "production": {
                "target": {"hosts": [{"name": "web-1"}], "directory": "/srv/observer"},
                "health": {"probe": {"url": "http://127.0.0.1:8080/health"}},
                "approval": {"approvers": ["U0HANA", "U0HUGO"], "requesters": ["U0ANA", "terminal:ana"]},
            }
        },
    }
)
PEOPLE = {"hana": ("U0HANA", "terminal:hana"), "ana": ("U0ANA", "terminal:ana")}
LOCKED = Target("observer", "production", failures=3, locked_at=NOON, locked_by="r0")
RELEASE = Release(
    id="r1",
    request="slack:1",
    kind="deploy",
    service="observer",
    environment="production",
    version="v1.2.3",
    trigger="manual",
    requested_by="U0ANA",
    origin={},
    requested_at=NOON,
    status=Status.WAITING,
    stage="approve",
    finished_at=None,
    outcome=None,
    cause="",
    commit="",
    from_version="",
    cancelled_by=None,
)
QUESTION = Question("r1/q", "r1", "digest", NOON, NOON + timedelta(minutes=30), None, None, None, "")


class Shelf:
    """A store of which only one target is asked for."""

    def __init__(self, target: Target) -> None:
        self.targets = self
        self._target = target

    async def get(self, service: str, environment: str) -> Target:
        assert (service, environment) == ("observer", "production")
        return self._target


class Declared:
    """A configuration of which only the services are asked for."""

    services = {"observer": SERVICE}  # noqa: RUF012 - read only
    shipmate = Shipmate.model_construct(people={"ana": ("U0ANA", "terminal:ana")})


async def ask(person: Person, *, kind: str = "deploy", target: Target | None = None) -> str:
    order = Order(kind, "observer", "production", "v1.2.3", person, Origin(), "slack:1")
    store = cast("Store", Shelf(target or Target("observer", "production")))
    return code(await may_open(order, cast("Configuration", Declared()), store, HOME))


def code(refusal: Refusal | None) -> str:
    return refusal.code if refusal else ""


@pytest.mark.parametrize(
    ("person", "kind", "target", "refused"),
    [
        (ANA, "deploy", None, ""),
        (Person("terminal:ana"), "deploy", None, ""),
        (Person("U0BOB", HOME), "deploy", None, "not-a-requester"),
        (Person("U0ANA", "T0OTHER"), "deploy", None, "foreign-workspace"),
        (Person("", HOME), "deploy", None, "foreign-workspace"),
        (ANA, "deploy", LOCKED, "locked"),
        (ANA, "rollback", LOCKED, ""),
        (Person("U0BOB", HOME), "rollback", LOCKED, ""),
        (Person("U0ANA", "T0OTHER"), "rollback", None, "foreign-workspace"),
    ],
)
async def test_an_order_is_taken_from_whoever_may_give_it_and_a_rollback_from_everybody_at_home(
    person: Person, kind: str, target: Target | None, refused: str
) -> None:
    assert await ask(person, kind=kind, target=target) == refused


async def test_a_refusal_tells_how_things_stand_and_what_to_type_next() -> None:
    order = Order("deploy", "observer", "production", "v1.2.3", ANA, Origin(), "slack:1")
    refusal = await may_open(order, cast("Configuration", Declared()), cast("Store", Shelf(LOCKED)), HOME)
    assert refusal is not None
    assert "r0" in refusal.standing
    assert "3 failures in a row" in refusal.standing
    assert refusal.next_step == "unlock observer production"


def test_approvers_and_owners_unlock_and_the_refused_are_told_their_names() -> None:
    assert may_unlock(LOCKED, HANA, SERVICE, {}) is None
    assert may_unlock(LOCKED, Person("U0OWNER", HOME), SERVICE, {}) is None
    refusal = may_unlock(LOCKED, ANA, SERVICE, {})
    assert refusal is not None
    told = f"You are {ANA.id}. U0HANA, U0HUGO, U0OWNER may unlock it."
    assert (refusal.code, refusal.standing) == ("not-an-approver", told)
    assert may_unlock(LOCKED, Person("terminal:hana"), SERVICE, PEOPLE) is None


def test_only_members_of_the_workspace_speak_to_the_crew() -> None:
    assert may_speak(ANA, "observer", "production", HOME) is None
    assert may_speak(Person("terminal:ana"), "observer", "production", HOME) is None
    assert code(may_speak(Person("U0ANA", "T0OTHER"), "observer", "production", HOME)) == "foreign-workspace"


def ballot(*votes: tuple[Person, str], question: Question = QUESTION, **policy: Any) -> Ballot:
    settings = ApprovalPolicy.model_validate({"approvers": ["U0ANA", "U0HANA", "U0HUGO"], **policy})
    return Ballot(RELEASE, question, settings, [Vote(person.id, choice) for person, choice in votes], HOME)


@pytest.mark.parametrize(
    ("votes", "required", "outcome"),
    [
        ([], 1, "pending"),
        ([(HANA, "approved")], 1, "approved"),
        ([(HANA, "approved")], 2, "pending"),
        ([(HANA, "approved"), (HUGO, "approved")], 2, "approved"),
        ([(HANA, "approved"), (HUGO, "rejected")], 2, "rejected"),
        ([(ANA, "approved"), (HANA, "approved")], 2, "pending"),
        ([(Person("U0BOB", HOME), "approved")], 1, "pending"),
    ],
)
def test_a_ballot_counts_distinct_people_with_the_right_to_it(
    votes: Sequence[tuple[Person, str]], required: int, outcome: str
) -> None:
    assert ballot(*votes, required=required).outcome == outcome


@pytest.mark.parametrize(
    ("person", "choice", "digest", "minutes", "refused"),
    [
        (HANA, "approved", "digest", 1, ""),
        (HANA, "approved", "digest", 30, "expired"),
        (HANA, "approved", "older", 1, "superseded"),
        (ANA, "approved", "digest", 1, "self-approval"),
        (ANA, "rejected", "digest", 1, ""),
        (Person("U0HANA", "T0OTHER"), "rejected", "digest", 1, "foreign-workspace"),
    ],
)
def test_an_answer_counts_only_from_the_right_person_in_time_about_this_plan(
    person: Person, choice: str, digest: str, minutes: int, refused: str
) -> None:
    refusal = ballot().refuse(person, choice, digest, NOON + timedelta(minutes=minutes))
    assert code(refusal) == refused


def test_a_decided_question_names_its_decision() -> None:
    decided = replace(QUESTION, choice="approved", decided_by="U0HUGO")
    refusal = ballot(question=decided).refuse(HANA, "rejected", "digest", NOON)
    assert refusal is not None
    assert refusal.code == "already-decided"
    assert "approved by U0HUGO" in refusal.standing


@pytest.mark.parametrize(("people", "outcome"), [({}, "approved"), (PEOPLE, "pending")])
def test_two_identities_of_one_human_are_one_vote(people: People, outcome: str) -> None:
    settings = ApprovalPolicy(approvers=("U0HANA", "terminal:hana", "U0HUGO"), required=2)
    votes = [Vote("U0HANA", "approved"), Vote("terminal:hana", "approved")]
    assert Ballot(RELEASE, QUESTION, settings, votes, HOME, people).outcome == outcome
    again = Ballot(RELEASE, QUESTION, settings, votes[:1], HOME, people)
    refused = "already-voted" if people else ""
    assert code(again.refuse(Person("terminal:hana"), "approved", "digest", NOON)) == refused


def test_whoever_asked_in_slack_cannot_approve_at_the_terminal() -> None:
    settings = ApprovalPolicy(approvers=("U0HANA", "terminal:ana"))
    asked = Ballot(RELEASE, QUESTION, settings, (), HOME, PEOPLE)
    assert code(asked.refuse(Person("terminal:ana"), "approved", "digest", NOON)) == "self-approval"
