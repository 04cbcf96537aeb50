"""A crew in a process of its own that is frozen in mid-deploy: `python -m tests.contract.frozen_process DIRECTORY`.

It says `begun`, waits for a line, and then tells what became of everything it still tried.
"""

import asyncio
import json
import sys
from datetime import timedelta
from pathlib import Path, PurePosixPath

from agents.toolbox import Toolbox
from tests.contract.crews import HANA, Office, asked, crew_of, order
from tools.errors import Superseded
from tools.fence import fenced
from tools.local import LocalHost

PLACE = ("observer", "production")


def say(line: str) -> None:
    """Tell whoever started us."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def effect(tools: Toolbox, directory: Path, word: str, fence: int | None = None) -> tuple[int, int]:
    """Leave a word on the host; returns the number it was said with, and how that ended."""
    number = fence or await tools.store.targets.take_fence(*PLACE)
    command = ("sh", "-c", 'echo "$1" >> "$0"', str(directory / "effects"), word)
    ended = await LocalHost("here").run(fenced(command, directory=PurePosixPath(directory / "srv"), number=number))
    return number, ended.exit_code


async def work(directory: Path) -> None:
    """Deploy, freeze, and try to go on."""
    office, told, tried = Office(), asyncio.Event(), dict[str, object]()

    async def deploy(tools: Toolbox) -> None:
        number, _ = await effect(tools, directory, "old")
        say("begun")
        await asyncio.to_thread(sys.stdin.readline)
        tried["host"] = (await effect(tools, directory, "late", number))[1]
        try:
            await effect(tools, directory, "later")
        except Superseded as error:
            tried["store"] = error.code
        told.set()

    office.on_deploy = deploy
    async with crew_of(directory, office) as crew:
        crew.tenure.beat = timedelta(hours=1)  # nothing of ours is in the middle of a write when we are frozen
        release, digest = await asked(crew, order("1"))
        await crew.decide(release, digest, HANA, "approved")
        await told.wait()
    tried["visits"] = [node for node, _ in office.visits]
    say(json.dumps(tried))


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1])))
