"""Who may order, decide and unlock: the crew's facts, put before the guardrails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agents.answers import Order, Person, Refusal
from config.service import ApprovalPolicy, Service
from config.shipmate import Configuration
from guardrails import approval
from tools.history import Store
from tools.history.decisions import Question, Vote
from tools.history.releases import Release
from tools.history.targets import Target

People = Mapping[str, Sequence[str]]
"""Humans who have several identities, by a name of the operator's choice."""


async def may_open(order: Order, configuration: Configuration, store: Store, home: str) -> Refusal | None:
    """Refuse an order that must not start, or that could never go on."""
    strange = configured(configuration, order.service, order.environment)
    if strange:
        return strange
    settings = configuration.services[order.service].environments[order.environment]
    target = await store.targets.get(order.service, order.environment)
    human = _human(order.person, home, configuration.shipmate.people)
    asked = _asked(human, order.service, order.environment, order.version, home)
    if order.kind == "rollback":
        return _refusal(approval.may_roll_back(asked))
    return _refusal(approval.may_request(asked, settings.approval, lock=_lock(target)))


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


def may_unlock(target: Target, person: Person, service: Service, people: People) -> Refusal | None:
    """Let approvers of the environment and owners of the service release a lock, by any of their identities."""
    able = {*service.environments[target.environment].approval.approvers, *service.owners}
    if not able.isdisjoint(identities(person.id, people)):
        return None
    return Refusal(
        "not-an-approver",
        f"You are {person.id}. {', '.join(sorted(able)) or 'Nobody'} may unlock it.",
        f"status {target.service}",
    )


@dataclass(frozen=True, slots=True)
class Ballot:
    """One question with the answers so far."""

    release: Release
    question: Question
    policy: ApprovalPolicy
    votes: Sequence[Vote]
    home: str
    people: People = field(default_factory=dict)

    def refuse(self, person: Person, choice: str, digest: str, now: datetime) -> Refusal | None:
        """Refuse an answer that must not count."""
        vote = approval.Vote(_human(person, self.home, self.people), choice == "approved", digest)
        return _refusal(approval.may_decide(self._asked(), vote, self.policy, now=now, votes=self._counted()))

    @property
    def outcome(self) -> approval.Outcome:
        """Tell what the answers so far come to."""
        return approval.outcome(self._asked(), self._counted(), self.policy)

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
        return _human(Person(person), self.home, self.people)


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


def _human(person: Person, home: str, people: People) -> approval.Person:
    """Place a person in a workspace; whoever has none sits at the bot's own terminal."""
    return approval.Person(person.id, person.team or home, identities(person.id, people))


def _lock(target: Target) -> approval.Held | None:
    if target.locked_at is None:
        return None
    return approval.Held(by=str(target.locked_by), reason=f"{target.failures} failures in a row")


def _refusal(refusal: approval.Refusal | None) -> Refusal | None:
    if refusal is None:
        return None
    return Refusal(refusal.code, f"{refusal.message} {refusal.standing}", refusal.next_command)
