"""One thing that a bot needs: whether it is there, how that is known, and how to get it."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from tools.errors import ToolError

LIMIT = timedelta(seconds=15)
"""For one check."""


class State(StrEnum):
    """What a check found. Only `missing` keeps the bot from its work."""

    OK = "ok"
    MISSING = "missing"
    OPTIONAL = "optional"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report; everything but `ok` should carry a remedy."""

    name: str
    state: State
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The checks of one subject."""

    title: str
    checks: tuple[Check, ...]


def ok(name: str, detail: str = "") -> Check:
    """Say that it is there."""
    return Check(name, State.OK, detail)


def missing(name: str, detail: str, remedy: str) -> Check:
    """Say that something required is not there, or does not work."""
    return Check(name, State.MISSING, detail, remedy)


def optional(name: str, detail: str, remedy: str) -> Check:
    """Say that something is not there and that the bot works without it."""
    return Check(name, State.OPTIONAL, detail, remedy)


def unknown(name: str, detail: str, remedy: str = "") -> Check:
    """Say that it cannot be told."""
    return Check(name, State.UNKNOWN, detail, remedy)


async def settled(
    name: str, work: Awaitable[Check], limit: timedelta = LIMIT, at_worst: State = State.MISSING
) -> Check:
    """Wait for a check within its limit; whatever goes wrong becomes a check of the state `at_worst`."""
    try:
        async with asyncio.timeout(limit.total_seconds()):
            return await work
    except TimeoutError:
        detail = f"no answer within {limit.total_seconds():g} s"
        return Check(name, at_worst, detail, "Check the network and the load of the machines, then try again.")
    except ToolError as error:
        return Check(name, at_worst, f"{error.happened} {error.standing}".strip(), error.remedy)
    except Exception as error:  # noqa: BLE001 - one broken check must not hide what all the others found
        detail = f"the check itself failed: {type(error).__name__}: {error}"
        return Check(name, at_worst, detail, "Report this line as a fault of Shipmate.")
