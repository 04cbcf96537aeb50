"""P3 right people: who may order, decide, stop, unlock and review, as the crew puts it to the guardrails."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from agents.answers import Order, Origin, Person, Refusal
from agents.membership import Membership, Rolls
from agents.policy import Ballot, People, may_cancel, may_lock, may_open, may_review, may_speak
from config.service import ApprovalPolicy, Service
from config.shipmate import Configuration, Shipmate
from tools.clock import SystemClock
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
PEOPLE: dict[str, tuple[str, ...]] = {"hana": ("U0HANA", "terminal:hana"), "ana": ("U0ANA", "terminal:ana")}
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

    services: Mapping[str, Service] = {"observer": SERVICE}
    shipmate = Shipmate.model_construct(people={"ana": ("U0ANA", "terminal:ana")})


def declared(**approval: Any) -> Configuration:
    """Declare the service with other rules for its environment."""
    environment = SERVICE.environments["production"]
    settings = environment.approval.model_copy(update=approval)
    production = environment.model_copy(update={"approval": settings})
    configuration = Declared()
    configuration.services = {"observer": SERVICE.model_copy(update={"environments": {"production": production}})}
    configuration.shipmate = Shipmate.model_construct(people=PEOPLE)
    return cast("Configuration", configuration)


def at_home(**groups: tuple[str, ...]) -> Membership:
    return Membership(SystemClock(), groups, HOME)


def order(person: Person, *, kind: str = "deploy", break_glass: str | None = None) -> Order:
    return Order(kind, "observer", "production", "v1.2.3", person, Origin(), "slack:1", break_glass=break_glass)


def shelf(target: Target | None = None) -> Store:
    return cast("Store", Shelf(target or Target("observer", "production")))


async def ask(person: Person, *, kind: str = "deploy", target: Target | None = None) -> str:
    configuration = cast("Configuration", Declared())
    return code(await may_open(order(person, kind=kind), configuration, shelf(target), at_home()))


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
        (Person("U0ANA", ""), "deploy", None, "foreign-workspace"),
        (Person("U0ANA", ""), "rollback", None, "foreign-workspace"),
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
    refusal = await may_open(order(ANA), cast("Configuration", Declared()), shelf(LOCKED), at_home())
    assert refusal is not None
    assert "r0" in refusal.standing
    assert "3 failures in a row" in refusal.standing
    assert refusal.next_step == "status observer production"


PLACE = ("observer", "production")
OWNER, BOB = Person("U0OWNER", HOME), Person("U0BOB", HOME)


async def test_approvers_and_owners_unlock_and_the_refused_are_told_their_names() -> None:
    assert await may_lock(*PLACE, HANA, declared(), at_home()) is None
    assert await may_lock(*PLACE, OWNER, declared(), at_home()) is None
    refusal = await may_lock(*PLACE, ANA, declared(), at_home())
    assert refusal is not None
    told = f"You are {ANA.id}. U0HANA, U0HUGO, U0OWNER may lock, unlock and take over in production of observer."
    assert (refusal.code, refusal.standing) == ("not-an-operator", told)
    assert await may_lock(*PLACE, Person("terminal:hana"), declared(), at_home()) is None


@pytest.mark.parametrize(
    ("person", "operators", "cancels", "locks"),
    [
        (BOB, (), "", "not-an-operator"),
        (ANA, ("U0HUGO",), "", "not-an-operator"),
        (Person("terminal:ana"), ("U0HUGO",), "", "not-an-operator"),
        (HUGO, ("U0HUGO",), "", ""),
        (HANA, ("U0HUGO",), "not-an-operator", "not-an-operator"),
        (OWNER, ("U0HUGO",), "not-an-operator", "not-an-operator"),
        (BOB, ("S0CREW1",), "", ""),
        (HANA, ("S0CREW1",), "not-an-operator", "not-an-operator"),
        (Person("U0HUGO", "T0OTHER"), ("U0HUGO",), "foreign-workspace", "foreign-workspace"),
        (Person("U0ANA", "T0OTHER"), (), "foreign-workspace", "foreign-workspace"),
    ],
)
async def test_operators_cancel_and_lock_and_whoever_asked_may_always_take_it_back(
    person: Person, operators: tuple[str, ...], cancels: str, locks: str
) -> None:
    configuration, membership = declared(operators=operators), at_home(S0CREW1=("U0BOB",))
    assert code(await may_cancel(RELEASE, person, configuration, membership)) == cancels
    assert code(await may_lock(*PLACE, person, configuration, membership)) == locks


@pytest.mark.parametrize(
    ("person", "reason", "target", "refused"),
    [
        (BOB, "shop is down", None, ""),
        (BOB, " ", None, "reason-missing"),
        (BOB, "shop is down", LOCKED, "locked"),
        (HANA, "shop is down", None, "not-for-break-glass"),
        (Person("U0BOB", "T0OTHER"), "shop is down", None, "foreign-workspace"),
    ],
)
async def test_only_the_people_named_for_it_release_before_anybody_approves(
    person: Person, reason: str, target: Target | None, refused: str
) -> None:
    wish, configuration = order(person, break_glass=reason), declared(break_glass=("U0BOB",))
    assert code(await may_open(wish, configuration, shelf(target), at_home())) == refused


async def test_where_nobody_could_approve_nobody_breaks_the_glass_either() -> None:
    wish, nobody = order(BOB, break_glass="now"), declared(break_glass=("U0BOB",), approvers=())
    assert code(await may_open(wish, nobody, shelf(), at_home())) == "no-policy"


@pytest.mark.parametrize(
    ("person", "refused"),
    [
        (HANA, ""),
        (OWNER, ""),
        (ANA, "self-review"),
        (Person("terminal:ana"), "self-review"),
        (BOB, "not-an-approver"),
        (Person("U0HANA", "T0OTHER"), "foreign-workspace"),
    ],
)
async def test_a_review_is_given_by_somebody_else_who_answers_for_the_environment(person: Person, refused: str) -> None:
    configuration = declared(break_glass=("U0ANA",), approvers=("U0HANA", "U0ANA"))
    assert code(await may_review(RELEASE, person, configuration, at_home())) == refused


async def test_a_group_requests_and_where_nobody_tells_who_is_in_it_that_is_said() -> None:
    configuration = declared(requesters=("S0CREW1",))
    assert await may_open(order(BOB), configuration, shelf(), at_home(S0CREW1=("U0BOB",))) is None
    refusal = await may_open(order(BOB), configuration, shelf(), at_home())
    assert refusal is not None
    assert refusal.code == "not-a-requester"
    assert refusal.standing.endswith("Slack does not tell now who is in S0CREW1.")


def test_a_member_of_a_group_approves_and_their_second_identity_is_the_same_human() -> None:
    settings = ApprovalPolicy(approvers=("S0CREW1",), required=2)
    rolls = Rolls({"S0CREW1": frozenset({"U0HANA", "U0HUGO", "U0ANA"})})
    votes = [Vote("U0HANA", "approved")]
    asked = Ballot(RELEASE, QUESTION, settings, votes, HOME, PEOPLE, rolls)
    assert code(asked.refuse(HUGO, "approved", "digest", NOON)) == ""
    assert code(asked.refuse(Person("terminal:hana"), "approved", "digest", NOON)) == "already-voted"
    assert code(asked.refuse(Person("terminal:ana"), "approved", "digest", NOON)) == "self-approval"
    assert code(asked.refuse(BOB, "approved", "digest", NOON)) == "not-an-approver"
    assert asked.outcome == "pending"
    assert replace(asked, votes=[*votes, Vote("U0HUGO", "approved")]).outcome == "approved"
    assert replace(asked, votes=[*votes, Vote("U0HUGO", "approved")], rolls=Rolls()).outcome == "pending"


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


@pytest.mark.parametrize(("people", "refused"), [({}, "not-told-apart"), (PEOPLE, "already-voted")])
def test_two_identities_that_are_or_may_be_one_human_are_one_vote(people: People, refused: str) -> None:
    settings = ApprovalPolicy(approvers=("U0HANA", "terminal:hana", "U0HUGO"), required=2)
    votes = [Vote("U0HANA", "approved"), Vote("terminal:hana", "approved")]
    assert Ballot(RELEASE, QUESTION, settings, votes, HOME, people).outcome == "pending"
    again = Ballot(RELEASE, QUESTION, settings, votes[:1], HOME, people)
    assert code(again.refuse(Person("terminal:hana"), "approved", "digest", NOON)) == refused


@pytest.mark.parametrize(("people", "refused"), [({}, "not-told-apart"), (PEOPLE, "")])
def test_whoever_may_have_asked_under_another_id_approves_once_people_says_who_is_who(
    people: People, refused: str
) -> None:
    release = replace(RELEASE, requested_by="terminal:ana")
    asked = Ballot(release, QUESTION, ApprovalPolicy(approvers=("U0HANA",)), (), HOME, people)
    assert code(asked.refuse(HANA, "approved", "digest", NOON)) == refused
    assert replace(asked, votes=[Vote("U0HANA", "approved")]).outcome == ("pending" if refused else "approved")


@pytest.mark.parametrize("person", [HANA, Person("terminal:hana")])
async def test_whoever_may_have_released_it_under_another_id_does_not_review_it(person: Person) -> None:
    configuration = declared(approvers=("U0HANA", "terminal:hana"))
    other = {"U0HANA": "terminal:max", "terminal:hana": "U0MAX"}[person.id]
    release = replace(RELEASE, requested_by=other)
    assert await may_review(release, person, configuration, at_home()) is None
    configuration.shipmate = Shipmate.model_construct(people={})  # type: ignore[misc]
    assert code(await may_review(release, person, configuration, at_home())) == "not-told-apart"


def test_whoever_asked_in_slack_cannot_approve_at_the_terminal() -> None:
    settings = ApprovalPolicy(approvers=("U0HANA", "terminal:ana"))
    asked = Ballot(RELEASE, QUESTION, settings, (), HOME, PEOPLE)
    assert code(asked.refuse(Person("terminal:ana"), "approved", "digest", NOON)) == "self-approval"
