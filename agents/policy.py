"""Who may order, decide, stop, unlock and review: the crew's facts, put before the guardrails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agents.answers import Order, Person, Refusal
from agents.membership import Membership, Rolls
from config.service import ApprovalPolicy
from config.shipmate import Configuration
from guardrails import approval, roles
from tools.history import Store
from tools.history.decisions import Question, Vote
from tools.history.releases import Release
from tools.history.targets import Target

People = Mapping[str, Sequence[str]]
"""Humans who have several identities, by a name of the operator's choice."""


async def may_open(order: Order, configuration: Configuration, store: Store, membership: Membership) -> Refusal | None:
    """Refuse an order that must not start, or that could never go on."""
    strange = configured(configuration, order.service, order.environment)
    if strange:
        return strange
    if order.kind == "rollback":  # before anybody is asked anything: nobody's silence holds up the way back
        return may_speak(order.person, order.service, order.environment, membership.home)
    settings = configuration.services[order.service].environments[order.environment]
    target = await store.targets.get(order.service, order.environment)
    rolls = await membership.rolls((*settings.approval.requesters, *settings.approval.break_glass))
    human = _human(order.person, membership.home, configuration.shipmate.people, rolls)
    asked = _asked(human, order.service, order.environment, order.version, membership.home)
    if order.break_glass is not None:
        refusal = roles.may_break_glass(asked, settings.approval, order.break_glass, lock=_lock(target))
        return _refusal(refusal, rolls)
    lock = None if order.stops_early else _lock(target)
    return _refusal(approval.may_request(asked, settings.approval, lock=lock), rolls)


def configured(configuration: Configuration, service: str, environment: str) -> Refusal | None:
    """Refuse what is asked for a service or an environment that the configuration does not name any more."""
    declared = configuration.services.get(service)
    if declared and environment in declared.environments:
        return None
    standing = f"{service} in {environment} is no longer configured; nothing was done."
    return Refusal("not-configured", standing, "status")


def may_speak(person: Person, service: str, environment: str, home: str) -> Refusal | None:
    """Refuse whoever is no member of the home workspace."""
    return _refusal(approval.may_roll_back(_asked(_human(person, home, {}), service, environment, "", home)))


async def may_cancel(
    release: Release, person: Person, configuration: Configuration, membership: Membership
) -> Refusal | None:
    """Refuse to stop a release to whoever neither asked for it nor may operate its environment."""
    settings = configuration.services[release.service].environments[release.environment].approval
    rolls = await membership.rolls((*settings.operators, *settings.break_glass))
    people, home = configuration.shipmate.people, membership.home
    asked = _asked(_human(person, home, people, rolls), release.service, release.environment, release.version, home)
    of = _human(Person(release.requested_by, home), home, people)
    return _refusal(roles.may_cancel(asked, settings, of), rolls)


async def may_lock(
    service: str, environment: str, person: Person, configuration: Configuration, membership: Membership
) -> Refusal | None:
    """Refuse to lock or unlock a target to whoever may not operate it, by any of their identities."""
    declared = configuration.services[service]
    settings = declared.environments[environment].approval
    rolls = await membership.rolls((*settings.operators, *settings.approvers))
    human = _human(person, membership.home, configuration.shipmate.people, rolls)
    asked = _asked(human, service, environment, "", membership.home)
    return _refusal(roles.may_lock(asked, settings, declared.owners), rolls)


async def may_review(
    release: Release, person: Person, configuration: Configuration, membership: Membership
) -> Refusal | None:
    """Refuse the review of a release without approval to whoever made it, and to whoever does not answer for it."""
    declared = configuration.services[release.service]
    settings = declared.environments[release.environment].approval
    rolls = await membership.rolls((*settings.approvers, *settings.break_glass))
    people, home = configuration.shipmate.people, membership.home
    asked = _asked(_human(person, home, people, rolls), release.service, release.environment, release.version, home)
    broke = _human(Person(release.requested_by, home), home, people)
    return _refusal(roles.may_review(asked, settings, declared.owners, broke), rolls)


@dataclass(frozen=True, slots=True)
class Ballot:
    """One question with the answers so far."""

    release: Release
    question: Question
    policy: ApprovalPolicy
    votes: Sequence[Vote]
    home: str
    people: People = field(default_factory=dict)
    rolls: Rolls = field(default_factory=Rolls)

    def refuse(self, person: Person, choice: str, digest: str, now: datetime) -> Refusal | None:
        """Refuse an answer that must not count."""
        vote = approval.Vote(_human(person, self.home, self.people, self.rolls), choice == "approved", digest)
        refusal = approval.may_decide(self._asked(), vote, self.policy, now=now, votes=self._counted())
        return _refusal(refusal, self.rolls)

    @property
    def outcome(self) -> approval.Outcome:
        """Tell what the answers so far come to."""
        return approval.outcome(self._asked(), self._counted(), self.policy)

    @property
    def given(self) -> int:
        """Count the approvals that hold now, as the outcome counts them."""
        return approval.approvals(self._asked(), self._counted(), self.policy)

    @property
    def untold(self) -> str:
        """Tell which groups Slack is silent about, where answers wait for that; empty where none do."""
        silent = self.rolls.untold if self.given < sum(vote.choice == "approved" for vote in self.votes) else ()
        return ", ".join(sorted(silent))

    def _asked(self) -> approval.Asked:
        question = self.question
        return approval.Asked(
            service=self.release.service,
            environment=self.release.environment,
            version=self.release.version,
            workspace=self.home,
            requester=self._voter(self.release.requested_by),
            digest=question.digest,
            expires_at=question.expires_at,
            decided=f"{question.choice} by {question.decided_by}" if question.choice else "",
        )

    def _counted(self) -> tuple[approval.Vote, ...]:
        return tuple(
            approval.Vote(self._voter(vote.person), vote.choice == "approved", self.question.digest)
            for vote in self.votes
        )

    def _voter(self, person: str) -> approval.Person:
        return _human(Person(person, self.home), self.home, self.people, self.rolls)


def _asked(human: approval.Person, service: str, environment: str, version: str, home: str) -> approval.Asked:
    return approval.Asked(
        service=service,
        environment=environment,
        version=version,
        workspace=home,
        requester=human,
        digest="",
        expires_at=datetime.max.replace(tzinfo=UTC),
    )


def identities(person: str, people: People) -> frozenset[str]:
    """Tell every identity of the human behind one."""
    known = [ids for ids in people.values() if any(_same(person, one) for one in ids)]
    return frozenset({person}).union(*known)


def _same(person: str, other: str) -> bool:
    """Compare two identities; GitHub does not tell capitals in logins from small letters."""
    github = person.startswith(f"{approval.GITHUB}:")
    return person == other or (github and person.lower() == other.lower())


_NOBODY = Rolls()
_NOT_SLACK = frozenset({"terminal", approval.GITHUB})


def _human(person: Person, home: str, people: People, rolls: Rolls = _NOBODY) -> approval.Person:
    """Place a person in a workspace and its groups.

    Whoever sits at the bot's own terminal, or is known from the service's repository, is at home; in Slack nobody is
    who comes without a workspace, as programs do.
    """
    known = identities(person.id, people)
    at_home = person.id.partition(":")[0] in _NOT_SLACK
    return approval.Person(person.id, person.team or (home if at_home else ""), known, rolls.of(known))


def _lock(target: Target) -> approval.Held | None:
    if target.locked_at is None:
        return None
    return approval.Held(by=str(target.locked_by), reason=f"{target.failures} failures in a row")


_BY_ROLE = frozenset({"not-an-approver", "not-a-requester", "not-an-operator", "not-for-break-glass"})


def _refusal(refusal: approval.Refusal | None, rolls: Rolls = _NOBODY) -> Refusal | None:
    if refusal is None:
        return None
    untold = ", ".join(sorted(rolls.untold)) if refusal.code in _BY_ROLE else ""
    more = f" Slack does not tell now who is in {untold}." if untold else ""
    return Refusal(refusal.code, f"{refusal.message} {refusal.standing}{more}", refusal.next_command)
