"""Ends that no graph can bring about: out of the queue, given up, or overtaken by an upgrade of Shipmate."""

from dataclasses import dataclass

from agents.events import Decided, Escalated, Event, Finished, dump
from agents.trail import trail
from tools.clock import Clock
from tools.history import Store
from tools.history.decisions import Question
from tools.history.releases import Outcome, Release


async def record(store: Store, release_id: str, event: Event) -> None:
    """Write an event into the journal of a release."""
    await store.journal.record(release_id, event.key, event.KIND, dump(event), trail(release_id, event))


async def take_back(store: Store, release: Release, cause: str) -> None:
    """Take a release's question back where nobody has answered it: no card may ask for what has ended."""
    question = await store.decisions.latest(release.id)
    choice, by = ("cancelled", release.cancelled_by) if release.cancelled_by else ("superseded", "shipmate")
    if question:
        await store.decisions.decide(question.id, choice, by, cause)
        await tell_decision(store, question.id)


async def tell_decision(store: Store, question_id: str) -> Question | None:
    """Return a question, and have its decision in the journal: whoever decided may have died before telling."""
    question = await store.decisions.question(question_id)
    if question and question.choice:
        decided = Decided(question.id, question.choice, str(question.decided_by), question.reason)
        await record(store, question.release, decided)
    return question


@dataclass(frozen=True, slots=True)
class Endings:
    """Ends releases; nothing of a release stays open behind them."""

    store: Store
    clock: Clock

    async def end(self, release: Release, outcome: Outcome, cause: str) -> None:
        """End a release."""
        await take_back(self.store, release, cause)
        elapsed = self.clock.now() - release.requested_at
        audited = (await self.store.audit.head()).told
        await record(self.store, release.id, Finished(outcome, cause, round(elapsed.total_seconds(), 3), audited))
        await self.store.releases.finish(release.id, outcome, cause)

    async def give_up(self, release: Release, cause: str, *, touched: bool) -> None:
        """End a release that cannot go on; where hosts may be half-way, lock the target and call for a person."""
        if not touched:
            await self.end(release, Outcome.FAILED, f"{cause} Nothing was touched; ask for it again.")
            return
        cause = f"{cause} Look at what the hosts run before you unlock."
        failure = {
            "release": release.id,
            "version": release.version,
            "stage": release.stage,
            "cause": cause,
            "at": self.clock.now().isoformat(timespec="seconds"),
        }
        target = await self.store.targets.fail(release.service, release.environment, failure)
        if target.locked_by != release.id:
            await self.store.targets.lock(release.service, release.environment, release.id)
        report = {**failure, "reason": "Nobody knows what is running.", "failures": list(target.recent_failures)}
        if target.locked_by not in (None, release.id):
            report["replaces"] = target.locked_by
        await record(self.store, release.id, Escalated("locked", target.failures, report))
        await self.end(release, Outcome.IN_DOUBT, cause)
