"""The first seconds of a new container: it is healthy, said that it started, and has what it needs."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

from config.contracts import Startup
from guardrails.verdict import Finding, Level, Verdict

_SYNCHRONISE = "Synchronise the host's clock: `timedatectl set-ntp true`."
_SHOWN_LINES = 3
_SHOWN_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class Started:
    """What was measured after a start; None: it could not be measured."""

    container: str
    healthy: bool | None
    log: str | None
    """The log since the start, secrets already redacted."""
    clock_drift: timedelta | None
    """None only warns: a container shares its host's clock unless something fakes it."""
    missing_paths: Collection[str] | None
    """Those of the declared `must_exist` paths that the host does not have."""
    host_drift: timedelta | None = None
    """How far the host's clock is from the bot's; ahead is positive."""


def started_well(seen: Started, startup: Startup) -> Verdict:
    """Judge a start by what was measured; what could not be measured counts against it."""
    return Verdict.of((*_health(seen), *_log(seen, startup), *_clock(seen, startup), *_paths(seen)))


def _health(seen: Started) -> Iterator[Finding]:
    if seen.healthy is not True:
        state = "is not healthy" if seen.healthy is False else "has a state that nobody could read"
        yield _finding("start-unhealthy", seen, f"The container {state}.", "Read the end of its log.")


def _log(seen: Started, startup: Startup) -> Iterator[Finding]:
    if seen.log is None:
        yield _finding("start-log-unread", seen, "The log could not be read.", "Check the container's logging driver.")
        return
    fatal = [line.strip() for line in seen.log.splitlines() if re.search(startup.fatal, line)]
    if fatal:
        shown = " | ".join(line[:_SHOWN_CHARACTERS] for line in fatal[:_SHOWN_LINES])
        message = f"The log has {len(fatal)} fatal line(s): {shown}"
        yield _finding("start-fatal-line", seen, message, "Fix what the line names, then release again.")
    if startup.line and not re.search(startup.line, seen.log, re.MULTILINE):
        message = f"The log never showed the start-up line /{startup.line}/."
        yield _finding("start-line-missing", seen, message, "Check whether the program got through its start.")


def _clock(seen: Started, startup: Startup) -> Iterator[Finding]:
    if seen.clock_drift is None:
        yield Finding(
            rule="clock-unknown",
            subject=seen.container,
            message="The container has no program that could tell its time.",
            remedy="Add `date` to the image, if the program depends on the right time.",
            level=Level.WARNING,
        )
    elif abs(seen.clock_drift) > startup.clock_drift:
        drift = abs(seen.clock_drift).total_seconds()
        message = (
            f"Host and container clocks differ by {drift:.1f} s (limit {startup.clock_drift.total_seconds():g} s)."
        )
        yield _finding("clock-drift", seen, message, _SYNCHRONISE)
    if seen.host_drift is not None and abs(seen.host_drift) > startup.clock_drift:
        way = "ahead of" if seen.host_drift > timedelta() else "behind"
        message = (
            f"The host's clock is {abs(seen.host_drift).total_seconds():.0f} s {way} the bot's; one of them is wrong."
        )
        yield Finding("clock-host", seen.container, message, _SYNCHRONISE, level=Level.WARNING)


def _paths(seen: Started) -> Iterator[Finding]:
    if seen.missing_paths is None:
        yield _finding(
            "paths-unknown", seen, "The host's files could not be listed.", "Check the rights of the SSH user."
        )
    for path in seen.missing_paths or ():
        message = f"{path} must exist after a start, and does not."
        yield _finding("path-missing", seen, message, f"Check the mount behind {path} and what the program writes.")


def _finding(rule: str, seen: Started, message: str, remedy: str) -> Finding:
    return Finding(rule=rule, subject=seen.container, message=message, remedy=remedy)
