"""The way back, as the card tells it before anybody approves: how it was proved, what it takes and leaves. Pure."""

from collections.abc import Iterator

from agents.entrypoints import figures
from agents.entrypoints.voice import Voice
from guardrails.plan import Plan, WayBack


def rollback_line(plan: Plan, voice: Voice) -> str:
    """Say in one line whether every place can be put back, and to what."""
    former = sorted({_name(step.before.called) for step in plan.steps if step.before})
    if plan.can_roll_back:
        return voice.say("Rollback: possible, to {former:100}", former=", ".join(former) or "nothing: a first deploy")
    reasons = "; ".join(f"{way.place}: {way.reason}" for way in plan.ways_back if not way.possible)
    return voice.say("Rollback: NOT possible. {reasons:300}", reasons=reasons or "It was not proved for every place.")


def way_back_lines(plan: Plan, voice: Voice) -> Iterator[str]:
    """Tell for every place how it was proved and what it takes, alike ones together; then what is not undone."""
    alike: dict[str, list[str]] = {}
    for way in plan.ways_back:
        if told := _proof(way, voice):
            alike.setdefault(told, []).append(way.place)
    for told, places in alike.items():
        yield voice.say("{places:120}: {told:ours}", places=", ".join(places), told=told)
    for lost in dict.fromkeys(one for way in plan.ways_back for one in way.lost):
        yield voice.say("Not undone: {lost:240}", lost=lost)


def _proof(way: WayBack, voice: Voice) -> str:
    reason = voice.say("{reason:240}", reason=way.reason) if way.reason else ""
    takes = f"expected to take {figures.span(way.takes)}" if way.takes is not None else ""
    return "; ".join(part for part in (reason, takes) if part)


def _name(called: str) -> str:
    """Shorten what has no other name than its digest."""
    return figures.digest(called) if called.startswith("sha256:") else called
