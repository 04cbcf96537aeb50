"""A service's users: requests on loopback at a constant rate, from a process of their own, and what became of each.

`with Load(scratch, Order(port, slow=0.02)) as load:` and then whatever may disturb them; afterwards
`load.report("v2")`. A request counts as failed when it got no answer, one that is not 2xx, or somebody else's.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

from tests.stage.commands import StageError
from tests.stage.load_sender import Order, Sample
from tests.stage.places import ROOT

__all__ = ["Load", "Order", "Report", "Sample"]
PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the requests of a load, or of those that began within a part of it. Times in seconds."""

    requests: int
    failed: int
    failures: tuple[str, ...]
    """Kind, kind of connection, and what happened, each once."""
    repeated: int
    """GET requests that a client sent again because its kept connection was closed under it; not failed."""
    gap: float
    """Longest time without a good answer while requests were sent, slow ones left out."""
    p50: float
    p99: float
    """Of good answers, slow ones left out."""
    first_new: float | None
    """Moment (`time.perf_counter`) of the new version's first answer."""
    last_old: float | None
    """Moment of the last answer of any other version, slow requests left out."""

    def line(self) -> str:
        """Say it in one line."""
        return (
            f"{self.failed} of {self.requests} failed, {self.repeated} repeated, gap {self.gap * 1000:.0f} ms, "
            f"p50 {self.p50 * 1000:.1f} ms, p99 {self.p99 * 1000:.1f} ms{'; ' if self.failures else ''}"
            f"{'; '.join(self.failures[:5])}"
        )


class Load:
    """A load that lasts as long as the `with` block; requests under way then are waited for."""

    def __init__(self, directory: Path, order: Order) -> None:
        self.order = order
        self._file = directory / f"load-{order.port}-{time.monotonic_ns()}.jsonl"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        argv = (sys.executable, "-m", "tests.stage.load_sender", json.dumps(asdict(self.order)))
        with self._file.open("wb") as told:
            self._process = subprocess.Popen(argv, cwd=ROOT, env=dict(os.environ), stdin=subprocess.PIPE, stdout=told)
        self._wait(lambda: bool(self.samples()), "no request was sent", PATIENCE_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            try:
                self._process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def samples(self) -> list[Sample]:
        """Read what is known by now, in the order in which the requests ended."""
        whole = self._file.read_bytes().rpartition(b"\n")[0]
        return [Sample(**json.loads(line)) for line in whole.splitlines()]

    def heard(self, version: str, within: float = PATIENCE_SECONDS) -> float:
        """Wait for the first answer of a version that began after this call; returns its moment."""
        since = time.perf_counter()

        def first() -> float | None:
            good = (one.ended for one in _good(self.samples()) if one.version == version and one.started >= since)
            return next(good, None)

        return self._wait(first, f"{version} did not answer", within)

    def counted(self, more: int, within: float = PATIENCE_SECONDS) -> None:
        """Wait until so many more requests have ended."""
        before = len(self.samples())
        self._wait(lambda: len(self.samples()) >= before + more, f"{more} more requests did not end", within)

    def report(self, new: str = "", *, since: float = 0.0, until: float = float("inf")) -> Report:
        """Sum up the requests that began in a part of the time; `new` is the version that is to take over."""
        return report_of([one for one in self.samples() if since <= one.started <= until], new)

    def _wait(self, asked: Callable[[], float | None], lacking: str, within: float) -> float:
        deadline = time.monotonic() + within
        while not (found := asked()):
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                raise StageError(f"Load on port {self.order.port}: {lacking} within {within:g} s.")
            time.sleep(0.1)
        return float(found)


def report_of(samples: Sequence[Sample], new: str = "") -> Report:
    """Sum up requests."""
    bad = [one for one in samples if one.failure]
    good = sorted(_good(samples), key=lambda one: one.ended)
    quick = sorted(one.ended - one.started for one in good if one.kind != "slow")
    return Report(
        requests=len(samples),
        failed=len(bad),
        failures=tuple(dict.fromkeys(map(_told, bad))),
        repeated=sum(one.repeated for one in samples),
        gap=_gap(samples),
        p50=_quantile(quick, 0.5),
        p99=_quantile(quick, 0.99),
        first_new=next((one.ended for one in good if one.version == new), None),
        last_old=next((one.ended for one in reversed(good) if one.version != new and one.kind != "slow"), None),
    )


def _gap(samples: Sequence[Sample]) -> float:
    first, last = (pick((one.started for one in samples), default=0.0) for pick in (min, max))
    ends = sorted(one.ended for one in _good(samples) if one.kind != "slow" and one.ended < last)
    return max(after - before for before, after in pairwise([first, *ends, last]))


def _good(samples: Iterable[Sample]) -> list[Sample]:
    return [one for one in samples if not one.failure]


def _told(sample: Sample) -> str:
    return f"{sample.kind} on a {'fresh' if sample.fresh else 'kept'} connection: {sample.failure}"


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
