"""What an order becomes: a release that stands at its beginning. Pure."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from agents.answers import Order
from agents.events import Opened
from agents.triggers import MANUAL
from tools.history.releases import Release, Status

BEFORE = frozenset({Status.PENDING, Status.HELD, Status.QUEUED})
"""A release that stands so has not begun."""
MOVING = frozenset({"deploy", "verify", "roll_back", "escalate"})
"""The stages of a release that may have touched hosts."""


def opened(release: Release) -> Opened:
    """Tell what was asked for."""
    place = (release.service, release.environment, release.version)
    return Opened(release.kind, *place, release.requested_by, release.trigger, release.branch, release.only)


def overtakes(later: Release, release: Release) -> bool:
    """Tell whether a release makes an earlier one pointless: GitHub set off both, or it is an emergency."""
    both = release.trigger != MANUAL != later.trigger
    urgent = later.break_glass is not None and release.break_glass is None and release.kind != "rollback"
    return (both or urgent) and (later.requested_at, later.id) > (release.requested_at, release.id)


def next_in(line: Sequence[Release]) -> tuple[Release, ...]:
    """Tell who begins now in a line whose first holds the target: the first, or analyses while people decide about it.

    A test run waits for its turn: an approved release would have to wait for its end.
    """
    if not line or line[0].status is Status.QUEUED:
        return tuple(line[:1])
    analyses = (one for one in line[1:] if one.status is Status.QUEUED and one.only == "analyze")
    return tuple(analyses) if line[0].status is Status.WAITING else ()


def _origin(order: Order) -> dict[str, str]:
    origin = {"channel": order.origin.channel, "thread": order.origin.thread, "branch": order.branch}
    wishes = {"break_glass": order.break_glass, "only": order.only or None}
    return origin | {name: wish for name, wish in wishes.items() if wish is not None}


def release_of(order: Order, now: datetime) -> Release:
    """Make a release of an order, as it is before anything has happened."""
    suffix = hashlib.sha256(order.key.encode()).hexdigest()[:7]
    return Release(
        id=f"{now:%Y%m%d-%H%M%S}-{suffix}",
        request=order.key,
        kind=order.kind,
        service=order.service,
        environment=order.environment,
        version=order.version,
        trigger=order.trigger,
        requested_by=order.person.id,
        origin=_origin(order),
        requested_at=now,
        status=Status.PENDING if order.after_checks else Status.QUEUED,
        stage="",
        finished_at=None,
        outcome=None,
        cause="",
        commit=order.commit,
        from_version="",
        cancelled_by=None,
    )
