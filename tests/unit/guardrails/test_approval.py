"""P3 right people, P4 refusals help, P2 an old card never approves a newer plan."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.service import ApprovalPolicy
from guardrails.approval import Asked, Held, Person, Refusal, Vote, may_decide, may_request, may_roll_back, outcome

NOW = datetime(2026, 2, 6, 16, 0, tzinfo=UTC)
HOME = "T0HOME"
RIKO = Person("U0RIKO", HOME, same_as=frozenset({"github:riko"}))
HANA = Person("U0HANA", HOME, same_as=frozenset({"github:hana"}))
IVAN = Person("U0IVAN", HOME)
POLICY = ApprovalPolicy(required=1, approvers=("U0HANA", "U0IVAN"))
TWO = ApprovalPolicy(required=2, approvers=("U0HANA", "U0IVAN", "U0RIKO"))
AT_TERMINAL = Person("terminal:ivan", HOME)
AT_GITHUB = Person("github:Ivan-X", HOME, frozenset({"terminal:riko-x"}))
MIXED = ApprovalPolicy(required=2, approvers=("U0HANA", "U0IVAN", "terminal:ivan", "github:ivan-x"))


def asked(*, digest: str = "d1", requester: Person = RIKO, decided: str = "", minutes: int = 30) -> Asked:
    return Asked(
        service="observer",
        environment="production",
        version="v1.2.3",
        workspace=HOME,
        requester=requester,
        digest=digest,
        expires_at=NOW + timedelta(minutes=minutes),
        decided=decided,
    )


def code(refusal: Refusal | None) -> str:
    return refusal.code if refusal else ""


def yes(person: Person, digest: str = "d1") -> Vote:
    return Vote(person, approve=True, digest=digest)


def no(person: Person, digest: str = "d1") -> Vote:
    return Vote(person, approve=False, digest=digest)


DECISIONS = [
    ("", asked(), yes(HANA), POLICY, ()),
    ("", asked(), no(HANA), POLICY, ()),
    ("", asked(), no(RIKO), POLICY, ()),
    ("", asked(), no(HANA), TWO, (yes(HANA),)),
    ("", asked(), yes(IVAN), TWO, (yes(HANA),)),
    ("", asked(), yes(HANA), TWO, (yes(HANA, "d0"),)),
    ("", asked(requester=HANA), yes(HANA), POLICY.model_copy(update={"self_approval": True}), ()),
    (
        "",
        asked(),
        yes(Person("U0NEW", HOME, groups=frozenset({"S0RELEASE"}))),
        ApprovalPolicy(approvers=("S0RELEASE",)),
        (),
    ),
    ("foreign-workspace", asked(), yes(Person("U0HANA", "T0ELSE")), POLICY, ()),
    ("foreign-workspace", asked(), yes(Person("", HOME)), POLICY, ()),
    ("already-decided", asked(decided="approved by U0IVAN"), yes(HANA), POLICY, ()),
    ("expired", asked(minutes=0), yes(HANA), POLICY, ()),
    ("expired", asked(minutes=-1), no(HANA), POLICY, ()),
    ("superseded", asked(digest="d2"), yes(HANA), POLICY, ()),
    ("superseded", asked(digest="d2"), no(HANA), POLICY, ()),
    ("no-policy", asked(), yes(HANA), None, ()),
    ("no-policy", asked(), yes(HANA), ApprovalPolicy(), ()),
    ("not-an-approver", asked(), yes(Person("U0EVE", HOME)), POLICY, ()),
    ("not-an-approver", asked(), no(Person("U0EVE", HOME)), POLICY, ()),
    ("not-an-approver", asked(), yes(RIKO), POLICY, ()),
    ("self-approval", asked(requester=HANA), yes(HANA), POLICY, ()),
    ("self-approval", asked(requester=Person("github:hana", HOME)), yes(HANA), POLICY, ()),
    ("not-told-apart", asked(requester=Person("github:somebody", HOME)), yes(IVAN), POLICY, ()),
    ("not-told-apart", asked(requester=Person("github", HOME)), yes(HANA), POLICY, ()),
    ("", asked(requester=Person("github:somebody", HOME)), no(IVAN), POLICY, ()),
    ("", asked(requester=Person("github:somebody", HOME)), yes(HANA), POLICY, ()),
    ("", asked(requester=Person("github:merge-queue[bot]", HOME)), yes(IVAN), POLICY, ()),
    ("", asked(requester=Person("github:riko", HOME, frozenset({"U0RIKO"}))), yes(IVAN), POLICY, ()),
    ("", asked(requester=Person("github", HOME)), yes(IVAN), POLICY.model_copy(update={"self_approval": True}), ()),
    ("not-told-apart", asked(requester=Person("terminal:hana", HOME)), yes(IVAN), POLICY, ()),
    ("not-told-apart", asked(requester=IVAN), yes(AT_TERMINAL), ApprovalPolicy(approvers=("terminal:ivan",)), ()),
    ("", asked(requester=Person("terminal:root", HOME)), yes(AT_TERMINAL), MIXED, ()),
    ("", asked(requester=Person("terminal:max", HOME, frozenset({"U0MAX"}))), yes(IVAN), MIXED, ()),
    ("", asked(), yes(Person("U0IVAN", HOME, frozenset({"terminal:i"}))), MIXED, (yes(HANA),)),
    ("not-told-apart", asked(), yes(AT_GITHUB), MIXED, (yes(IVAN),)),
    ("", asked(), no(AT_GITHUB), MIXED, (yes(IVAN),)),
    ("already-voted", asked(), yes(HANA), TWO, (yes(HANA),)),
    ("already-voted", asked(), yes(HANA), TWO, (yes(Person("github:hana", HOME)),)),
    ("already-voted", asked(), no(HANA), TWO, (no(HANA),)),
]


@pytest.mark.parametrize(("wanted", "question", "vote", "policy", "votes"), DECISIONS)
def test_p3_an_answer_counts_only_from_the_right_person_for_the_right_plan_in_time(
    wanted: str, question: Asked, vote: Vote, policy: ApprovalPolicy | None, votes: tuple[Vote, ...]
) -> None:
    assert code(may_decide(question, vote, policy, now=NOW, votes=votes)) == wanted


LOCK = Held(by="Shipmate", reason="three failures in a row")
FREEZE = Held(by="U0HANA", reason="holidays", until=NOW)
REQUESTS = [
    ("", asked(), POLICY, None, None),
    ("", asked(), ApprovalPolicy(required=0), None, None),
    ("", asked(), ApprovalPolicy(required=3, approvers=("S0RELEASE",)), None, None),
    ("", asked(), POLICY.model_copy(update={"requesters": ("github:riko",)}), None, None),
    ("foreign-workspace", asked(requester=Person("U0RIKO", "T0ELSE")), POLICY, None, None),
    ("no-policy", asked(), None, None, None),
    ("no-policy", asked(), ApprovalPolicy(), None, None),
    ("not-a-requester", asked(), POLICY.model_copy(update={"requesters": ("U0HANA",)}), None, None),
    ("unknown-requester", asked(requester=Person("github", HOME)), POLICY, None, None),
    ("", asked(requester=Person("github", HOME)), ApprovalPolicy(required=0), None, None),
    ("locked", asked(), POLICY, LOCK, None),
    ("locked", asked(), POLICY, LOCK, FREEZE),
    ("frozen", asked(), POLICY, None, FREEZE),
    ("too-few-approvers", asked(requester=HANA), ApprovalPolicy(approvers=("U0HANA",)), None, None),
    ("too-few-approvers", asked(), ApprovalPolicy(required=3, approvers=("U0HANA", "U0IVAN")), None, None),
]


@pytest.mark.parametrize(("wanted", "question", "policy", "lock", "freeze"), REQUESTS)
def test_p3_a_release_starts_only_where_it_could_end(
    wanted: str, question: Asked, policy: ApprovalPolicy | None, lock: Held | None, freeze: Held | None
) -> None:
    assert code(may_request(question, policy, lock=lock, freeze=freeze)) == wanted


def test_p4_every_refusal_says_why_how_things_stand_and_what_to_type_next() -> None:
    refusals = [may_decide(q, vote, policy, now=NOW, votes=votes) for _, q, vote, policy, votes in DECISIONS]
    refusals += [may_request(q, policy, lock=lock, freeze=freeze) for _, q, policy, lock, freeze in REQUESTS]
    commands = (
        "status observer",
        "status observer production",
        "deploy observer v1.2.3 to production",
        "Ask somebody of the home workspace.",
        (
            "Ask whoever looks after the bot to name approvers of production in the file of observer,"
            " and to run ./shipmate check-config."
        ),
    )
    given = [refusal for refusal in refusals if refusal]
    assert {r.code for r in given} >= {"self-approval", "expired", "superseded", "no-policy", "locked", "frozen"}
    for refusal in given:
        assert refusal.message.endswith("."), refusal
        assert refusal.standing.endswith("."), refusal
        assert refusal.next_command in commands, refusal


OUTCOMES = [
    ("pending", POLICY, ()),
    ("approved", ApprovalPolicy(required=0), ()),
    ("approved", POLICY, (yes(HANA),)),
    ("pending", POLICY, (yes(HANA, "d0"),)),
    ("rejected", POLICY, (yes(HANA), no(IVAN))),
    ("pending", TWO, (yes(HANA),)),
    ("pending", TWO, (yes(HANA), yes(HANA))),
    ("pending", TWO, (yes(HANA), yes(RIKO))),
    ("pending", TWO, (yes(HANA), yes(Person("U0HANA", "T0ELSE")))),
    ("approved", TWO, (yes(HANA), yes(IVAN))),
    ("pending", MIXED, (yes(IVAN), yes(Person("terminal:ivan", HOME, frozenset({"github:i"}))))),
    ("approved", MIXED, (yes(HANA), yes(IVAN), yes(Person("terminal:ivan", HOME, frozenset({"github:i"}))))),
    ("approved", MIXED, (yes(HANA), yes(Person("terminal:ivan", HOME, frozenset({"U0IVAN"}))))),
    ("pending", None, (yes(HANA),)),
    ("pending", ApprovalPolicy(approvers=("U0IVAN",)), (yes(HANA),)),
]


@pytest.mark.parametrize(("wanted", "policy", "votes"), OUTCOMES)
def test_p3_votes_count_once_per_human_for_the_current_plan_under_the_current_policy(
    wanted: str, policy: ApprovalPolicy | None, votes: tuple[Vote, ...]
) -> None:
    assert outcome(asked(), votes, policy) == wanted


def test_p3_two_identities_that_a_third_one_joins_are_one_human() -> None:
    policy = ApprovalPolicy(required=2, approvers=("a", "b", "c"))
    joined = Person("c", HOME, same_as=frozenset({"a", "b"}))
    votes = [yes(Person("a", HOME)), yes(Person("b", HOME)), yes(joined)]
    assert outcome(asked(), votes, policy) == "pending"


@pytest.mark.parametrize(("written", "known"), [("github:Hana", "github:hana"), ("github:hana", "github:Hana")])
def test_p3_a_login_of_github_is_the_same_in_capitals(written: str, known: str) -> None:
    assert Person(known, HOME).is_named_in([written])
    assert not Person(known.upper(), HOME).is_named_in(["u0hana"])
    sole = ApprovalPolicy(approvers=(written,))
    assert code(may_request(asked(requester=Person(known, HOME)), sole)) == "too-few-approvers"


def test_p5_a_rollback_is_refused_only_to_strangers() -> None:
    assert may_roll_back(asked()) is None
    assert code(may_roll_back(asked(requester=Person("U0RIKO", "T0ELSE")))) == "foreign-workspace"


people = st.builds(Person, id=st.sampled_from("abcde"), workspace=st.sampled_from([HOME, "T0ELSE"]))
votes_given = st.lists(st.builds(Vote, people, st.booleans(), st.sampled_from(["d1", "d2"])), max_size=12)


@given(votes_given, st.sets(st.sampled_from("abcde")), st.integers(1, 4))
def test_p3_approved_always_means_enough_distinct_strangers_to_the_request(
    votes: list[Vote], approvers: set[str], required: int
) -> None:
    policy = ApprovalPolicy(required=required, approvers=tuple(sorted(approvers)))
    question = asked(requester=Person("a", HOME))
    if outcome(question, votes, policy) == "approved":
        able = {v.person.id for v in votes if v.approve and v.digest == "d1" and v.person.workspace == HOME}
        assert len(able & approvers - {"a"}) >= required
        assert not any(not v.approve and v.digest == "d1" and v.person.workspace == HOME for v in votes)


@given(votes_given, st.permutations(range(12)), st.integers(1, 3))
def test_the_order_of_votes_changes_nothing(votes: list[Vote], order: list[int], required: int) -> None:
    policy = ApprovalPolicy(required=required, approvers=("b", "c", "d"))
    shuffled = [votes[index] for index in order if index < len(votes)]
    question = asked(requester=Person("a", HOME))
    assert outcome(question, votes, policy) == outcome(question, shuffled, policy)


def test_the_only_approver_who_asks_is_told_that_they_are_and_both_ways_out() -> None:
    refusal = may_request(asked(requester=HANA), ApprovalPolicy(approvers=("U0HANA",)))
    assert refusal is not None
    assert "You (U0HANA) asked for it and are the only approver" in refusal.standing
    assert "Add another approver" in refusal.standing
    assert "self_approval: true" in refusal.standing
