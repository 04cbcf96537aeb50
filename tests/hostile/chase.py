"""The chase: one reader and one spoilt text after the other, each within a limit of time."""

import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tests.hostile.mutation import spoilt
from tests.hostile.reader import Reader

SECONDS_FOR_ONE = 3.0


class TooSlowError(BaseException):
    """A reader was still at it after the limit; no handler of a reader shall swallow it."""


def fault(reader: Reader, content: bytes) -> str:
    """Tell what is wrong with a reader's way to take a text; empty where nothing is."""
    try:
        answer = reader.read(content)
    except reader.refuses:
        return ""
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the find
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {place.filename.rpartition('/')[2]}:{place.lineno} {place.name}"
    return "" if reader.holds(answer) else f"gave what must not be: {answer!r:.200}"


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Interrupt whatever takes longer; only in a main thread."""

    def late(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def chased(reader: Reader, number: int, seconds: float = SECONDS_FOR_ONE) -> tuple[bytes, str]:
    """Try one spoilt text; gives it and what went wrong."""
    content = spoilt(reader.seeds, number)
    try:
        with limited(seconds):
            return content, fault(reader, content)
    except TooSlowError as slow:
        frames = [f for f in traceback.extract_tb(slow.__traceback__) if "/hostile/" not in f.filename]
        place = frames[0] if frames else None
        return content, f"hung in {place.filename.rpartition('/')[2]}:{place.lineno} {place.name}" if place else "hung"
