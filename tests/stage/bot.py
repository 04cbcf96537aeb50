"""The bot as a process of its own, the way an operator runs it: started, told to stop, or killed in the middle."""

import asyncio
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.stage.commands import StageError

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 20.0
READY = "Listening in Slack"


class Bot:
    """`python -m agents serve`, its output kept in a file."""

    def __init__(self, environ: Mapping[str, str], log: Path) -> None:
        self._environ = dict(environ)
        self.log = log
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Tell the process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Start it and return once it listens."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            before = out.tell()
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "agents", "serve"), cwd=ROOT, env=self._environ, stdout=out, stderr=out
            )
        while READY not in self._said_since(before):
            if self._process.returncode is not None:
                raise StageError(f"The bot ended with exit code {self._process.returncode}: {self._said_since(before)}")
            await asyncio.sleep(0.05)

    def given(self, **variables: str) -> None:
        """Hand over other variables at the next start."""
        self._environ |= variables

    async def obeys(self, *words: str) -> tuple[int | None, str]:
        """Type a command at the terminal of the bot's machine; return its exit code and all that it printed."""
        command = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "agents", *words),
            cwd=ROOT,
            env=self._environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await command.communicate()
        return command.returncode, printed.decode(errors="replace")

    async def stop(self) -> int | None:
        """Tell it to stop as a service manager does, and return its exit code."""
        return await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """Take it away without a warning."""
        await self._end(signal.SIGKILL)

    async def gone(self) -> int:
        """Wait until it ends by itself, and return its exit code."""
        if self._process is None:
            raise StageError("The bot was never started.")
        return await self._process.wait()

    def said(self) -> str:
        """Tell everything it ever printed."""
        return self._said_since(0)

    async def _end(self, how: signal.Signals) -> int | None:
        if self._process is None or self._process.returncode is not None:
            return None
        self._process.send_signal(how)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                return await self._process.wait()
        except TimeoutError:
            self._process.kill()
            return await self._process.wait()

    def _said_since(self, start: int) -> str:
        return self.log.read_bytes()[start:].decode(errors="replace")
