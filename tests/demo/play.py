"""Plays the scenes one after the other, and notes for each what was expected, what was seen and what was said."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.demo.audience import Audience, Shown
from tests.demo.facts import Facts
from tests.demo.scenes import SCENES, Scene, Seen
from tests.demo.screen import Screen
from tests.stage.conversation import Conversation

BROKEN_OFF = "broken off"


@dataclass(frozen=True, slots=True)
class Played:
    """How one scene went."""

    scene: Scene
    seen: Mapping[str, str]
    seconds: float
    messages: Sequence[Shown]

    @property
    def ok(self) -> bool:
        """Whether the world stands as it should."""
        return dict(self.seen) == dict(self.scene.expected)

    @property
    def verdict(self) -> str:
        """Say how the world stands; where it should be otherwise, both."""
        if self.ok:
            return f"As it should be: {'; '.join(f'{name}: {value}' for name, value in self.seen.items())}."
        if BROKEN_OFF in self.seen:
            return f"NOT as it should be, the scene was broken off: {self.seen[BROKEN_OFF]}"
        expected, seen = self.scene.expected, self.seen
        wrong = [name for name in dict.fromkeys((*expected, *seen)) if expected.get(name) != seen.get(name)]
        lines = [f"- {name}: {expected.get(name)} expected, {seen.get(name)} seen" for name in wrong]
        return "\n".join(("NOT as it should be:", *lines))


class Play:
    """One performance: the audience hears everything, and the screen shows it."""

    def __init__(self, chat: Conversation, screen: Screen) -> None:
        self._chat = chat
        self._screen = screen
        self._heard: list[Shown] = []
        self.audience = Audience(chat.slack, self._hear)
        self.played: list[Played] = []

    async def perform(self) -> bool:
        """Play scene by scene; the first that goes wrong is the last."""
        for number, scene in enumerate(SCENES, start=1):
            played = await self._perform(number, scene)
            self.played.append(played)
            self._screen.check(played.verdict, good=played.ok)
            if not played.ok:
                return False
        return True

    async def _perform(self, number: int, scene: Scene) -> Played:
        self._screen.title(f"{number}. {scene.title}", scene.about)
        self._heard = []
        begun = time.monotonic()
        seen = await self._seen(scene)
        self.audience.look()
        return Played(scene, seen, time.monotonic() - begun, tuple(self._heard))

    async def _seen(self, scene: Scene) -> Seen:
        """Play until the scene ends, or the bot does."""
        playing = asyncio.ensure_future(scene.play(self._chat, Facts(self._chat)))
        alive = asyncio.create_task(self._chat.bot.gone())
        try:
            await asyncio.wait((playing, alive), return_when=asyncio.FIRST_COMPLETED)
            return await playing if playing.done() else {BROKEN_OFF: "The bot's process has ended."}
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the demo tells it and clears away
            told = str(error).partition("\n")[0].removesuffix(" The conversation:")
            return {BROKEN_OFF: told or type(error).__name__}
        finally:
            for task in (playing, alive):
                task.cancel()
            await asyncio.wait((playing, alive))  # unlike awaiting each, this lets Ctrl-C through

    def _hear(self, shown: Shown) -> None:
        self._heard.append(shown)
        self._screen.show(shown)


def document(played: Sequence[Played], seconds: float, setup_seconds: float, *, ok: bool) -> dict[str, Any]:
    """Give a performance as JSON values."""
    return {
        "scenes": [_scene(one) for one in played],
        "seconds": round(seconds, 1),
        "setup_seconds": round(setup_seconds, 1),
        "ok": ok,
    }


def _scene(one: Played) -> dict[str, Any]:
    return {
        "title": one.scene.title,
        "expected": dict(one.scene.expected),
        "seen": dict(one.seen),
        "ok": one.ok,
        "seconds": round(one.seconds, 1),
        "messages": [_message(shown) for shown in one.messages],
    }


def _message(shown: Shown) -> dict[str, Any]:
    return {
        "channel": shown.channel,
        "author": shown.author,
        "thread": shown.thread,
        "text": shown.text,
        "at": shown.at.isoformat(timespec="milliseconds"),
        "only_for": shown.only_for or None,
        "kind": shown.kind,
    }
