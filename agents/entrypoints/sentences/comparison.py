"""What is said of a canary: who is compared with whom, how it stands, and the numbers."""

from collections.abc import Mapping

from agents import events
from agents.entrypoints import figures
from agents.entrypoints.voice import Say, Voice


def _compared(event: events.Compared, voice: Voice) -> str:
    """Say how the canaries stand beside the others, with every comparison below it."""
    side = voice.say(
        "Canary {canaries:120} beside {others:160}",
        canaries=", ".join(event.canaries),
        others=", ".join(event.others),
    )
    lines = [voice.say("{line:200}", line=line) for line in event.told]
    return "\n".join((f"{side}: {_standing(event)}", *lines))


def _standing(event: events.Compared) -> str:
    if not event.standing:
        return f"compared for {figures.duration(event.seconds)} of {figures.duration(event.window_seconds)}."
    told = {"worse": "WORSE", "unclear": "not enough requests to tell"}.get(event.standing, event.standing)
    onward = "it gets all requests" if event.alone else "the other hosts follow"
    then = onward if event.goes_on else "it goes back"
    return f"{told} after {figures.duration(event.seconds)}, so {then}."


SENTENCES: Mapping[type, Say] = {
    events.Compared: _compared,
}
