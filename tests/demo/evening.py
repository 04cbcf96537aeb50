"""The whole evening: set up, play, stay if wanted, clear away."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.demo.keyboard import lines
from tests.demo.place import LOG, place, told_from_root
from tests.demo.play import Play, document
from tests.demo.prompt import Prompt
from tests.demo.screen import BOLD, DIM, GREEN, RED, Screen
from tests.stage.commands import StageError
from tests.stage.conversation import Conversation
from tests.stage.endings import ENDS
from tests.stage.observer.site import ObserverSite


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person who started it wants: where to write what was said, whether to play, whether to stay."""

    file: Path | None = None
    scenes: bool = True
    keep: bool = False


def evening(wishes: Wishes) -> int:
    """Play on real parts, clear them away, and return the exit code."""
    screen = Screen(sys.stdout)
    begun = time.monotonic()
    try:
        with place(screen) as site:
            good = asyncio.run(_on(site, screen, wishes, begun))
    except StageError as error:
        screen.say(str(error), RED)
        return 1
    return 0 if good else 1


async def _on(site: ObserverSite, screen: Screen, wishes: Wishes, begun: float) -> bool:
    for number in ENDS:  # inside the loop only Ctrl-C lets everything end in its order
        asyncio.get_running_loop().add_signal_handler(number, signal.raise_signal, signal.SIGINT)
    async with Conversation(site) as chat:
        setup = time.monotonic() - begun
        screen.say(f"Set up in {setup:.1f} s.", DIM)
        play = Play(chat, screen)
        async with _followed(play):
            good = await _played(play, screen, wishes.file, setup) if wishes.scenes else True
            if wishes.keep:
                await Prompt(chat, screen, play.audience).run(lines())
    return good


@asynccontextmanager
async def _followed(play: Play) -> AsyncIterator[None]:
    """Let the audience follow the conversation meanwhile."""
    watching = asyncio.create_task(play.audience.watch())
    try:
        yield
        play.audience.look()
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def _played(play: Play, screen: Screen, file: Path | None, setup: float) -> bool:
    begun = time.monotonic()
    good = await play.perform()
    seconds = time.monotonic() - begun
    if file is not None:
        told = document(play.played, seconds, setup, ok=good)
        _from_caller(file).write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    _sum_up(play, screen, seconds, setup)
    return good


def _sum_up(play: Play, screen: Screen, seconds: float, setup: float) -> None:
    right = sum(one.ok for one in play.played)
    good = right == len(play.played)
    told = f"{right} scenes as they should be" if good else f"Scene {right + 1} did not end as it should"
    screen.say("")
    screen.say(f"{told}. Played for {seconds:.0f} s, after {setup:.1f} s of setting up.", GREEN if good else RED)
    if not good:
        screen.say(f"The bot's log: {told_from_root(LOG)}", BOLD)


def _from_caller(path: Path) -> Path:
    """See a path from where the command was typed; the launcher runs from the project's own directory."""
    return Path(os.environ.get("SHIPMATE_CWD", ".")) / path
