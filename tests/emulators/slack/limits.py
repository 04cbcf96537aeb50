"""Slack's rate limits: per method, and per channel for posting."""

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from tools.clock import Clock


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `calls` in any window of `seconds`; `per_channel` counts each channel by itself."""

    calls: int
    seconds: float
    per_channel: bool = False


TIER_2 = RateLimit(20, 60)
TIER_3 = RateLimit(50, 60)
TIER_4 = RateLimit(100, 60)

PUBLISHED_LIMITS: Mapping[str, RateLimit] = {
    "chat.postMessage": RateLimit(1, 1, per_channel=True),
    "chat.update": TIER_3,
    "chat.delete": TIER_3,
    "chat.postEphemeral": TIER_4,
    "conversations.history": TIER_3,
    "conversations.replies": TIER_3,
    "conversations.info": TIER_3,
    "users.info": TIER_4,
    "usergroups.users.list": TIER_2,
    "usergroups.list": TIER_2,
    "views.open": TIER_4,
    "views.update": TIER_4,
    "views.push": TIER_4,
    "views.publish": TIER_4,
    "reactions.add": TIER_3,
    "files.getUploadURLExternal": TIER_4,
    "files.completeUploadExternal": TIER_4,
    "apps.connections.open": TIER_3,
}


class Meter:
    """Counts calls in sliding windows."""

    def __init__(self, limits: Mapping[str, RateLimit], clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._seen: dict[tuple[str, Any], deque[float]] = defaultdict(deque)
        self.refused = 0

    def seconds_to_wait(self, method: str, channel: Any) -> int:
        """Count a call and return 0, or return the whole seconds after which it would be let through."""
        limit = self._limits.get(method)
        if limit is None:
            return 0
        now = self._clock.monotonic()
        seen = self._seen[method, channel if limit.per_channel else None]
        while seen and seen[0] <= now - limit.seconds:
            seen.popleft()
        if len(seen) < limit.calls:
            seen.append(now)
            return 0
        self.refused += 1
        return max(1, ceil(seen[0] + limit.seconds - now))
