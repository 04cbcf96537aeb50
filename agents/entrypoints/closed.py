"""What keeps releases away from a target, and the way out of each, as the status tells it. Pure."""

from collections.abc import Iterator

from agents.entrypoints import figures
from agents.entrypoints.standing import Standing
from agents.entrypoints.voice import Voice
from agents.entrypoints.words import next_command

_STILL = "rollbacks go through, and so does break-glass"


def closed_lines(standing: Standing, voice: Voice) -> Iterator[str]:
    """Tell what keeps releases away now, how it ends, what will, and whether a run hangs."""
    yield from _by_hand(standing, voice)
    yield from _by_freeze(standing, voice)
    yield from _by_silence(standing, voice)
    yield from _after_failures(standing, voice)


def _by_hand(standing: Standing, voice: Voice) -> Iterator[str]:
    lock = standing.lock
    if lock:
        until = voice.say(" until {when:when}", when=lock.until) if lock.until else ""
        yield voice.say("LOCKED by {who:who}{until:ours}: {why:200}", who=lock.by, until=until, why=lock.reason)
        yield f"to end it: {_unlock(standing, voice)}; until then {_STILL}"


def _by_freeze(standing: Standing, voice: Voice) -> Iterator[str]:
    frozen, coming = standing.frozen, standing.coming
    if frozen:
        until = voice.say(" until {when:when}", when=frozen.until) if frozen.until else ", no end in sight"
        yield voice.say("FROZEN{until:ours}: {why:200}", until=until, why=frozen.reason)
        yield f"it ends by itself, or by a change of the configuration; until then {_STILL}"
    elif coming:
        yield voice.say(
            "next freeze {begins:when} to {ends:when}: {why:200}",
            begins=coming.begins,
            ends=coming.ends,
            why=coming.reason,
        )


def _by_silence(standing: Standing, voice: Voice) -> Iterator[str]:
    lease = standing.lease
    if lease and standing.silent:
        takeover = next_command(f"takeover {lease.service} {lease.environment}", voice)
        told = "no sign of life of {id:code} since {when:when}; where a bot runs, {takeover:ours} cuts it off"
        yield voice.say(told, id=lease.release, when=lease.heartbeat, takeover=takeover)


def _after_failures(standing: Standing, voice: Voice) -> Iterator[str]:
    """Tell of the lock after failures; neither a freeze nor an emergency goes past it, only a rollback."""
    target = standing.target
    if target.locked_at is None:
        return
    taken = f", {voice.mention(target.acknowledged_by)} takes care" if target.acknowledged_by else ""
    failures = figures.count(target.failures, "failure")
    told = voice.say("LOCKED since {when:when} after {failures} in a row", when=target.locked_at, failures=failures)
    yield f"{told}{taken}"
    take = next_command(f"acknowledge {target.service} {target.environment}", voice)
    first = "" if target.acknowledged_by else f"to take care of it: {take}; "
    yield f"{first}to let releases in again: {_unlock(standing, voice)}; until then rollbacks go through"


def _unlock(standing: Standing, voice: Voice) -> str:
    command = next_command(f"unlock {standing.target.service} {standing.target.environment}", voice)
    return f"{command} (by {voice.called(standing.keepers)})" if standing.keepers else command
