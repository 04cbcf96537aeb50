"""Who is at home here, and who is in which user group: as Slack tells, or as declared while Slack does not."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from weakref import WeakValueDictionary

from guardrails.approval import GROUP
from tools.clock import Clock
from tools.errors import ToolError

log = logging.getLogger(__name__)

KEPT, ASKED_AGAIN = timedelta(seconds=60), timedelta(seconds=10)
"""How long Slack's answer counts, and after what time without one Slack is asked again."""
ANSWER_WITHIN = timedelta(seconds=3)
"""How long all groups together are waited for; shorter than `ASKED_AGAIN`, or a silent Slack would slow every command.
"""
Tell = Callable[[str], Awaitable[frozenset[str]]]
"""Asks Slack for the members of a group; raises a `ToolError` where it does not tell."""


@dataclass(frozen=True, slots=True)
class Rolls:
    """Who is in which user group; of those `untold` nobody knows, so nobody counts as in them."""

    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    untold: frozenset[str] = frozenset()

    def of(self, identities: frozenset[str]) -> frozenset[str]:
        """Tell the groups that a human is in, by any identity."""
        return frozenset(group for group, members in self.members.items() if members & identities)


@dataclass(slots=True)
class Membership:
    """One per crew. `home` and `tell` are set when Slack connects."""

    clock: Clock
    declared: Mapping[str, Sequence[str]] = field(default_factory=dict)
    home: str = "home"
    """The workspace whose members may speak to the crew."""
    tell: Tell | None = None
    within: timedelta = ANSWER_WITHIN
    _answers: dict[str, tuple[float, frozenset[str] | None]] = field(default_factory=dict)
    """Group -> until when it counts, and Slack's answer; None where there was none."""
    _locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    """Of one group Slack is asked once, however many want to know it."""

    async def rolls(self, names: Iterable[str]) -> Rolls:
        """Tell who is in the groups among some names."""
        groups = sorted(set(filter(GROUP.fullmatch, names)))
        found = dict(zip(groups, await asyncio.gather(*map(self._members, groups)), strict=True))
        known = {group: members for group, members in found.items() if members is not None}
        return Rolls(known, frozenset(found.keys() - known.keys()))

    async def _members(self, group: str) -> frozenset[str] | None:
        told = await self._told(group) if self.tell else None
        if told is not None:
            return told
        return frozenset(self.declared[group]) if group in self.declared else None

    async def _told(self, group: str) -> frozenset[str] | None:
        async with self._locks.setdefault(group, asyncio.Lock()):
            until, members = self._answers.get(group, (0.0, None))
            if group not in self._answers or until <= self.clock.monotonic():
                members = await self._asked(group)
                kept = ASKED_AGAIN if members is None else KEPT
                self._answers[group] = (self.clock.monotonic() + kept.total_seconds(), members)
            return members

    async def _asked(self, group: str) -> frozenset[str] | None:
        if self.tell is None:
            return None
        try:
            async with asyncio.timeout(self.within.total_seconds()):
                return await self.tell(group)
        except (ToolError, TimeoutError) as error:
            log.warning("who is in %s is not known: %s", group, str(error) or "Slack does not answer")
            return None
