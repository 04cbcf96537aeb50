"""How images came to the hosts, for people. Pure."""

from collections.abc import Iterator, Sequence

from agents.entrypoints import figures
from agents.entrypoints.voice import Voice
from agents.events import ArrivalLine, Shipped

_SAID = {
    "pull": "pulled by {hosts:200}",
    "own": "pulled on {hosts:200}, with the bot's login",
    "tunnel": "pulled by {hosts:200} through the SSH connection, {size} sent",
    "copy": "sent as a copy to {hosts:200}, {size}",
}


def shipped(event: Shipped, voice: Voice) -> str:
    """Tell by which way images came where they were not yet, and why not by the way before it."""
    return "\n".join((f"Images came to the hosts ({figures.duration(event.seconds)}):", *arrival_lines(event, voice)))


def arrival_lines(event: Shipped, voice: Voice) -> Iterator[str]:
    """Tell each way once, with what came by it and where to."""
    for way, why in sorted({(one.way, one.why) for one in event.arrivals}):
        yield _line([one for one in event.arrivals if (one.way, one.why) == (way, why)], voice)


def _line(came: Sequence[ArrivalLine], voice: Voice) -> str:
    hosts = ", ".join(sorted({one.host for one in came}))
    what = ", ".join(sorted({one.component for one in came}))
    size = figures.size(sum(one.sent_bytes or 0 for one in came))
    told = voice.say(
        "Shipped {what:100}: " + _SAID.get(came[0].way, "to {hosts:200}"), what=what, hosts=hosts, size=size
    )
    why = voice.say(", because {why:200}", why=came[0].why.rstrip(".")) if came[0].why else ""
    return f"{told}{why}."
