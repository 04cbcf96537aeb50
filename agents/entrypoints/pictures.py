"""Pictures that exist once in a thread. They are an extra: nothing that goes wrong with one holds anything up."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from agents import events
from agents.entrypoints.chart import alt_text, drawable, png
from agents.entrypoints.posting import Held, Pause, Place, Poster
from agents.entrypoints.view import ReleaseView
from tools.errors import Denied, ToolError
from tools.history.messages import Message

log = logging.getLogger(__name__)

MOST = 4
"""So many pictures has one release at most; alarms come first, then what came nearest to its limit."""
ATTEMPTS = 3
_ATTEMPTED, _SHOWN, _LEFT_OUT = "attempted", "shown", "left-out"


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG with the name by which it is found again, and its words for those who do not see it."""

    name: str
    title: str
    alt: str
    content: bytes


class Wall(Protocol):
    """Where pictures hang. An upload is seen by nobody before it is shared."""

    async def upload(self, picture: Picture) -> str | Pause:
        """Bring a picture, and tell its id; raises `Denied` where that is not allowed."""
        ...

    async def share(self, place: Place, file: str, title: str) -> Pause | None:
        """Show an uploaded picture in a thread."""
        ...

    async def shared(self, place: Place, name: str) -> bool | Pause:
        """Tell whether a picture of a name hangs in a thread; raises `Denied` where nobody may look."""
        ...


@dataclass(slots=True)
class Pictures:
    """Draws watches from the journal and hangs each once, also after a restart; `Held` when it must wait."""

    poster: Poster
    wall: Wall
    pause: timedelta = timedelta(seconds=5)
    """Before the second attempt; twice as long before the third."""
    _failed: dict[str, int] = field(default_factory=dict)
    _refused: bool = False
    """The app may not upload; it is asked again after a restart."""

    async def show(self, view: ReleaseView, place: Place) -> None:
        """Hang what was watched, once everything was."""
        if view.one(events.Checked) is None or self._refused:
            return
        for event in worth_drawing(view.every(events.Watched)):
            await self._ensure(view.release.id, event, place)

    async def _ensure(self, release: str, event: events.Watched, place: Place) -> None:
        purpose = f"picture:{event.key}"
        known = await self.poster.messages.get(release, purpose)
        if (known is not None and known.rendering in {_SHOWN, _LEFT_OUT}) or self._refused:
            return
        try:
            done = await self._hung_before(release, event, place) if known else False
            done = done or await self._hang(release, event, place)
        except Denied as denied:
            self._refused = getattr(denied, "error", "") == "missing_scope"
            log.info("The picture of a watch is left out: %s", denied)
            done = False
        except ToolError as error:
            self._try_again(f"{release} {purpose}", error)
            done = False
        await self._remember(release, purpose, place, _SHOWN if done else _LEFT_OUT)

    async def _hung_before(self, release: str, event: events.Watched, place: Place) -> bool:
        """Look for a picture that may have been shared, before it is shared again."""
        self.poster.take_turn("find")
        found = await self.wall.shared(place, _name(release, event))
        if isinstance(found, Pause):
            raise self.poster.paused(found, "find")
        return found

    async def _hang(self, release: str, event: events.Watched, place: Place) -> bool:
        pace = f"post {place.channel}"
        self.poster.take_turn(pace)
        alt = alt_text(event)
        picture = Picture(_name(release, event), alt.partition(".")[0], alt, png(event))
        file = await self.wall.upload(picture)
        if isinstance(file, Pause):
            raise self.poster.paused(file, pace)
        await self._remember(release, f"picture:{event.key}", place, _ATTEMPTED)
        shared = await self.wall.share(place, file, picture.title)
        if isinstance(shared, Pause):
            raise self.poster.paused(shared, pace)
        return True

    def _try_again(self, what: str, error: ToolError) -> None:
        """Wait a little, a few times; then the picture is left out."""
        self._failed[what] = self._failed.get(what, 0) + 1
        if self._failed[what] < ATTEMPTS:
            raise Held(self.pause.total_seconds() * self._failed[what]) from error
        log.warning("The picture of a watch is left out after %d attempts: %s", ATTEMPTS, error)

    async def _remember(self, release: str, purpose: str, place: Place, rendering: str) -> None:
        await self.poster.messages.put(release, purpose, Message(place.channel, "", rendering))


def worth_drawing(watched: Iterable[events.Watched]) -> tuple[events.Watched, ...]:
    """Choose what people should see first: alarms, then the slowest against its limit."""
    known = [event for event in watched if drawable(event)]
    return tuple(sorted(known, key=lambda one: (not one.alarms, -_near(one), one.key))[:MOST])


def _near(event: events.Watched) -> float:
    return (event.median_ms or 0.0) / event.limit_ms if event.limit_ms else 0.0


def _name(release: str, event: events.Watched) -> str:
    where = f"-{event.component}-{event.host}" if event.host else ""
    return f"watch-{release}{where}.png"
