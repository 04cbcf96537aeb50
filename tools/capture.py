"""What a command printed, kept within a bound: the beginning and the end, never the whole flood."""

from dataclasses import dataclass
from datetime import timedelta

from tools.hosts import Argv, Completed


class Capture:
    """A bounded memory for one stream: the first half of the limit and the latest half."""

    def __init__(self, limit_bytes: int) -> None:
        self._head_limit = limit_bytes // 2
        self._tail_limit = limit_bytes - self._head_limit
        self._head = bytearray()
        self._tail = bytearray()
        self.dropped_bytes = 0

    def feed(self, chunk: bytes) -> None:
        """Take in what arrived."""
        room = self._head_limit - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        excess = max(0, len(self._tail) - self._tail_limit)
        self.dropped_bytes += excess
        del self._tail[:excess]

    def content(self) -> bytes:
        """Give what was kept; a line in the middle tells how much is missing."""
        if not self.dropped_bytes:
            return bytes(self._head + self._tail)
        return bytes(self._head) + f"\n[... {self.dropped_bytes} bytes left out ...]\n".encode() + bytes(self._tail)


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended, with its output as bytes."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    duration: timedelta
    cut: bool

    @classmethod
    def of(cls, exit_code: int, stdout: Capture, stderr: Capture, duration: timedelta) -> "Ended":
        """Close the books on one command."""
        cut = bool(stdout.dropped_bytes or stderr.dropped_bytes)
        return cls(exit_code, stdout.content(), stderr.content(), duration, cut)

    def decoded(self, argv: Argv) -> Completed:
        """Read the output as UTF-8; what is not UTF-8 shows as the replacement character."""
        return Completed(
            argv=argv,
            exit_code=self.exit_code,
            stdout=self.stdout.decode(errors="replace"),
            stderr=self.stderr.decode(errors="replace"),
            duration=self.duration,
            cut=self.cut,
        )
