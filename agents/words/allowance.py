"""How often a model writes for people outside: whoever may open a pull request may also edit it all day."""

from dataclasses import dataclass, field

from tools.clock import Clock

WITHIN_SECONDS = 3600.0
MOST_FOR_ONE, MOST = 12, 120
"""Askings within that time: for one pull request, and for all of them."""


@dataclass(slots=True)
class Allowance:
    """What was asked lately; one per process."""

    clock: Clock
    _asked: list[tuple[float, str]] = field(default_factory=list)

    def take(self, what: str) -> bool:
        """Tell whether the model may be asked about something once more; a yes counts as asked."""
        now = self.clock.monotonic()
        self._asked = [(moment, about) for moment, about in self._asked if now - moment < WITHIN_SECONDS]
        if len(self._asked) >= MOST or sum(about == what for _, about in self._asked) >= MOST_FOR_ONE:
            return False
        self._asked.append((now, what))
        return True
