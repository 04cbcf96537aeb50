"""Messages that exist once and show what they should: posted, found again, edited on change, never too fast.

A message carries a marker, and an intent is stored before the first attempt. After
an answer that never came, or a death in between, the marker is searched in the
channel before anything is posted again. Where searching is not allowed, a vital
message (a card: nobody can approve without one) is posted again, and a detail is
left out: twice is worse than once.
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from agents.entrypoints.cards import Card
from agents.entrypoints.pace import Pace
from tools.clock import Clock
from tools.errors import Denied
from tools.history.messages import Message, Messages

_ATTEMPTED, _NOT_POSTED, _LEFT_OUT = "attempted", "not-posted", "left-out"
"""What stands in the place of a rendering while a message has no id."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message goes."""

    channel: str
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """The board asks to wait; nothing was done."""

    seconds: float


class Board(Protocol):
    """Where messages hang. `Unreachable` and `TimedOut` leave open whether one was posted, `Denied` says it was not."""

    async def post(self, place: Place, card: Card, marker: str) -> str | Pause:
        """Post a message that can be found again by its marker; returns its id."""
        ...

    async def edit(self, channel: str, ts: str, card: Card) -> bool | Pause:
        """Replace what a message shows; False when the message is gone."""
        ...

    async def find(self, place: Place, marker: str) -> str | Pause | None:
        """Return the id of the message with a marker; raises `Denied` where nobody may search."""
        ...


class Held(Exception):
    """A message must wait: too fast, or the board asked for a pause."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"wait {seconds:.2f} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message that should exist: for which release, for what purpose, where, showing what."""

    release: str
    purpose: str
    place: Place
    card: Card
    vital: bool = False

    @property
    def marker(self) -> str:
        """Tell the words by which the message is found again."""
        return f"{self.release} {self.purpose}"

    @property
    def rendering(self) -> str:
        """Name what the message should show."""
        shown = json.dumps([self.card.text, self.card.blocks], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(shown.encode()).hexdigest()[:32]


@dataclass(slots=True)
class Poster:
    """Makes wanted messages real, one step at a time; `Held` when the next step must wait."""

    messages: Messages
    board: Board
    clock: Clock
    edit_every: timedelta = timedelta(seconds=1)
    pace: Pace = field(default_factory=Pace)
    _edited: dict[str, float] = field(default_factory=dict)

    async def ensure(self, wanted: Wanted) -> Message | None:
        """Make a message exist and show what it should; None where it was left out for good."""
        known = await self.messages.get(wanted.release, wanted.purpose)
        if known is not None and not known.ts:
            if known.rendering == _LEFT_OUT:
                return None
            if known.rendering == _ATTEMPTED:
                return await self._look_first(wanted)
            known = None
        if known is None:
            return await self._post(wanted)
        return known if known.rendering == wanted.rendering else await self._edit(wanted, known)

    async def _post(self, wanted: Wanted) -> Message:
        pace = f"post {wanted.place.channel}"
        self.take_turn(pace)
        await self._remember(wanted, "", _ATTEMPTED)
        try:
            posted = await self.board.post(wanted.place, wanted.card, wanted.marker)
        except Denied:
            await self._remember(wanted, "", _NOT_POSTED)
            raise
        if isinstance(posted, Pause):
            await self._remember(wanted, "", _NOT_POSTED)
            raise self.paused(posted, pace)
        self._edited[posted] = self.clock.monotonic()
        return await self._remember(wanted, posted, wanted.rendering)

    async def _look_first(self, wanted: Wanted) -> Message | None:
        """Search for a message that may have been posted, before posting it again."""
        self.take_turn("find")
        try:
            found = await self.board.find(wanted.place, wanted.marker)
        except Denied:
            if wanted.vital:
                return await self._post(wanted)
            await self._remember(wanted, "", _LEFT_OUT)
            return None
        if isinstance(found, Pause):
            raise self.paused(found, "find")
        if found is None:
            return await self._post(wanted)
        return await self._edit(wanted, await self._remember(wanted, found, ""))

    async def _edit(self, wanted: Wanted, known: Message) -> Message:
        now = self.clock.monotonic()
        early = (
            self._edited.get(known.ts, now - self.edit_every.total_seconds()) + self.edit_every.total_seconds() - now
        )
        if early > 0:
            raise Held(early)
        self.take_turn("edit")
        self._edited[known.ts] = now
        edited = await self.board.edit(known.channel, known.ts, wanted.card)
        if isinstance(edited, Pause):
            raise self.paused(edited, "edit")
        if not edited and wanted.vital:
            return await self._post(wanted)
        return await self._remember(wanted, known.ts, wanted.rendering)

    def take_turn(self, what: str) -> None:
        """Count one more thing that is said; `Held` where it is too early for it."""
        now = self.clock.monotonic()
        wait = self.pace.wait(what, now)
        if wait > 0:
            raise Held(wait)
        self.pace.note(what, now)

    def paused(self, pause: Pause, what: str) -> Held:
        """Keep the pause that the board asked for."""
        self.pace.silence(pause.seconds, self.clock.monotonic(), what)
        return Held(pause.seconds)

    async def _remember(self, wanted: Wanted, ts: str, rendering: str) -> Message:
        message = Message(wanted.place.channel, ts, rendering)
        await self.messages.put(wanted.release, wanted.purpose, message)
        return message
