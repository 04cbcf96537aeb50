"""A process that works on wake-ups and writes down what it did; tests kill it, and start another."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.segments import Segments


@dataclass(frozen=True, slots=True)
class Worker:
    """Notes what it is asked to do; `sleep` never ends anything, `fail` fails at every call."""

    done: Path
    work: str

    def note(self, line: str) -> None:
        """Write down a line at once."""
        with self.done.open("a") as file:
            file.write(f"{line}\n")

    async def drive(self, release: str) -> None:
        """Move a release on, or never come back."""
        self.note(f"begun {release}")
        await self._sleep()

    async def serve(self, call: str, _arguments: dict[str, Any]) -> dict[str, Any]:
        """Answer a call, or never come back."""
        self.note(f"served {call}")
        await self._sleep()
        if self.work == "fail":
            raise OSError(28, "No space left on device")
        return {"accepted": True, "release": "r1", "text": ""}

    async def _sleep(self) -> None:
        if self.work == "sleep":
            await asyncio.Event().wait()


async def main(directory: str, work: str, wake: str) -> None:
    """Work on the wake-ups of a directory until a line comes on stdin."""
    worker = Worker(Path(directory) / "done", work)
    segments = Segments(f"sqlite:///{directory}/runs.db", worker.drive, worker.drive, worker.serve)
    await segments.start()
    for release in filter(None, wake.split(",")):
        await segments.wake(release, "start", "observer/production")
    worker.note("started")
    await asyncio.to_thread(sys.stdin.readline)
    await segments.stop()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
