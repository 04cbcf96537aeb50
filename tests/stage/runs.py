"""Runs side by side on one machine: each holds its folder, and a dead one's remains are cleared by the next."""

import fcntl
import shutil
from pathlib import Path
from typing import TextIO

from tests.stage.engine import Engine
from tests.stage.packages import Toolset
from tests.stage.remains import end, processes_of


def claim(directory: Path) -> TextIO | None:
    """Take a run's folder for as long as the returned file is open; None where a living run has it."""
    lock = (directory / "lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    end(processes_of([directory]))
    return lock


def sweep(runs: Path, toolset: Toolset) -> None:
    """Clear away the runs whose process died without doing so."""
    for note in runs.glob("run-*/lock"):
        directory = note.parent
        if (lock := claim(directory)) is None:
            continue
        with lock:
            for slot in directory.glob("*/slot"):
                Engine(slot.parent, toolset).clear()
            shutil.rmtree(directory, ignore_errors=True)
