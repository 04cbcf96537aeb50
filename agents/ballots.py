"""Questions put to people, from the first answer to the one decision; `guardrails/approval.py` says whose counts."""

from dataclasses import dataclass
from datetime import timedelta

from agents import policy
from agents.answers import Accepted, Answer, Person, Refusal
from agents.endings import record
from agents.events import CarriedOver, Decided, Voted
from agents.holds import Holds, is_exempt
from agents.membership import Membership
from agents.segments import Segments
from config.shipmate import Configuration
from tools.clock import Clock
from tools.history import Store
from tools.history.decisions import Question
from tools.history.releases import Release

COUNTED_AGAIN = timedelta(seconds=30)
"""How long after an answer that does not count, because Slack is silent about a group."""


@dataclass(frozen=True, slots=True)
class Ballots:
    """Counts answers. Whoever decides, a person or time, decides here, and once."""

    configuration: Configuration
    store: Store
    clock: Clock
    segments: Segments
    membership: Membership
    holds: Holds

    async def decide(self, release_id: str, digest: str, person: Person, choice: str, reason: str = "") -> Answer:
        """Count one person's answer to a plan; the first decision wins, whoever else answers meanwhile."""
        release = await self.store.releases.get(release_id)
        question = await self.store.decisions.latest(release_id)
        if release is None or question is None or release.outcome is not None:
            return Refusal("no-question", "No plan of this release waits for an answer.", "status")
        strange = policy.configured(self.configuration, release.service, release.environment)
        if strange:
            return strange
        ballot = await self._ballot(release, question)
        refusal = ballot.refuse(person, choice, digest, self.clock.now())
        if choice == "approved":
            refusal = refusal or await self.holds.closed(release)
        if refusal:
            await self.recount(release)
            return refusal
        await self.store.decisions.vote(question.id, person.id, choice)
        counted = await self._ballot(release, question)
        if counted.outcome == "pending":
            given, required = counted.given, counted.policy.required
            await record(self.store, release_id, Voted(question.id, person.id, choice, given, required))
            return Accepted(release_id, f"{given} of {required} approvals given.{await self._silence(counted)}")
        by = _decider(counted)
        return await self.close(release, question, counted.outcome, by, reason if by == person.id else "")

    async def expire(self, question_id: str) -> None:
        """Close a question whose time is over, unless somebody was faster; that never approves."""
        question = await self.store.decisions.question(question_id)
        release = await self.store.releases.get(question.release) if question else None
        if question is None or release is None or release.outcome is not None:
            return
        if question.choice is None and not await self.recount(release):
            await self.close(release, question, "expired", "time", "")
        else:  # whoever decided may have died before the wake-up
            await self.segments.wake(release.id, f"answer-{question.id}", release.target)

    async def carry_over(self, release_id: str) -> None:
        """Count what was approved for another release that came to nothing, where the plan is exactly the same."""
        release = await self.store.releases.get(release_id)
        question = await self.store.decisions.latest(release_id)
        if release is None or question is None or question.choice is not None or await self.holds.closed(release):
            return
        ballot = await self._ballot(release, question)
        since = self.clock.now() - ballot.policy.carry_over
        for precedent in await self.store.precedents.approvals(release, question.digest, since):
            ballot = await self._ballot(release, question)
            if ballot.refuse(Person(precedent.person, ballot.home), "approved", question.digest, self.clock.now()):
                continue
            carried = CarriedOver(question.id, precedent.person, precedent.release, precedent.at.isoformat())
            await self.store.precedents.carry(question.id, release.id, precedent)
            await record(self.store, release.id, carried)
            await self.recount(release)  # only now: whoever votes meanwhile takes the decision themselves

    async def recount(self, release: Release) -> bool:
        """Take the decision that the votes have come to, where a crash came between the last vote and it.

        Nothing is approved so once the time is over, nor while the target is held.
        """
        question = await self.store.decisions.latest(release.id)
        ballot = await self._ballot(release, question) if question and question.choice is None else None
        if question is None or ballot is None or ballot.outcome == "pending":
            return False
        if ballot.outcome == "approved" and not await self._may_go_on(release, question):
            return False
        await self.close(release, question, ballot.outcome, _decider(ballot), "")
        return True

    async def look_again(self, service: str, environment: str) -> None:
        """Count again what waited for the end of a hold, or for Slack to tell who is in a group."""
        for release in await self.store.releases.unfinished(service, environment):
            question = await self.store.decisions.latest(release.id)
            if policy.configured(self.configuration, service, environment) or question is None or question.choice:
                continue
            if not await self.recount(release):
                await self._silence(await self._ballot(release, question))

    async def _may_go_on(self, release: Release, question: Question) -> bool:
        """Tell whether votes may still approve; at the end of a hold that is looked at again."""
        hold = None if is_exempt(release) else await self.holds.on(release.service, release.environment)
        if hold and hold.until:
            await self.segments.look_after(release.target, hold.until - self.clock.now())
        return hold is None and self.clock.now() < question.expires_at

    async def _silence(self, ballot: policy.Ballot) -> str:
        """Say where approvals do not count because Slack is silent, and count them again in a while."""
        if not ballot.untold or self.clock.now() >= ballot.question.expires_at:
            return ""
        await self.segments.look_after(ballot.release.target, COUNTED_AGAIN)
        told = f"Slack does not tell now who is in {ballot.untold}, so approvals of its members do not count yet."
        return f" {told} They are counted again every {COUNTED_AGAIN.total_seconds():g} s."

    async def close(self, release: Release, question: Question, choice: str, by: str, reason: str) -> Answer:
        """Decide a question, unless it is decided, and move its release on."""
        told = self.store.redactor.redact(reason)
        if not await self.store.decisions.decide(question.id, choice, by, told):
            decided = await self.store.decisions.question(question.id)
            standing = f"It was {decided.choice} by {decided.decided_by}." if decided else ""
            return Refusal("already-decided", standing, f"status {release.service}")
        await record(self.store, release.id, Decided(question.id, choice, by, told))
        await self.segments.wake(release.id, f"answer-{question.id}", release.target, at_once=True)
        return Accepted(release.id, choice)

    async def _ballot(self, release: Release, question: Question) -> policy.Ballot:
        settings = self.configuration.services[release.service].environments[release.environment].approval
        votes, people = await self.store.decisions.votes(question.id), self.configuration.shipmate.people
        rolls = await self.membership.rolls(settings.approvers)
        return policy.Ballot(release, question, settings, votes, self.membership.home, people, rolls)


def _decider(ballot: policy.Ballot) -> str:
    """Name whoever gave the last answer of the kind that the votes come to: several may answer at once.

    Nobody did where the configuration has come to ask nobody meanwhile.
    """
    return next((vote.person for vote in reversed(ballot.votes) if vote.choice == ballot.outcome), "shipmate")
