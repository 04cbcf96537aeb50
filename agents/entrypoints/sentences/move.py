"""What is said of what was done to hosts and clusters, how it runs there, and what was put back."""

from collections.abc import Mapping

from agents import events
from agents.entrypoints import figures
from agents.entrypoints.facts import condition_lines
from agents.entrypoints.sentences.cause import cause
from agents.entrypoints.sentences.excerpts import few, log
from agents.entrypoints.voice import Say, Voice

_MOST_CHECKS = 12
"""Of more, those that failed are told first."""


def _backed_up(event: events.BackedUp, voice: Voice) -> str:
    """Say what was saved, how far it is of one moment, and how it is put back."""
    what = voice.say("{what:300} on {host:60}", what=", ".join(event.what), host=event.host)
    told = f"Saved before anything was touched, and read back: {what}, {figures.size(event.size_bytes)}"
    told = f"{told} ({figures.duration(event.seconds)})."
    moment = "" if event.stopped else " It ran meanwhile: files that belong together may be from different moments."
    back = voice.say("{line:code}", line=f"./shipmate {event.command}")
    return f"{told}{moment} " + voice.say("It lies in {place:code}. To put it back: ", place=event.directory) + back


def _moved(event: events.Moved, voice: Voice) -> str:
    return voice.say(
        "{component:60} on {host:60} now runs {after:160}, before: {before:160} ({took}).",
        component=event.component,
        host=event.host,
        after=event.after,
        before=event.before or "nothing",
        took=figures.duration(event.seconds),
    )


def _settled(event: events.Settled, voice: Voice) -> str:
    where = voice.say("{component:60} on {host:60}", component=event.component, host=event.host)
    took = figures.duration(event.seconds)
    if event.healthy:
        return f"{where} is healthy after {took}."
    return f"{where} is NOT healthy after {took}: {cause(event.cause, voice)}{log(event.log_tail, voice)}"


def _synced(event: events.Synced, voice: Voice) -> str:
    where = voice.say("{place:60}: {standing:200}", place=event.place, standing=event.standing)
    return f"{where} ({figures.duration(event.seconds)})."


def _checked(event: events.Checked, voice: Voice) -> str:
    bad = sum(check.met is False for check in event.checks)
    told = f"{bad} of {figures.count(len(event.checks), 'check')} failed" if bad else "All checks passed"
    many = len(event.checks) > _MOST_CHECKS
    checks = sorted(event.checks, key=lambda check: check.met is not False) if many else event.checks
    return "\n".join((f"{told}:", *few(list(condition_lines(checks, voice)), _MOST_CHECKS)))


def _watched(event: events.Watched, voice: Voice) -> str:
    pace = ""
    if event.median_ms is not None:
        before = f" (before: {event.baseline_ms:.0f} ms)" if event.baseline_ms is not None else ""
        pace = f", median {event.median_ms:.0f} ms{before}"
    where = voice.say("{component:60} on {host:60}, ", component=event.component, host=event.host) if event.host else ""
    told = f"Watched {where}{figures.count(event.samples, 'sample')}{pace}: "
    lines = [voice.say("{line:200}", line=line) for line in event.measured]
    if not event.alarms:
        return "\n".join((f"{told}no alarm.", *lines))
    alarms = "; ".join(voice.say("{alarm:200}", alarm=alarm) for alarm in event.alarms)
    return "\n".join((f"{told}{alarms}", *lines))


def _rescued(event: events.Rescued, voice: Voice) -> str:
    what = voice.say(
        "{files} that only {container:120} on {host:60} had",
        files=figures.count(event.files, "file"),
        container=event.container,
        host=event.host,
    )
    if event.fault:
        return f"Could NOT save {what}: " + voice.say("{fault:600}", fault=event.fault)
    told = voice.say("{archive:code}", archive=event.archive)
    back = voice.say("{line:code}", line=f"docker cp - {event.container}:/ < {event.archive}")
    return f"Saved {what}: {told} ({figures.size(event.size_bytes)}). To put it back: {back}."


def _rolled_back(event: events.RolledBack, voice: Voice) -> str:
    where = {"component": event.component, "host": event.host, "to": event.to or "nothing"}
    detail = voice.say(" {detail}", detail=event.detail) if event.detail else ""
    if event.healthy:
        took = figures.duration(event.seconds)
        return voice.say("{component:60} on {host:60} is back at {to:160}, healthy", **where) + f" ({took}).{detail}"
    later = " It is put back as soon as it answers again." if event.away else ""
    return voice.say("{component:60} on {host:60} could NOT be brought back to {to:160}.", **where) + detail + later


def _returned(event: events.Returned, voice: Voice) -> str:
    """Say what a host that was away runs now, and whether the lock may be taken off."""
    where = {"component": event.component, "host": event.host, "to": event.to or "nothing"}
    detail = voice.say(" {detail}", detail=event.detail) if event.detail else ""
    if not event.healthy:
        told = voice.say("{host:60} answers again, and {component:60} could NOT be brought back to {to:160}.", **where)
        return f"{told}{detail} Leave the lock on, and look at that host."
    told = voice.say("{host:60} answers again: {component:60} was put back to {to:160} there, healthy", **where)
    told = f"{told} ({figures.duration(event.seconds)}).{detail}"
    if event.astray:
        still = voice.say("{astray:300}", astray=", ".join(event.astray))
        return f"{told} Leave the lock on: not as recorded yet: {still}."
    return f"{told} Everything runs as it was recorded, on every host: the lock may be taken off."


SENTENCES: Mapping[type, Say] = {
    events.BackedUp: _backed_up,
    events.Moved: _moved,
    events.Settled: _settled,
    events.Synced: _synced,
    events.Checked: _checked,
    events.Watched: _watched,
    events.Rescued: _rescued,
    events.RolledBack: _rolled_back,
    events.Returned: _returned,
}
