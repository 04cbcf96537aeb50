"""A program of ours that runs in the background until it is stopped."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.stage.commands import StageError
from tests.stage.remains import descendants, end

START_SECONDS = 60


class Daemon:
    """One background program with its log file."""

    def __init__(self, argv: Sequence[str], log: Path, env: Mapping[str, str]) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(env), start_new_session=True
            )
        self._name = Path(argv[0]).name

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until(self, answers: Callable[[], bool]) -> None:
        """Return as soon as it answers; `StageError` with the end of its log where it ends or stays silent."""
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
                self.stop()
                raise StageError(f"{self._name} did not start. The end of {self.log}:\n{tail}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it and everything it started."""
        below = descendants(self.pid)
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        end(below)
