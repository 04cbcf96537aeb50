"""How fast texts are redacted, with as many secrets as an operator may have."""

import base64
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter

from tests.bench.figures import Goal, Report, Series
from tools.redaction import Redactor
from tools.token_shapes import without_tokens

COUNTS = (3, 50, 300)
TEXT_BYTES = 1_000_000
LONGEST_SECONDS = 1.5
"""For a text of 1 MB, which is the largest that one command may print; a card takes a hundredth of that."""


async def bench(rounds: int) -> Report:
    """Measure seconds per megabyte of sources, of which nothing is masked, and how long many secrets take to learn."""
    text = _sources()
    series = [_series("tokens that nobody registered, 1 MB", rounds, lambda: without_tokens(text))]
    for count in COUNTS:
        redactor = _knowing(count)
        series += [
            _series(f"the search built anew, {count} secrets", rounds, partial(_built_anew, count)),
            _series(f"masking, {count} secrets, 1 MB", rounds, partial(redactor.redact, text)),
            _series(f"tripwire, {count} secrets, 1 MB", rounds, partial(redactor.leaks, text)),
        ]
    slowest = max(one.median for one in series if one.name.endswith("1 MB"))
    return Report("redaction", series, (Goal("1 MB looked through, seconds", slowest, LONGEST_SECONDS),))


def _sources() -> str:
    sources = "".join(file.read_text() for file in sorted(Path("agents").rglob("*.py")))
    return (sources * (TEXT_BYTES // len(sources) + 1))[:TEXT_BYTES]


def _built_anew(count: int) -> bool:
    return _knowing(count).leaks("x")


def _knowing(count: int) -> Redactor:
    redactor = Redactor()
    for number in range(count):
        redactor.register(f"S{number}", base64.b64encode(secrets.token_bytes(30)).decode())
    redactor.redact("x")
    return redactor


def _series(name: str, rounds: int, work: Callable[[], object]) -> Series:
    work()
    return Series(name, "s", tuple(_seconds(work) for _ in range(rounds)))


def _seconds(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun
