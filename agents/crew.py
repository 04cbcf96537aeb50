"""The crew: takes orders and decisions, and moves releases on until they ask or end.

Everything it is told is checked by the guardrails and written to the store
before anything happens; a wake-up only says *look again*.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakValueDictionary

from agents import policy
from agents.answers import Accepted, Answer, Order, Person, Refusal, Wish
from agents.ballots import Ballots
from agents.driver import Driver, Equip, Graph
from agents.endings import Endings, record
from agents.events import Acknowledged, ChecksAwaited, Event, GlassBroken, Queued, Reviewed, TakenOver, Unlocked
from agents.holds import Holds
from agents.membership import Membership
from agents.orders import BEFORE, MOVING, next_in, opened, overtakes, release_of
from agents.remote import perform
from agents.segments import Segments
from agents.standstill import Standstill
from agents.tenure import Tenure
from agents.triggers import MANUAL
from config.shipmate import Configuration
from tools.clock import Clock
from tools.history import Store
from tools.history.releases import Outcome, Release, Status
from tools.redaction import Redactor
from tools.workspace import Workspaces


@dataclass(slots=True)
class Crew:
    """One per process; see `entrypoints/wiring.py`."""

    configuration: Configuration
    store: Store
    clock: Clock
    graph: Graph
    equip: Equip
    runs: str
    """Database of the wake-ups."""
    segments: Segments = field(init=False)
    endings: Endings = field(init=False)
    ballots: Ballots = field(init=False)
    membership: Membership = field(init=False)
    holds: Holds = field(init=False)
    standstill: Standstill = field(init=False)
    tenure: Tenure = field(init=False)
    driver: Driver = field(init=False)
    workspaces: Workspaces = field(init=False)
    _locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def __post_init__(self) -> None:
        self.segments = Segments(
            self.runs, self.drive, self.expire, self.serve, self.store.redactor, look=self.look_again
        )
        self.holds = Holds(self.configuration, self.store, self.clock)
        self.standstill = Standstill(self.store, self.clock, self.segments, self.holds, self._start_next)
        self.endings = Endings(self.store, self.clock)
        self.membership = Membership(self.clock, self.configuration.shipmate.groups)
        self.ballots = Ballots(self.configuration, self.store, self.clock, self.segments, self.membership, self.holds)
        self.workspaces = Workspaces(self.configuration.shipmate.workspace)
        self.tenure = Tenure(self.store, self.clock)
        self.driver = Driver(self.graph, self.equip, self.store, self.clock, self.segments, self.tenure)

    async def start(self) -> None:
        """Begin to work, and look again at every release that has not ended."""
        unfinished = await self._still_configured(await self.store.releases.unfinished())
        await self.workspaces.sweep({release.id for release in unfinished})
        await self.segments.start()
        began = self.clock.now().isoformat()
        for release in unfinished:
            if release.status not in BEFORE:
                await self.ballots.recount(release)
                await self.segments.wake(release.id, f"restart-{began}", release.target)
            await self._admit(release)
        await self.standstill.resume()

    async def stop(self) -> None:
        """Stop; what is under way goes on at the next start."""
        await self.segments.stop()

    async def open(self, order: Order) -> Answer:
        """Take an order, or refuse it with the reason and the way out.

        What no person asked for has nobody to tell why not: its refusal is a release that has ended.
        """
        if order.break_glass:
            order = replace(order, break_glass=self.store.redactor.redact(order.break_glass))
        refusal = await policy.may_open(order, self.configuration, self.store, self.membership)
        refusal = refusal or _secret_in(order, self.store.redactor) or await self._held_back(order)
        if refusal and order.trigger == MANUAL:
            return refusal
        self.store.redactor.spare(order.version)
        if refusal:
            order = replace(order, version=self.store.redactor.redact(order.version))
        asked = release_of(order, self.clock.now())
        release = await self.store.releases.open(asked)
        if refusal and release.id == asked.id:
            await self._report(release.id, opened(release))
            await self.endings.end(release, Outcome.REFUSED, refusal.standing)
            return refusal
        await self._admit(release)
        return Accepted(release.id)

    async def decide(self, release_id: str, digest: str, person: Person, choice: str, reason: str = "") -> Answer:
        """Count one person's answer to a plan; the first decision wins, whoever else answers meanwhile."""
        return await self.ballots.decide(release_id, digest, person, choice, reason)

    async def cancel(self, release_id: str, person: Person) -> Answer:
        """Stop a release at its next safe point; what it had moved is put back. A way back that has begun goes on."""
        release = await self.store.releases.get(release_id)
        if release is None or release.outcome is not None:
            return Refusal("nothing-to-cancel", "That release has ended already.", "status")
        refusal = policy.configured(self.configuration, release.service, release.environment)
        refusal = refusal or await policy.may_cancel(release, person, self.configuration, self.membership)
        refusal = refusal or _goes_on(release)
        if refusal:
            return refusal
        return await self._cancel(release, person.id)

    async def checked(self, release_id: str, verdict: str, detail: str) -> None:
        """Tell a release that waits for the checks of its commit how they stand: waiting, passed or failed."""
        release = await self._stored(release_id)
        async with self._lock(release.target):
            release = await self._stored(release_id)
            if release.status is not Status.PENDING:
                return
            await self._report(release_id, ChecksAwaited(verdict, detail))
            if verdict == "failed":
                await self.endings.end(release, Outcome.REFUSED, f"The checks of its commit have failed: {detail}")
            elif verdict == "passed":
                await self.store.releases.change(release_id, status=Status.QUEUED)
        if verdict == "passed":
            await self._admit(await self._stored(release_id))

    async def unlock(self, service: str, environment: str, person: Person) -> Answer:
        """End one lock of a target, a person's before that of failures; approvers and owners may."""
        refusal = policy.configured(self.configuration, service, environment)
        refusal = refusal or await policy.may_lock(service, environment, person, self.configuration, self.membership)
        if refusal:
            return refusal
        by_hand = await self.standstill.unlock(service, environment, person.id)
        locked_by = None if by_hand else await self.store.targets.unlock(service, environment)
        if not by_hand and locked_by is None:
            return Refusal("not-locked", f"{service} in {environment} is not locked.", f"status {service}")
        await self.look_again(f"{service}/{environment}")
        if locked_by:
            await self._report(locked_by, Unlocked(person.id))
        now = await self._locked_still(service, environment) or f"{service} in {environment} takes releases again."
        return Accepted(locked_by or "", f"The lock is gone. {now}")

    async def _locked_still(self, service: str, environment: str) -> str:
        """Tell what keeps releases from a target of which one lock was ended."""
        hold = await self.holds.on(service, environment)
        told = [hold.told(service, environment)] if hold else []
        target = await self.store.targets.get(service, environment)
        if target.locked_by:
            failed = f"the failure of {target.locked_by}"
            told.append(f"{service} in {environment} is still locked by {failed}; `unlock` once more ends that, too.")
        return " ".join(told)

    async def lock(self, wish: Wish, person: Person) -> Answer:
        """Lock a target by hand, with a reason and perhaps an end; whoever may unlock it may."""
        service, environment = wish.service, wish.environment
        refusal = policy.configured(self.configuration, service, environment)
        refusal = refusal or await policy.may_lock(service, environment, person, self.configuration, self.membership)
        return refusal or await self.standstill.lock(replace(wish, person=person.id))

    async def take_over(self, service: str, environment: str, person: Person) -> Answer:
        """Cut off a run that hangs, and have what it moved put back by another; whoever may unlock the target may.

        A rollback is not put back: another run goes on with it.
        """
        refusal = policy.configured(self.configuration, service, environment)
        refusal = refusal or await policy.may_lock(service, environment, person, self.configuration, self.membership)
        if refusal:
            return refusal
        victim = await self.store.leases.seize(service, environment, person.id)
        release = await self.store.releases.get(victim.release) if victim else None
        if victim is None or release is None or release.outcome is not None:
            standing = f"Nothing runs for {service} in {environment}, so nothing can be cut off."
            standing += " What waits, if anything does, is stopped with cancel."
            return Refusal("nothing-runs", standing, f"status {service} {environment}")
        goes_on = release.kind == "rollback"
        if not goes_on:
            await self.store.releases.cancel(release.id, person.id)
        silent = victim.heartbeat.isoformat(timespec="seconds")
        await self._report(release.id, TakenOver(person.id, release.id, silent, victim.fence, goes_on=goes_on))
        await self.segments.wake(release.id, f"taken-over-{victim.fence}", release.target, at_once=True)
        return Accepted(release.id, "It is cut off; another run goes on with the rollback." if goes_on else "")

    async def look_again(self, target: str) -> None:
        """See whether a target that stood still may go on, and whether what was approved counts now."""
        await self.standstill.look_again(target)
        service, _, environment = target.partition("/")
        await self.ballots.look_again(service, environment)

    async def acknowledge(self, service: str, environment: str, person: Person) -> Answer:
        """Note who takes care of a locked target."""
        refusal = policy.may_speak(person, service, environment, self.membership.home)
        if refusal:
            return refusal
        target = await self.store.targets.get(service, environment)
        if not await self.store.targets.acknowledge(service, environment, person.id):
            standing = (
                f"{target.acknowledged_by} takes care already." if target.acknowledged_by else "It is not locked."
            )
            return Refusal("not-open", standing, f"status {service}")
        await self._report(str(target.locked_by), Acknowledged(person.id))
        return Accepted(str(target.locked_by))

    async def review(self, service: str, environment: str, person: Person, note: str) -> Answer:
        """Take the review of what was released without an approval, the longest owed first."""
        owed = next(iter(await self.store.reviews.owed(service, environment)), None)
        release = await self.store.releases.get(owed.release) if owed else None
        if release is None:
            standing = f"No review is owed for {service} in {environment}."
            return Refusal("no-review-owed", standing, f"status {service} {environment}")
        refusal = policy.configured(self.configuration, service, environment)
        refusal = refusal or await policy.may_review(release, person, self.configuration, self.membership)
        if refusal:
            return refusal
        note = self.store.redactor.redact(note)
        if not await self.store.reviews.give(release.id, person.id, note):
            return Refusal("already-reviewed", f"{release.id} was reviewed already.", f"status {service} {environment}")
        await self._report(release.id, Reviewed(person.id, note))
        return Accepted(release.id, f"The release of {service} {release.named} in {environment} is reviewed.")

    async def drive(self, release_id: str) -> None:
        """Move a release on until it asks or ends. May be called any number of times."""
        async with self._lock(release_id):
            release = await self._stored(release_id)
            if release.outcome is None:
                await self.driver.move_on(release)
                release = await self._stored(release_id)
        if release.outcome is None:
            await self._start_next(release)  # what only looks does not wait for people to decide about this one
            await self._give_way(release)
            await self.ballots.carry_over(release.id)
        else:
            await self.workspaces.remove(release.id)
            await self._start_next(release)
            await self.driver.forget(release)

    async def expire(self, question_id: str) -> None:
        """Close a question whose time is over, unless somebody was faster."""
        await self.ballots.expire(question_id)

    async def serve(self, call: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Answer a request that another process put into the queue; see `agents/remote.py`."""
        return await perform(self, call, arguments, self.clock.now())

    async def _still_configured(self, unfinished: Sequence[Release]) -> list[Release]:
        """Give up the releases of what is no longer configured; return the others."""
        kept = []
        for release in unfinished:
            strange = policy.configured(self.configuration, release.service, release.environment)
            if strange:
                cause = f"{release.service} in {release.environment} is no longer configured."
                await self.endings.give_up(release, cause, touched=await self.driver.touched(release))
                await self.driver.forget(release)
            else:
                kept.append(release)
        return kept

    async def _start_next(self, release: Release) -> None:
        """Start the first of a target's queue when the target is free, and tell the rest where they stand."""
        async with self._lock(release.target):
            line = await self._line(release)
            while line and line[0].status is Status.QUEUED and await self.standstill.holds_back(line[0]):
                line = line[1:]
            begun = next_in(line)
            for one in begun:
                await self.store.releases.change(one.id, status=Status.RUNNING)
                await self.segments.wake(one.id, "start", release.target, at_once=True)
            waiting = (one for one in line[1:] if one.status is Status.QUEUED and one not in begun)
            for position, queued in enumerate(waiting, start=1):
                await self._report(queued.id, Queued(line[0].id, line[0].named, position))

    async def _cancel(self, release: Release, by: str) -> Answer:
        if not await self.store.releases.cancel(release.id, by):
            standing = f"{(await self._stored(release.id)).cancelled_by} has cancelled it already."
            return Refusal("already-cancelled", standing, "status")
        if await self._leave_queue(release, f"cancelled by {by}"):
            return Accepted(release.id)
        question = await self.store.decisions.latest(release.id)
        if question and question.choice is None:
            await self.ballots.close(release, question, "cancelled", by, "")
        return Accepted(release.id)

    async def _admit(self, release: Release) -> None:
        """Do what the order of a release still lacks: whoever took it may have died right after it was stored."""
        await self._report(release.id, opened(release))
        if release.break_glass is not None:
            await self._report(release.id, GlassBroken(release.requested_by, release.break_glass))
        if release.status is Status.PENDING:
            return
        if release.kind == "rollback" and release.outcome is None:
            await self._make_way(release)
        await self._overtake_earlier(release)
        await self._start_next(release)

    async def _line(self, release: Release) -> list[Release]:
        """List the releases of a target that have not ended, the one that holds it first."""
        unfinished = await self.store.releases.unfinished(release.service, release.environment)
        return [one for one in unfinished if one.status not in BEFORE or one.status is Status.QUEUED]

    async def _held_back(self, order: Order) -> Refusal | None:
        """Refuse what a person asks for while its target is held; not a rollback, an emergency, or a mere check."""
        if order.kind == "rollback" or order.break_glass is not None or order.stops_early or order.trigger != MANUAL:
            return None
        return await self.holds.refusal(order.service, order.environment)

    async def _overtake_earlier(self, release: Release) -> None:
        """Take back what nobody has let through yet: what earlier events on GitHub set off, or an emergency passes."""
        if release.outcome is not None:
            return
        earlier = await self.store.releases.unfinished(release.service, release.environment)
        for one in reversed(earlier):  # from the back, so that nobody moves up meanwhile
            if overtakes(release, one):
                await self._supersede(one, release)

    async def _give_way(self, release: Release) -> None:
        """Do not ask about what a later event on GitHub, or an emergency, has overtaken meanwhile."""
        later = [one for one in await self._line(release) if overtakes(one, release)]
        if later:
            await self._supersede(release, later[-1])

    async def _supersede(self, release: Release, later: Release) -> None:
        reason = f"{later.named} came after it" if later.break_glass is None else f"{later.named} is an emergency"
        if await self._leave_queue(release, f"superseded by {later.id}: {reason}"):
            return
        question = await self.store.decisions.latest(release.id)
        if question and question.choice is None and release.status is Status.WAITING:
            await self.ballots.close(release, question, "superseded", later.id, reason)

    async def _make_way(self, rollback: Release) -> None:
        """Nothing stands in the way of a rollback: whatever the target has before it is stopped."""
        line = await self.store.releases.unfinished(rollback.service, rollback.environment)
        before = [other for other in line if other.id != rollback.id and _comes_before(other, rollback)]
        for other in reversed(before):  # from the back, so that nobody moves up meanwhile
            if other.kind != "rollback":
                await self._cancel(other, rollback.requested_by)

    async def _leave_queue(self, release: Release, cause: str) -> bool:
        """End a release that has not begun; False when it has."""
        async with self._lock(release.target):
            queued = (await self._stored(release.id)).status in BEFORE
            if queued:
                await self.endings.end(release, Outcome.CANCELLED, cause)
        if queued:
            await self._start_next(release)
        return queued

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

    async def _report(self, release_id: str, event: Event) -> None:
        await record(self.store, release_id, event)

    async def _stored(self, release_id: str) -> Release:
        release = await self.store.releases.get(release_id)
        if release is None:
            raise LookupError(release_id)
        return release


def _secret_in(order: Order, redactor: Redactor) -> Refusal | None:
    """Refuse what could only be stored with a mark in its version, which is then released."""
    names = redactor.whole_in(order.version)
    if not names:
        return None
    standing = (
        f"The name of the version holds the value of {', '.join(names)}, which is a secret; nothing was done."
        f" Give the version another name, and replace the secret where others have seen it."
    )
    return Refusal("secret-in-version", standing, f"status {order.service}")


def _goes_on(release: Release) -> Refusal | None:
    """Refuse to stop a way back that has begun."""
    if release.kind != "rollback" or release.stage not in MOVING | {"close"}:
        return None
    standing = (
        f"The rollback of {release.service} in {release.environment} to {release.version} has begun to move and goes "
        "on to its end: to stop it would put back the version that it leaves. Where it hangs, `takeover` lets another "
        "run go on with it."
    )
    return Refusal("rollback-goes-on", standing, f"status {release.service} {release.environment}")


def _comes_before(other: Release, rollback: Release) -> bool:
    return other.status not in BEFORE or (other.requested_at, other.id) < (rollback.requested_at, rollback.id)
