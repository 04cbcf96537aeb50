"""What a process writes by itself, its log, its output, what it says when it dies, passes redactors (P16)."""

import atexit
import io
import logging
import sys
import threading
from typing import Any, TextIO

from tools.redaction import Redactor


class RedactingFormatter(logging.Formatter):
    """Redacts a log line after its arguments, exception and stack are rendered."""

    def __init__(self, redactor: Redactor, inner: logging.Formatter | None = None) -> None:
        super().__init__()
        self._redactor = redactor
        self._inner = inner or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        """Render and redact."""
        text = self._redactor.redact(self._inner.format(record))
        if record.exc_text:  # cached on the record, where the next handler would find it
            record.exc_text = self._redactor.redact(record.exc_text)
        return text


class Outlet(io.TextIOBase):
    """A stream in front of another one. What may be the beginning of a secret waits until it is known to be none."""

    def __init__(self, stream: TextIO, redactor: Redactor) -> None:
        self._stream = stream
        self._redactors = [redactor]
        self._waiting = ""
        self._lock = threading.RLock()

    def also(self, redactor: Redactor) -> None:
        """Let what is written from now on pass another redactor, too."""
        if redactor not in self._redactors:
            self._redactors.append(redactor)

    def write(self, text: str) -> int:
        """Write a text without the secrets in it, line by line."""
        with self._lock:
            self._waiting += text
            line = self._waiting.rfind("\n") + 1
            self._pass_on(line)
        return len(text)

    def flush(self) -> None:
        """Write what waits, but for a possible beginning of a secret."""
        with self._lock:
            begun = max(redactor.begun(self._waiting) for redactor in self._redactors) if self._waiting else 0
            self._pass_on(len(self._waiting) - begun)
            self._stream.flush()

    def close(self) -> None:
        """Write whatever still waits; the stream behind stays open for its owner."""
        with self._lock:
            self._pass_on(len(self._waiting))

    def writable(self) -> bool:
        """Tell that this can be written to."""
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed has it as an attribute
        """Tell how the stream behind writes characters."""
        return self._stream.encoding

    def isatty(self) -> bool:
        """Tell whether a person reads it."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Give the descriptor of the stream behind."""
        return self._stream.fileno()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _pass_on(self, size: int) -> None:
        if size:
            ready, self._waiting = self._waiting[:size], self._waiting[size:]
            for redactor in self._redactors:
                ready = redactor.redact(ready)
            self._stream.write(ready)


def guard_process(redactor: Redactor) -> None:
    """Let everything that this process writes from now on pass a redactor, until it ends.

    Tracebacks of threads and of the process, warnings, and handlers of other people's loggers write to stderr.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, Outlet):
            stream.also(redactor)
        elif stream is not None:
            outlet = Outlet(stream, redactor)
            setattr(sys, name, outlet)
            atexit.register(outlet.close)
            _redirect(stream, outlet)


def learn(redactor: Redactor) -> None:
    """Let a guarded process know further secrets; nothing where it is not guarded."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, Outlet):
            stream.also(redactor)


def _redirect(stream: Any, outlet: Outlet) -> None:
    """Let handlers that hold the stream from before write to its guard."""
    loggers = [logging.root, *(one for one in logging.root.manager.loggerDict.values() if hasattr(one, "handlers"))]
    for handler in [handler for logger in loggers for handler in getattr(logger, "handlers", ())]:
        if isinstance(handler, logging.StreamHandler) and handler.stream is stream:
            handler.setStream(outlet)
