"""What a run leaves behind, found by the folder it used, and cleared away."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

DAEMONS = frozenset({"dockerd", "containerd", "containerd-shim", "docker-registry", "sshd"})
"""As the kernel names them, in at most 15 letters."""
GRACE_SECONDS = 1


def processes_of(directories: Iterable[Path]) -> list[int]:
    """Find the daemons started with one of these folders on their command line, and all that descends from them."""
    marks = [os.fsencode(directory) + b"/" for directory in directories]
    daemons = [pid for pid in _pids() if _read(pid, "comm").decode().strip() in DAEMONS]
    roots = [pid for pid in daemons if any(mark in _read(pid, "cmdline") for mark in marks)]
    return sorted({pid for root in roots for pid in (root, *descendants(root))})


def descendants(root: int) -> list[int]:
    """Find the processes that a process started, and those they started."""
    children: dict[int, list[int]] = {}
    for pid in _pids():
        children.setdefault(_parent(pid), []).append(pid)
    found: list[int] = []
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def end(pids: Iterable[int]) -> None:
    """End processes: asked first, killed after a second; returns when they are gone."""
    left = [pid for pid in pids if _signal(pid, signal.SIGTERM)]
    deadline = time.monotonic() + GRACE_SECONDS
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = [pid for pid in left if alive(pid)]
    for pid in left:
        _signal(pid, signal.SIGKILL)
    while any(alive(pid) for pid in left) and time.monotonic() < deadline + GRACE_SECONDS:
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Tell whether a process still runs; one that only waits to be collected does not."""
    return _status(pid)[:1] not in ("", "Z", "X")


def unmount_below(directory: Path) -> None:
    """Undo every mount below a folder, the innermost first."""
    for place in reversed(mounts_below(directory)):
        subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)


def mounts_below(directory: Path) -> list[Path]:
    """List the mounts below a folder, the outermost first."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    places = (Path(line.split()[4].replace("\\040", " ")) for line in lines)
    return [place for place in places if place.is_relative_to(directory)]


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _read(pid: int, what: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes()
    except OSError:
        return b""


def _status(pid: int) -> str:
    return _read(pid, "stat").rpartition(b")")[2].decode().strip()


def _parent(pid: int) -> int:
    fields = _status(pid).split()
    return int(fields[1]) if fields else 0


def _signal(pid: int, number: signal.Signals) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
