"""What cannot be meant about how a new version takes over, although every key has the right shape."""

from collections.abc import Iterator

from config.contradiction import Contradiction
from config.document import Location
from config.targets import ComposeTarget


def strategy_contradictions(at: Location, target: ComposeTarget) -> Iterator[Contradiction]:
    """Object to a canary that cannot be compared, and to what is said of a strategy that is not taken."""
    here = (*at, "target")
    yield from _canary((*here, "canary"), target)
    yield from _without_effect(here, target)


def _canary(here: Location, target: ComposeTarget) -> Iterator[Contradiction]:
    canary = target.canary
    if target.share_percent and (target.proxy is None or target.proxy.kind == "labels"):
        yield Contradiction((*here, "share"), "needs a `proxy` that knows weights: haproxy, nginx or caddy")
    if target.canaries >= len(target.hosts) + bool(target.share_percent):
        message = "is not fewer than the hosts there are; a canary needs others to be compared with"
        yield Contradiction((*here, "hosts"), message)
    if canary.every > canary.window:
        yield Contradiction((*here, "every"), "is longer than the window; nothing would be compared")
    elif target.strategy == "canary" and _most_answers(target) < canary.answers:
        message = (
            f"is more than the {_most_answers(target)} that one version is asked for in the window, so nothing could "
            "ever be concluded; make the window longer, or `requests` more"
        )
        yield Contradiction((*here, "answers"), message)


def _most_answers(target: ComposeTarget) -> int:
    """Count what the smaller of both sides is asked at one address while the comparison lasts."""
    canary = target.canary
    seats = 1 if target.share_percent else max(1, min(target.canaries, len(target.hosts) - target.canaries))
    return (canary.window // canary.every) * canary.requests * seats


def _without_effect(here: Location, target: ComposeTarget) -> Iterator[Contradiction]:
    """Object to what is written and never read; `canary` is let pass with `recreate`, where it may stand in wait."""
    unread = {"recreate": ("proxy", "rolling"), "rolling": ("canary",), "canary": ()}[target.strategy]
    for key in unread:
        if key in target.model_fields_set and getattr(target, key) is not None:
            message = f"has no effect with `strategy: {target.strategy}`; take it out, or name the strategy it is for"
            yield Contradiction((*here, key), message)
