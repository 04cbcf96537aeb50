"""When somebody is to be reminded of an escalation that nobody takes care of, and who."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from config.escalation import EscalationSettings


def until_next(
    told_at: datetime, sent: Sequence[datetime], settings: EscalationSettings, now: datetime
) -> timedelta | None:
    """Tell how long it is until the next reminder, nothing when it is due; None when there will be none.

    Each counts from the one before, so that a bot that was away makes up for one, not for all.
    """
    if len(sent) >= settings.remind_at_most:
        return None
    return max(timedelta(), max((told_at, *sent)) + settings.remind_every - now)


def next_owner(number: int, owners: Sequence[str]) -> str:
    """Name whom the nth reminder calls: the owners in turn; empty where there is none."""
    return owners[(number - 1) % len(owners)] if owners else ""
