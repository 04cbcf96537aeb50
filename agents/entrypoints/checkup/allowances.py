"""Exceptions from the rules against written-out secrets and known weaknesses: those that ended, or soon do."""

from collections.abc import Iterator
from datetime import date, timedelta

from agents.entrypoints.checkup.check import Check, optional
from agents.entrypoints.figures import count
from config.service import Service
from config.shipmate import Configuration

SOON = timedelta(days=14)


def allowance_checks(configuration: Configuration, today: date) -> tuple[Check, ...]:
    """Look at the entries of every service; nothing where all of them hold for a while."""
    return tuple(check for service in configuration.services.values() for check in _entries(service, today))


def advisory_checks(configuration: Configuration, today: date) -> tuple[Check, ...]:
    """Look at the known weaknesses that may stay; nothing where all of the entries hold for a while."""
    return tuple(check for service in configuration.services.values() for check in _advisories(service, today))


def _advisories(service: Service, today: date) -> Iterator[Check]:
    """Entries of suites that read no audit allow nothing, and end unnoticed."""
    audits = {name: suite for name, suite in service.suites.items() if suite.npm_audit or suite.pip_audit}
    for name, suite in audits.items():
        for one in suite.advisories.allowed:
            left = (one.expires - today).days
            if left <= SOON.days:
                when = f"ends on {one.expires}" if left >= 0 else f"ended on {one.expires} and allows nothing any more"
                remedy = "Update the package and take the entry out of `advisories.allowed`, or set a later `expires`."
                yield optional(f"{service.service}, {one.id} in suite {name}", when, remedy)


def _entries(service: Service, today: date) -> Iterator[Check]:
    for one in service.allowed_secrets:
        name = f"{service.service}, {one.key} in {one.path}"
        left = (one.expires - today).days
        if left < 0:
            remedy = "Take the value out of the file and the entry out of `allowed_secrets`, or set a later `expires`."
            yield optional(name, f"ended on {one.expires} and allows nothing any more", remedy)
        elif left <= SOON.days:
            when = f"in {count(left, 'day')}" if left else "today"
            remedy = "Take the value out of the file before, or set a later `expires`; after that day it blocks."
            yield optional(name, f"ends on {one.expires}, {when}", remedy)
