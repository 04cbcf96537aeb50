"""Freezes: which windows hold now, which come next, and targets that never thaw."""

from collections.abc import Iterator
from datetime import UTC, datetime

from agents.entrypoints.checkup.check import Check, ok, optional
from agents.holds import freezes_of
from config.shipmate import Configuration
from guardrails.freezes import frozen_at, next_freeze


def freeze_checks(configuration: Configuration, now: datetime) -> tuple[Check, ...]:
    """Look at the calendar of every target; nothing where none has one."""
    places = [(service.service, name) for service in configuration.services.values() for name in service.environments]
    return tuple(check for place in places for check in _target(configuration, *place, now))


def _target(configuration: Configuration, service: str, environment: str, now: datetime) -> Iterator[Check]:
    freezes, name = freezes_of(configuration, service, environment), f"{service} in {environment}"
    frozen, coming = frozen_at(freezes, now), next_freeze(freezes, now)
    if frozen and frozen.until is None:
        remedy = "Leave a pause between the windows under `freezes`, or take one out."
        yield optional(name, f"frozen, and no end is in sight: {frozen.reason}", remedy)
    elif frozen:
        yield ok(name, f"frozen until {_at(frozen.until)}: {frozen.reason}")
    elif coming:
        yield ok(name, f"next freeze {_at(coming.begins)} to {_at(coming.ends)}: {coming.reason}")


def _at(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%a %Y-%m-%d %H:%M} UTC" if moment else ""
