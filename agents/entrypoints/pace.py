"""How fast one may talk: Slack's published limits, kept beforehand instead of run into."""

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass

EVERYTHING = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `calls` in any `seconds`."""

    calls: int
    seconds: float


POSTS = Limit(1, 1.05)
"""New messages, for each channel by itself."""
LIMITS: Mapping[str, Limit] = {"edit": Limit(45, 60), "find": Limit(40, 60)}
"""Over all channels; Slack allows 50 of each, the rest is left to whatever else happens."""


class Pace:
    """Sliding windows of what was said, by the seconds of a monotonic clock."""

    def __init__(self, limits: Mapping[str, Limit] = LIMITS, posts: Limit = POSTS) -> None:
        self._limits = limits
        self._posts = posts
        self._said: dict[str, deque[float]] = defaultdict(deque)
        self._silent_until: dict[str, float] = {}

    def wait(self, what: str, now: float) -> float:
        """Tell how many seconds must pass before `what` may be said; 0: now."""
        limit = self._limits.get(what, self._posts)
        said = self._said[what]
        while said and said[0] <= now - limit.seconds:
            said.popleft()
        window = said[-limit.calls] + limit.seconds - now if len(said) >= limit.calls else 0.0
        return max(0.0, window, *(self._silent_until.get(one, now) - now for one in (what, EVERYTHING)))

    def note(self, what: str, now: float) -> None:
        """Count something that was said."""
        self._said[what].append(now)

    def silence(self, seconds: float, now: float, what: str = EVERYTHING) -> None:
        """Say nothing of a kind for a while; nothing at all where no kind is given."""
        self._silent_until[what] = max(self._silent_until.get(what, now), now + seconds)
