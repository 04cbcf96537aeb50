"""Kills a crew with -9 before each of its writes in turn, and lets a second one finish: one line of JSON per crash.

Everything is imported once; each life of a crew is a fork of this process.
"""

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from agents.crew import Crew
from tests.contract.crews import HANA, Office, crew_of, opened, order
from tools.history.releases import Release, Status
from tools.history.rows import Rows


@dataclass
class Fate:
    """Counts down the writes of this process to its death; 0 is a long life."""

    left: int

    def strike(self) -> None:
        """Come one write closer to the end."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def rule(self, owner: type[Any], method: str) -> None:
        """Strike before each call of a method."""
        write = getattr(owner, method)

        async def doomed(*arguments: Any, **named: Any) -> Any:
            self.strike()
            return await write(*arguments, **named)

        setattr(owner, method, doomed)


class Ledger(Office):
    """An office that notes its visits in a file, which outlives it."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.on_deploy = self.on_asked = None
        self._file = file

    @property
    def visits(self) -> Any:
        """Be asked to append a visit."""
        return self

    @visits.setter
    def visits(self, _: Any) -> None:
        """Take no list."""

    def append(self, visit: tuple[str, str]) -> None:
        """Note a visit at once."""
        with self._file.open("a") as file:
            file.write(f"{visit[0]}\n")


async def live(directory: Path, writes: int) -> None:
    """Ask for a release, approve it, and see it end, unless death comes first."""
    fate = Fate(writes)
    fate.rule(Rows, "_change")
    fate.rule(AsyncSqliteSaver, "aput")
    async with crew_of(directory, Ledger(directory / "visits")) as crew:
        release_id = await opened(crew, order())
        release = await _rest(crew, release_id)
        if release.status is Status.WAITING:
            await crew.decide(release_id, f"digest of {release_id}", HANA, "approved")
        while (release := await _rest(crew, release_id)).status is not Status.FINISHED:
            await crew.store.journal.wait(0.02)
        sys.stdout.write(json.dumps(await _told(crew, release, directory)) + "\n")
        sys.stdout.flush()


async def _rest(crew: Crew, release_id: str) -> Release:
    while True:
        release = await crew.store.releases.get(release_id)
        if release and release.status in {Status.WAITING, Status.FINISHED}:
            return release
        await crew.store.journal.wait(0.02)


async def _told(crew: Crew, release: Release, directory: Path) -> dict[str, Any]:
    entries = await crew.store.journal.of(release.id)
    target = await crew.store.targets.get(release.service, release.environment)
    return {
        "outcome": release.outcome,
        "kinds": [entry.kind for entry in entries],
        "releases": len(await crew.store.releases.recent()),
        "visits": (directory / "visits").read_text().split(),
        "failures": target.failures,
    }


def fork(directory: Path, writes: int) -> int:
    """Live one life in a process of its own; returns how it ended."""
    child = os.fork()
    if child == 0:
        asyncio.run(live(directory, writes))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(root: Path) -> None:
    """Let death come one write later each time, until it comes too late."""
    ended, writes = -signal.SIGKILL, 0
    while ended == -signal.SIGKILL:
        writes += 1
        directory = root / str(writes)
        directory.mkdir()
        ended = fork(directory, writes)
        if ended == -signal.SIGKILL:
            ended = ended if fork(directory, 0) == 0 else 1
    raise SystemExit(ended)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
