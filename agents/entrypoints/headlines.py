"""Where a release stands and what to do next, in a line or two: the top and the bottom of every card."""

from collections.abc import Mapping

from agents import events
from agents.entrypoints import figures
from agents.entrypoints.sentences.cause import cause
from agents.entrypoints.sentences.line import DOING, ONLY
from agents.entrypoints.view import ReleaseView
from agents.entrypoints.voice import Voice
from agents.entrypoints.words import next_command
from tools.history.releases import Outcome

HEADLINES: Mapping[Outcome, str] = {
    Outcome.SUCCEEDED: "{what} runs",
    Outcome.SKIPPED: "{what}: nothing to do",
    Outcome.CHECKED: "{what}: done as far as asked, nothing was deployed",
    Outcome.REFUSED: "{what}: refused, nothing was touched",
    Outcome.REJECTED: "{what}: rejected, nothing was touched",
    Outcome.EXPIRED: "{what}: nobody decided in time, nothing was touched",
    Outcome.CANCELLED: "{what}: cancelled",
    Outcome.FAILED: "{what}: failed",
    Outcome.ROLLED_BACK: "{what}: failed and was rolled back",
    Outcome.IN_DOUBT: "{what}: IN DOUBT, look at the hosts",
}
_WAYS_ON: Mapping[Outcome, str] = {
    Outcome.CHECKED: "deploy {service} {version} to {environment}",
    Outcome.SUCCEEDED: "rollback {service} in {environment}",
    Outcome.EXPIRED: "deploy {service} {version} to {environment}",
    Outcome.REJECTED: "history {service} {environment}",
    Outcome.CANCELLED: "status {service} {environment}",
    Outcome.IN_DOUBT: "status {service} {environment}",
    Outcome.FAILED: "history {service} {environment}",
    Outcome.ROLLED_BACK: "history {service} {environment}",
}
"""The next command that makes sense after an end."""
OWES_NOTHING = "No review is owed, since nothing was touched."


def what(view: ReleaseView, voice: Voice) -> str:
    """Name a release: service, version, environment."""
    release = view.release
    back = release.kind == "rollback"
    template = (
        "Rollback of {service:60} to {version:80} in {environment:60}"
        if back
        else "{service:60} {version:80} in {environment:60}"
    )
    name = voice.say(template, service=release.service, version=release.named, environment=release.environment)
    return name + ONLY.get(release.only, "")


def headline(view: ReleaseView, voice: Voice) -> str:
    """Say where a release stands, in one line."""
    name = what(view, voice)
    if view.outcome is not None:
        return HEADLINES[view.outcome].replace("{what}", name)
    if waits := _waits(view, voice):
        return f"{name}: {waits}"
    stage = view.stage
    if stage is None:
        return f"{name}: {'under way' if view.one(events.Entered) else 'starting'}"
    return f"{name}: {DOING.get(stage.name, stage.name)}"


def _waits(view: ReleaseView, voice: Voice) -> str:
    """Say what the release waits for; empty where it moves."""
    if view.open_question:
        return "waiting for approval"
    if held := view.held_back:
        until = voice.say(" until {when:when}", when=held.until) if held.until else ""
        return f"held back by {'a lock' if held.code == 'locked' else 'a freeze'}{until}"
    if view.waits_for_checks:
        return "waiting for the checks of its commit"
    return "waiting in line" if view.waits_in_line else ""


def way_on(view: ReleaseView, voice: Voice) -> str:
    """Say how long it took, why it ended so, and what can be typed next; empty while it is under way."""
    if view.outcome is None:
        return ""
    finished = view.one(events.Finished)
    took = f"Took {figures.duration(finished.seconds)}." if finished and finished.seconds else ""
    because = cause(view.cause, voice)
    release = view.release
    command = "" if release.branch and view.outcome is Outcome.EXPIRED else _WAYS_ON.get(view.outcome, "")
    filled = command.format(service=release.service, environment=release.environment, version=release.version)
    after = {Outcome.SUCCEEDED: "Way back"}.get(view.outcome, "Next")
    why = f"Why: {because}" if because else ""
    told = [took, why, _review(view), f"{after}: {next_command(filled, voice)}" if filled else ""]
    return "\n".join(filter(None, told))


def _review(view: ReleaseView) -> str:
    """Take back what the announcement of an emergency promises, where no plan was made that could touch anything."""
    return OWES_NOTHING if view.one(events.GlassBroken) and view.one(events.Planned) is None else ""
