"""The workspace itself: people, channels, messages and open dialogs, as plain Python state."""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tools.clock import Clock, SystemClock

Json = dict[str, Any]
T = TypeVar("T")

TEAM = "T0ACME"
APP = "A0SHIPMATE"
BOT = "B0SHIPMATE"
BOT_USER = "U0SHIPMATE"
_AGAIN = 0.05
"""Seconds after which a condition is asked about again, although nothing was seen to change."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account; `team` differs for strangers in shared channels."""

    id: str
    name: str
    tz: str = "Europe/Berlin"
    tz_offset: int = 3600
    team: str = TEAM


@dataclass(slots=True)
class Channel:
    """A conversation; without members given, everybody is in it."""

    id: str
    name: str
    members: frozenset[str] | None = None
    has_app: bool = True
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """What a message said between two edits."""

    text: str
    blocks: tuple[Json, ...]


@dataclass(slots=True)
class File:
    """A file on its way into a channel: announced, uploaded, shared."""

    id: str
    name: str
    length: int
    alt: str
    title: str = ""
    content: bytes | None = None
    """None until it was uploaded."""
    shared: bool = False


@dataclass(slots=True)
class Message:
    """One message with everything it ever said; `only_for` marks an ephemeral one."""

    ts: str
    channel: str
    author: str
    versions: list[Version]
    thread_ts: str | None = None
    only_for: str | None = None
    metadata: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    deleted: bool = False
    files: tuple[File, ...] = ()

    @property
    def text(self) -> str:
        """Tell the fallback text as of now."""
        return self.versions[-1].text

    @property
    def blocks(self) -> tuple[Json, ...]:
        """Tell the blocks as of now."""
        return self.versions[-1].blocks

    @property
    def root(self) -> str:
        """Tell the ts of the thread the message belongs to, its own where it starts one."""
        return self.thread_ts or self.ts


@dataclass(frozen=True, slots=True)
class Note:
    """Something people see that is no message: what they typed or clicked, or an error from Slack itself."""

    ts: str
    channel: str
    text: str
    beneath: str | None = None
    """Root of the thread it is shown in."""


@dataclass(slots=True)
class View:
    """A dialog on somebody's screen."""

    id: str
    person: str
    definition: Json
    hash: str
    open: bool = True
    errors: dict[str, str] = field(default_factory=dict)
    """Block id -> what the app objected to at the last submission."""


class Workspace:
    """Everything Slack remembers, and a way to wait for it to change."""

    def __init__(
        self, people: Iterable[Person], channels: Iterable[Channel], groups: dict[str, list[str]], clock: Clock | None
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.people = {person.id: person for person in people}
        self.channels = {channel.id: channel for channel in channels}
        self.groups = groups
        self.messages: list[Message] = []
        self.notes: list[Note] = []
        self.views: list[View] = []
        self.files: dict[str, File] = {}
        self.address = ""
        """Where uploads go."""
        self.calls: list[tuple[str, Json]] = []
        """Every accepted Web API call: method and arguments."""
        self._last_ts = 0
        self._serial = 0
        self._watchers: set[asyncio.Event] = set()

    def next_ts(self) -> str:
        """Issue a timestamp later than all before."""
        self._last_ts = max(self._last_ts + 1, int(self.clock.now().timestamp() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def serial(self, prefix: str) -> str:
        """Issue an id that was never used before."""
        self._serial += 1
        return f"{prefix}{self._serial:08d}"

    def touch(self) -> None:
        """Wake everybody who waits for a change."""
        for watcher in self._watchers:
            watcher.set()

    async def until(self, found: Callable[[], T | None], timeout: float, describe: Callable[[], str]) -> T:  # noqa: ASYNC109 - the limit is the point
        """Return the first true answer of `found`, asked again after every change, and often: it may ask of others."""
        changed = asyncio.Event()
        self._watchers.add(changed)
        try:
            async with asyncio.timeout(timeout):
                while not (answer := found()):
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_AGAIN):
                            await changed.wait()
                    changed.clear()
                return answer
        except TimeoutError:
            raise AssertionError(f"Nothing of the kind within {timeout} s. The conversation:\n{describe()}") from None
        finally:
            self._watchers.discard(changed)

    def add(self, message: Message) -> Message:
        """Show a new message."""
        self.messages.append(message)
        self.touch()
        return message

    def note(self, channel: str, text: str, beneath: str | None = None) -> None:
        """Show something that is no message."""
        self.notes.append(Note(self.next_ts(), channel, text, beneath))
        self.touch()

    def edit(self, message: Message, version: Version) -> None:
        """Replace what a message says; the earlier versions are kept."""
        message.versions.append(version)
        self.touch()

    def visible(self, channel: str) -> Iterator[Message]:
        """Yield what everybody in a channel sees, oldest first."""
        return (m for m in self.messages if m.channel == channel and not m.deleted and m.only_for is None)

    def find(self, channel: str, ts: str) -> Message | None:
        """Return a message that everybody sees."""
        return next((message for message in self.visible(channel) if message.ts == ts), None)

    def name_of(self, person: str) -> str:
        """Tell the display name behind an id; the id itself where nobody has it."""
        if person == BOT_USER:
            return "shipmate"
        return self.people[person].name if person in self.people else person


def payload_of(message: Message) -> Json:
    """Give a message the shape in which the API returns it."""
    shape: Json = {
        "type": "message",
        "ts": message.ts,
        "text": message.text,
        "user": message.author,
        "team": TEAM,
        "blocks": json.loads(json.dumps(message.blocks)),
        "thread_ts": message.thread_ts,
        "reactions": [
            {"name": name, "users": users, "count": len(users)} for name, users in sorted(message.reactions.items())
        ],
    }
    shape["files"] = [
        {"id": file.id, "name": file.name, "title": file.title, "mimetype": "image/png", "alt_txt": file.alt}
        for file in message.files
    ]
    if message.author == BOT_USER:
        shape |= {"bot_id": BOT, "app_id": APP}
    if len(message.versions) > 1:
        shape["edited"] = {"user": message.author, "ts": message.ts}
    return {key: value for key, value in shape.items() if value}
