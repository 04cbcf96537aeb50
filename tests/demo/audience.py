"""Somebody who sees every channel and remembers, in order, what was said, clicked and changed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from tests.demo.reading import Line, Lines, asks, edited, posted, read
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack.rendering import Renderer
from tests.emulators.slack.world import Message, Note

FOREVER = 7 * 86_400.0


class Kind(StrEnum):
    """What it is that people saw."""

    SAID = "said"
    CLICKED = "clicked"
    REPLIED = "replied"
    EDITED = "edited"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that people saw happen; of an edit, what it has changed."""

    kind: Kind
    channel: str
    author: str
    at: datetime
    lines: Lines
    thread: str | None = None
    only_for: str = ""

    @property
    def text(self) -> str:
        """What was to be read."""
        return "\n".join(" " * line.indent + line.text for line in self.lines)


class Audience:
    """Tells `sink` everything that happens in a workspace, once."""

    def __init__(self, slack: SlackEmulator, sink: Callable[[Shown], None]) -> None:
        self._slack = slack
        self._world = slack.world
        self._renderer = Renderer(slack.world)
        self._sink = sink
        self._notes = 0
        self._messages = 0
        self._drawn: dict[str, Lines] = {}
        self._versions: dict[str, int] = {}

    async def watch(self) -> None:
        """Follow until cancelled."""
        while True:
            await self._slack.until(self._behind, FOREVER)
            self.look()

    def look(self) -> None:
        """Tell everything that has happened since the last look."""
        for shown in self._news():
            self._sink(shown)

    def _behind(self) -> bool:
        world = self._world
        fresh = len(world.notes) > self._notes or len(world.messages) > self._messages
        return fresh or any(len(m.versions) > self._versions.get(m.ts, 0) for m in world.messages)

    def _news(self) -> Iterator[Shown]:
        """Tell edits first: nobody clicks on what was not there, and what a click brings about comes a moment later."""
        notes, messages = self._world.notes[self._notes :], self._world.messages[self._messages :]
        known = self._world.messages[: self._messages]
        self._notes += len(notes)
        self._messages += len(messages)
        yield from (edit for message in known for edit in self._edits(message))
        yield from sorted([*map(self._note, notes), *map(self._message, messages)], key=lambda one: one.at)
        yield from (edit for message in messages for edit in self._edits(message))

    def _note(self, note: Note) -> Shown:
        name, typed, rest = note.text.partition("> ")
        if not typed:
            name, _, rest = note.text.partition(" ")
        kind = Kind.SAID if typed else Kind.CLICKED
        return Shown(kind, self._channel(note.channel), name, _moment(note.ts), (Line(rest),), note.beneath)

    def _message(self, message: Message) -> Shown:
        lines = read(message.versions[0], self._renderer) or _pictures(message)
        self._drawn[message.ts], self._versions[message.ts] = lines, 1
        kind = Kind.ASKED if asks(lines) else Kind.REPLIED if message.thread_ts else Kind.SAID
        only_for = self._world.name_of(message.only_for) if message.only_for else ""
        return self._shown(kind, message, _moment(message.ts), posted(lines), only_for)

    def _edits(self, message: Message) -> Iterator[Shown]:
        for version in message.versions[self._versions[message.ts] :]:
            before, after = self._drawn[message.ts], read(version, self._renderer)
            self._drawn[message.ts] = after
            self._versions[message.ts] += 1
            kind = Kind.ASKED if asks(after) and not asks(before) else Kind.EDITED
            if fresh := edited(before, after):
                yield self._shown(kind, message, datetime.now(UTC), fresh)

    def _shown(self, kind: Kind, message: Message, at: datetime, lines: Lines, only_for: str = "") -> Shown:
        author = self._world.name_of(message.author)
        return Shown(kind, self._channel(message.channel), author, at, lines, message.thread_ts, only_for)

    def _channel(self, channel: str) -> str:
        return self._world.channels[channel].name


def _pictures(message: Message) -> Lines:
    return tuple(Line(f"(picture: {file.alt or file.title})") for file in message.files)


def _moment(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)
