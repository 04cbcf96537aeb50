"""What the audit keeps outside of its table: the key of the seals, and the head of the chain."""

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tools.errors import Garbled
from tools.history.chain import Head

KEY_BYTES = 32
_LINE = 151
_BEGIN = Head(0, "0" * 64)


@dataclass(frozen=True, slots=True)
class AuditFiles:
    """Two files beside the database; without a path, nothing is kept and every seal is a bare digest."""

    key_file: Path | None = None
    head_file: Path | None = None
    key: bytes = field(default=b"", repr=False)

    @classmethod
    def beside(cls, database: Path) -> "AuditFiles":
        """Find both. Nothing is written: whoever only reads must never put a key where another one is missed."""
        name = f"{database.stem}-audit"
        return cls(database.with_name(f"{name}.key"), database.with_name(f"{name}.head")).found()

    def found(self) -> "AuditFiles":
        """Read the key anew; the same without one where there is none."""
        try:
            held = self.key_file.read_bytes() if self.key_file else b""
        except FileNotFoundError:
            return replace(self, key=b"")
        if self.key_file is not None and len(held) != KEY_BYTES:
            raise Garbled(
                f"{self.key_file} does not hold a key.",
                standing="Nothing was started: without it no entry of the audit can be sealed or proved.",
                remedy="Put it back from a backup. Where there is none, move it away: the next start makes a new one.",
            )
        return replace(self, key=held)

    @property
    def keyless(self) -> bool:
        """Tell whether there should be a key, and is none."""
        return self.key_file is not None and not self.key

    def begun(self, *, empty: bool) -> "AuditFiles":
        """Make both before the first entry of all: the head is there by then, so that later it is missed."""
        if self.key_file is None:
            return self
        with _alone(self.key_file.parent):
            if empty and self.noted().number == 0 and not self.key_file.exists():
                self.renew(_BEGIN)
        return self.found()

    def renew(self, head: Head) -> None:
        """Make another key, and write the head with it."""
        if self.key_file is not None and self.head_file is not None:
            made = secrets.token_bytes(KEY_BYTES)
            _make(self.head_file, _written(made, head))
            _make(self.key_file, made)

    def noted(self) -> Head:
        """Return what the head file says, whoever wrote it."""
        try:
            line = self.head_file.read_bytes() if self.head_file else b""
        except OSError:
            return _BEGIN
        return _parsed(line) or _BEGIN

    def head(self) -> Head | None:
        """Return the head of the chain; None where it is missing, or this key has not written it."""
        if self.head_file is None or (self.keyless and self.noted().number == 0):
            return _BEGIN
        try:
            return _read(self.key, self.head_file.read_bytes())
        except OSError:
            return None

    def put(self, head: Head) -> None:
        """Write the head anew, whatever stood there: for a person who knows why the chain is another one."""
        if self.head_file is not None:
            _make(self.head_file, _written(self.key, head))

    def advance(self, to: Head) -> None:
        """Move the head on, never back. Where another process is at it just now, the next entry catches up."""
        if self.head_file is None:
            return
        with suppress(OSError), self.head_file.open("r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            now = _read(self.key, file.read(_LINE))
            if now is not None and now.number < to.number:
                os.pwrite(file.fileno(), _written(self.key, to), 0)


def _written(key: bytes, head: Head) -> bytes:
    """Write a head in a line of always the same length, so that it is written over at once or not at all."""
    line = f"{head.number:020d} {head.seal}"
    return f"{line} {hmac.new(key, line.encode(), hashlib.sha256).hexdigest()}\n".encode()


def _read(key: bytes, line: bytes) -> Head | None:
    head = _parsed(line)
    return head if head and key and hmac.compare_digest(_written(key, head), line) else None


def _parsed(line: bytes) -> Head | None:
    number, _, seal = line.decode(errors="replace")[:85].partition(" ")
    return Head(int(number), seal) if number.isdecimal() and number.isascii() else None


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Keep other processes waiting that make the same files."""
    held = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _make(file: Path, content: bytes) -> None:
    """Write a file, whole or not at all."""
    part = file.with_name(f"{file.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)
