"""`./shipmate bench fuzz`: every reader of foreign input against new spoilt texts, in processes that may die."""

import argparse
import multiprocessing
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.queues import SimpleQueue
from typing import Any

from tests.bench.amounts import some_time
from tests.hostile.chase import chased
from tests.hostile.readers import READERS

GRACE_SECONDS = 30.0
"""A process that does not come back after its time is stuck where no limit interrupts it."""


@dataclass(slots=True)
class Catch:
    """What one reader was tried with, and did not survive: what went wrong -> numbers of the texts."""

    tried: int = 0
    slowest: float = 0.0
    faults: dict[str, list[int]] = field(default_factory=dict)

    def lines(self, name: str) -> list[str]:
        """Tell it."""
        found = [f"    {fault}: {len(which)}, such as --start {which[0]}" for fault, which in self.faults.items()]
        return [f"{name:<30} {self.tried:>8} inputs, slowest {self.slowest:.2f} s", *found]


def main(arguments: Sequence[str]) -> int:
    """Try the readers named, or all; exit code 1 where one ended, hung or gave what must not be."""
    parser = argparse.ArgumentParser(
        "shipmate bench fuzz", description="Spoilt texts for every reader of foreign input."
    )
    parser.add_argument(
        "readers", nargs="*", metavar="READER", help=f"of {', '.join(READERS)}; all where none is named"
    )
    parser.add_argument("--seconds", type=some_time, default=60, help="for all readers together (default: 60)")
    parser.add_argument("--start", type=int, help="number of the first text; the same number gives the same text")
    options = parser.parse_args(arguments)
    names = options.readers or tuple(READERS)
    if unknown := sorted(set(names) - set(READERS)):
        parser.error(f"there is no reader {', '.join(unknown)}; there are {', '.join(READERS)}")
    start = secrets.randbits(48) if options.start is None else options.start
    caught = [_told(name, chase(name, start, options.seconds / len(names))) for name in names]
    total = sum(one.tried for one in caught)
    print(f"{total} inputs, {sum(len(one.faults) for one in caught)} kinds of fault")  # noqa: T201 - a person reads it
    return 1 if any(one.faults for one in caught) else 0


def chase(name: str, start: int, seconds: float) -> Catch:
    """Try one reader in a process of its own; where it dies, go on after the text that killed it."""
    caught, ends = Catch(), time.monotonic() + seconds
    context = multiprocessing.get_context("spawn")  # the Dockerfile parser is written in Go, which survives no fork
    at = context.Value("q", start)
    while time.monotonic() < ends:
        answers: SimpleQueue[Any] = context.SimpleQueue()
        worker = context.Process(target=_try, args=(name, at, ends - time.monotonic(), answers))
        worker.start()
        worker.join(max(0.0, ends - time.monotonic()) + GRACE_SECONDS)
        fault = ""
        if worker.exitcode is None:
            worker.kill()
            worker.join()
            fault = "stuck where nothing interrupts it"
        elif worker.exitcode:
            fault = f"ended the process ({worker.exitcode})"
        if not fault:
            _add(caught, answers.get())
            break
        _add(caught, Catch(1, 0.0, {fault: [at.value]}))
        at.value += 1
    return caught


def _try(name: str, at: Any, seconds: float, answers: "SimpleQueue[Any]") -> None:
    caught, ends = Catch(), time.monotonic() + seconds
    while time.monotonic() < ends:
        began = time.monotonic()
        _, fault = chased(READERS[name], at.value)
        caught.tried += 1
        caught.slowest = max(caught.slowest, time.monotonic() - began)
        if fault:
            caught.faults.setdefault(fault, []).append(at.value)
        at.value += 1
    answers.put(caught)


def _add(caught: Catch, more: Catch) -> None:
    caught.tried += more.tried
    caught.slowest = max(caught.slowest, more.slowest)
    for fault, which in more.faults.items():
        caught.faults.setdefault(fault, []).extend(which)


def _told(name: str, caught: Catch) -> Catch:
    print("\n".join(caught.lines(name)), flush=True)  # noqa: T201 - as above
    return caught
