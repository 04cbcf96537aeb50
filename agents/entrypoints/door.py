"""The door: the one place where what people say becomes calls to the crew, and the crew's answers become text.

Slack and the terminal go through it alike. Nothing raises past it: what a tool
could not do is said in a sentence, with what to do next.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from agents.answers import Answer, Order, Origin, Person, Refusal, Wish
from agents.entrypoints import books, commands, replies, standing
from agents.entrypoints.commands import Command, Misread
from agents.entrypoints.gestures import Pressed, Said
from agents.entrypoints.goals import goals_text
from agents.entrypoints.goals import measured as measured_goals
from agents.entrypoints.terminal import question_text
from agents.entrypoints.view import fold
from agents.entrypoints.voice import Voice, slack_voice, terminal_voice
from agents.lineage import lineage
from agents.orders import MOVING
from agents.remote import CrewCalls
from config.shipmate import Configuration
from tools.errors import ToolError
from tools.history import Store
from tools.history.decisions import Question
from tools.history.deployments import ADOPTED
from tools.history.ledger import Record
from tools.history.releases import Outcome, Release
from tools.versions import is_commit_version

HISTORY_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Reply:
    """What to tell the one who asked; `release` is the release that began or was acted on."""

    text: str
    release: str | None = None
    ephemeral: bool = True
    done: bool = True
    """False: it was refused or not understood."""
    code: str = ""
    """Why it was refused."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One person at the door with one wish."""

    person: Person
    origin: Origin
    crew: CrewCalls
    configuration: Configuration
    voice: Voice
    key: str
    """Makes the same wish, delivered twice, one wish."""

    @property
    def store(self) -> Store:
        """What happened so far."""
        return self.crew.store


def voice_at(origin: Origin, configuration: Configuration) -> Voice:
    """Speak as people hear it where they asked."""
    if not origin.channel:
        return terminal_voice()
    return slack_voice(configuration.shipmate.slack.command, people(configuration))


def people(configuration: Configuration) -> frozenset[str]:
    """List everybody whom the configuration names."""
    named: set[str] = set()
    for service in configuration.services.values():
        named |= set(service.owners)
        for environment in service.environments.values():
            roles = environment.approval
            named |= {*roles.approvers, *roles.requesters, *roles.operators, *roles.break_glass}
    return frozenset(named)


async def answer(
    command: Command | Misread,
    person: Person,
    origin: Origin,
    crew: CrewCalls,
    configuration: Configuration,
    key: str,
) -> Reply:
    """Do what a command says, and tell how that went."""
    voice = voice_at(origin, configuration)
    if isinstance(command, Misread):
        await crew.store.audit.add(books.misread(command, person, origin))
        return Reply(replies.misread(command, voice), done=False, code=command.code)
    visit = Visit(person, origin, crew, configuration, voice, key)
    asked = books.asked(command, person, origin)
    reply = await _on_record(asked, lambda: _ANSWERS[type(command)](command, visit), visit)
    if isinstance(command, _WITH_FREE_TEXT) and command.assumed:
        return replace(reply, text=f"{reply.text}\n{replies.assumed(command.environment, voice)}")
    return reply


_WITH_FREE_TEXT = (commands.Lock, commands.BreakGlass, commands.Review, commands.Reject)


async def press(pressed: Pressed, visit: Visit) -> Reply:
    """Do what a button says, where its message still is the one that counts."""
    return await _on_record(books.pressed(pressed), lambda: _press(pressed, visit), visit)


async def turned_away(gesture: Said | Pressed, crew: CrewCalls, voice: Voice) -> Reply:
    """Refuse somebody from another workspace, and put that on record."""
    code = "foreign-workspace"
    await crew.store.audit.add(books.stranger(gesture, code))
    return Reply(replies.stranger(voice), done=False, code=code)


async def _on_record(asked: Record, work: Callable[[], Awaitable[Reply]], visit: Visit) -> Reply:
    """Put on record what is asked before anything is done about it, and a refusal after it."""
    await visit.store.audit.add(asked)
    reply = await guarded(work(), visit.voice)
    if not reply.done:
        await visit.store.audit.add(books.refused(asked, reply.code))
    return reply


async def _press(pressed: Pressed, visit: Visit) -> Reply:
    shown = await visit.store.messages.get(pressed.release, _SHOWN_AS[pressed.action])
    if shown and shown.channel != pressed.origin.channel:
        standing_ = "This release is decided in another channel; your click has changed nothing."
        refusal = Refusal("elsewhere", standing_, "status")
        return _told(refusal, visit.voice, "")
    if pressed.action in _CHOICES:
        choice = _CHOICES[pressed.action]
        reply = await visit.crew.decide(pressed.release, pressed.digest, visit.person, choice, pressed.reason)
        return _told(reply, visit.voice, f"Your answer was counted: {choice}.")
    return await _take_care(pressed, visit)


_SHOWN_AS = {"approve": "card", "reject": "card", "acknowledge": "escalation", "unlock": "escalation"}
_CHOICES = {"approve": "approved", "reject": "rejected"}


async def _take_care(pressed: Pressed, visit: Visit) -> Reply:
    release = await _holder_of_lock(pressed.release, visit)
    if isinstance(release, Refusal):
        return _told(release, visit.voice, "")
    if pressed.action == "acknowledge":
        reply = await visit.crew.acknowledge(release.service, release.environment, visit.person)
        return _told(reply, visit.voice, "You take care of it; everybody can see that now.")
    reply = await visit.crew.unlock(release.service, release.environment, visit.person)
    return _told(reply, visit.voice, "It is unlocked and takes releases again.")


async def guarded(work: Awaitable[Reply], voice: Voice) -> Reply:
    """Wait for a reply; what a tool could not do becomes one."""
    try:
        return await work
    except ToolError as error:
        otherwise = f"Try again in a minute; {commands.spelled(voice.prefix, 'status')} tells how things stand."
        refusal = Refusal(error.code, f"{error.happened} {error.standing}".strip(), error.remedy or otherwise)
        return Reply(replies.refused(refusal, voice), done=False, code=refusal.code)


async def _holder_of_lock(release_id: str, visit: Visit) -> Release | Refusal:
    """Return the release behind an escalation, as long as its lock is the one that holds."""
    release = await visit.store.releases.get(release_id)
    if release is None:
        return Refusal("unknown-release", f"There is no release {release_id}.", "status")
    target = await visit.store.targets.get(release.service, release.environment)
    where = f"{release.service} {release.environment}"
    if target.locked_at is None:
        return Refusal("not-locked", f"{release.service} in {release.environment} is not locked.", f"status {where}")
    if target.locked_by not in (None, release_id):
        standing = f"{target.locked_by} has locked it since; this message is about an older lock."
        return Refusal("stale-escalation", standing, f"status {where}")
    return release


def _told(reply: Answer, voice: Voice, done: str) -> Reply:
    if isinstance(reply, Refusal):
        return Reply(replies.refused(reply, voice), done=False, code=reply.code)
    said = voice.naming(voice.say("{text:600}", text=reply.text)) if _sentence(reply.text) else done
    return Reply(said, reply.release)


def _sentence(text: str) -> bool:
    return text.rstrip().endswith(".")


async def _deploy(command: commands.Deploy, visit: Visit) -> Reply:
    order = _wanted("deploy", command.service, command.environment, command.version, visit)
    return await _order(replace(order, only=command.only), visit)


async def _break_glass(command: commands.BreakGlass, visit: Visit) -> Reply:
    order = _wanted("deploy", command.service, command.environment, command.version, visit)
    return await _order(replace(order, break_glass=command.reason), visit)


async def _review(command: commands.Review, visit: Visit) -> Reply:
    reply = await visit.crew.review(command.service, command.environment, visit.person, command.reason)
    return _told(reply, visit.voice, "")


async def _rollback(command: commands.Rollback, visit: Visit) -> Reply:
    service, environment = command.service, command.environment
    if command.version in (await lineage(visit.store, service, environment)).left:
        standing_ = f"{command.version} was rolled away from; going forward again takes a release of its own."
        forward = f"deploy {service} {command.version} to {environment}"
        if is_commit_version(command.version):  # nobody can type that; a push brings it
            forward = f"history {service} {environment}"
        return _told(Refusal("not-a-way-back", standing_, forward), visit.voice, "")
    version = command.version or await _version_before(service, environment, visit)
    if version is None:
        standing_ = f"No version before the present one is known for {service} in {environment}."
        refusal = Refusal("nothing-to-roll-back-to", standing_, f"history {service} {environment}")
        return _told(refusal, visit.voice, "")
    return await _order(_wanted("rollback", service, environment, version, visit), visit)


async def _version_before(service: str, environment: str, visit: Visit) -> str | None:
    """Tell what ran before the newest release of a target; other components did not change with it.

    Where a later one may have left its traces on the hosts, that is what the registry still calls the current version.
    """
    deployed = await visit.store.deployments.of(service, environment)
    newest = max(deployed.values(), key=lambda one: (one.release != ADOPTED, one.release), default=None)
    if newest is None:
        return None
    recent = await visit.store.releases.recent(service, environment, HISTORY_LENGTH)
    later = takewhile(lambda one: one.id != newest.release and one.outcome is not Outcome.SUCCEEDED, recent)
    if any(map(_on_hosts, later)):
        before = newest.current
    else:  # what did not change with the newest release has an older one for its previous
        former = [one.previous for one in deployed.values() if one.release == newest.release and one.previous]
        before = max(former, key=lambda one: str(one.get("release", "")), default=None)
    return str(before["version"]) if before and before.get("version") else None


def _on_hosts(release: Release) -> bool:
    under_way = release.outcome is None and release.kind == "deploy" and release.stage in MOVING
    return under_way or release.outcome is Outcome.IN_DOUBT


def _wanted(kind: str, service: str, environment: str, version: str, visit: Visit) -> Order:
    return Order(kind, service, environment, version, visit.person, visit.origin, visit.key)


async def _order(order: Order, visit: Visit) -> Reply:
    reply = await visit.crew.open(order)
    if isinstance(reply, Refusal):
        return _told(reply, visit.voice, "")
    channel = visit.configuration.shipmate.slack.releases_channel
    return Reply(
        replies.ordered(order, reply.release, channel if visit.origin.channel else None, visit.voice),
        reply.release,
        ephemeral=False,
    )


async def _cancel(command: commands.Cancel, visit: Visit) -> Reply:
    """Stop one's own newest release of the target, or else the one that holds it."""
    under_way = await visit.store.releases.unfinished(command.service, command.environment)
    own = [release for release in under_way if release.requested_by == visit.person.id]
    chosen = max(own, key=lambda release: release.requested_at) if own else next(iter(under_way), None)
    if chosen is None:
        return _told(_nothing("nothing-to-cancel", "Nothing is under way", command), visit.voice, "")
    reply = await visit.crew.cancel(chosen.id, visit.person)
    done = visit.voice.say(
        "{version:80} ({id:code}) stops at its next safe point; what it had moved is put back.",
        version=chosen.version,
        id=chosen.id,
    )
    return _told(reply, visit.voice, done)


async def _lock(command: commands.Lock, visit: Visit) -> Reply:
    service, environment = command.service, command.environment
    span = commands.span_of(command.span) if command.span else None
    seconds = span.total_seconds() if span else None
    channel = visit.origin.channel
    wish = Wish(service, environment, visit.person.id, command.reason, seconds, visit.key, channel)
    return _told(await visit.crew.lock(wish, visit.person), visit.voice, "It is locked.")


async def _take_over(command: commands.TakeOver, visit: Visit) -> Reply:
    reply = await visit.crew.take_over(command.service, command.environment, visit.person)
    return _told(reply, visit.voice, "It is cut off; what it had moved is put back by another run, then it ends.")


async def _unlock(command: commands.Unlock, visit: Visit) -> Reply:
    service, environment = command.service, command.environment
    after_failures = (await visit.store.targets.get(service, environment)).locked_at
    if after_failures is None and await visit.store.locks.of(service, environment) is None:
        refusal = Refusal("not-locked", f"{service} in {environment} is not locked.", f"status {service} {environment}")
        return _told(refusal, visit.voice, "")
    reply = await visit.crew.unlock(service, environment, visit.person)
    return _told(reply, visit.voice, "It is unlocked and takes releases again.")


async def _acknowledge(command: commands.Acknowledge, visit: Visit) -> Reply:
    reply = await visit.crew.acknowledge(command.service, command.environment, visit.person)
    return _told(reply, visit.voice, "You take care of it; everybody can see that now.")


async def _approve(command: commands.Approve, visit: Visit) -> Reply:
    return await _by_word(command, "approved", "", visit)


async def _reject(command: commands.Reject, visit: Visit) -> Reply:
    return await _by_word(command, "rejected", command.reason, visit)


async def _by_word(command: commands.Approve | commands.Reject, choice: str, reason: str, visit: Visit) -> Reply:
    """Decide about the plan that the terminal has shown; in Slack the card's buttons know which plan that was."""
    if visit.origin.channel:
        standing_ = "In Slack a plan is decided with the buttons below it; nothing was decided by this."
        refusal = Refusal("use-the-card", standing_, "Open the card of the release and press its button.")
        return _told(refusal, visit.voice, "")
    for release in await visit.store.releases.unfinished(command.service, command.environment):
        question = await visit.store.decisions.latest(release.id)
        if question and question.choice is None:
            if isinstance(command, commands.Approve) and not _names(command.digest, question):
                return await _shown(release, command.digest, visit)
            reply = await visit.crew.decide(release.id, question.digest, visit.person, choice, reason)
            return _told(reply, visit.voice, replies.decided(release, question.digest, choice, visit.voice))
    return _told(_nothing("no-question", "No plan waits for an answer", command), visit.voice, "")


def _names(beginning: str, question: Question) -> bool:
    return bool(beginning) and question.digest.startswith(beginning)


async def _shown(release: Release, given: str, visit: Visit) -> Reply:
    """Show the plan that waits instead of approving it: nobody lets through what they may not have read."""
    waits = f"{release.service} {release.version} in {release.environment}"
    refusal = Refusal("plan-not-named", f"Approving {waits} takes the digest of the plan; this is the plan.", "")
    if given:
        refusal = Refusal("superseded", f"{waits} waits with another plan than {given[:12]}; this is the plan.", "")
    plan = question_text(fold(release, await visit.store.journal.of(release.id)), visit.voice)
    return Reply("\n".join([replies.refused(refusal, visit.voice), *plan]), done=False, code=refusal.code)


def _nothing(code: str, what: str, command: commands.Cancel | commands.Approve | commands.Reject) -> Refusal:
    where = f"{command.service} in {command.environment}"
    return Refusal(code, f"{what} for {where}.", f"status {command.service} {command.environment}")


async def _status(command: commands.Status, visit: Visit) -> Reply:
    bot, wanted = visit.configuration, (command.service, command.environment)
    found = await standing.standings(visit.store, bot.services, *wanted, bot.shipmate.freezes)
    return Reply(replies.status_text(found, visit.voice))


async def _history(command: commands.History, visit: Visit) -> Reply:
    past = await visit.store.releases.recent(command.service, command.environment, HISTORY_LENGTH)
    return Reply(replies.history_text(past, visit.voice))


async def _stats(command: commands.Stats, visit: Visit) -> Reply:
    found = await standing.standings(visit.store, visit.configuration.services, command.service)
    statistics = await visit.store.releases.statistics(command.service)
    told = replies.statistics_text(statistics, standing.failures_in_a_row(found), visit.voice)
    goals = await measured_goals(visit.store, visit.configuration.services, command.service)
    told += goals_text(goals, visit.voice)
    measured = await standing.coverage(visit.store, visit.configuration.services, command.service)
    return Reply(told + replies.coverage_text(measured.get(command.service or "", {}), visit.voice))


async def _report(command: commands.Report, visit: Visit) -> Reply:
    """Put together what `status`, `history` and `stats` tell."""
    where = (command.service, command.environment)
    running = await _status(commands.Status(*where), visit)
    past = await _history(commands.History(*where), visit)
    counted = await _stats(commands.Stats(command.service), visit)
    parts = (("What runs", running), (f"The last {HISTORY_LENGTH} releases", past), ("How releases ended", counted))
    return Reply("\n\n".join(f"{title}:\n{reply.text}" for title, reply in parts))


async def _help(_command: commands.Help, visit: Visit) -> Reply:
    return Reply(replies.help_text(visit.voice))


_ANSWERS: Mapping[type, Callable[[Any, Visit], Awaitable[Reply]]] = {
    commands.Deploy: _deploy,
    commands.BreakGlass: _break_glass,
    commands.Review: _review,
    commands.Rollback: _rollback,
    commands.Cancel: _cancel,
    commands.TakeOver: _take_over,
    commands.Lock: _lock,
    commands.Unlock: _unlock,
    commands.Acknowledge: _acknowledge,
    commands.Approve: _approve,
    commands.Reject: _reject,
    commands.Status: _status,
    commands.History: _history,
    commands.Stats: _stats,
    commands.Report: _report,
    commands.Help: _help,
}
