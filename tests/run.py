"""Everything that must hold, in the order of its price; stops at the first step that fails.

`./shipmate test [--fast] [pytest arguments]`: --fast leaves out all that needs real parts.
"""

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from defusedxml import ElementTree

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PACKAGES = ("agents", "guardrails", "tools", "config", "tests")
CHECKS = {
    "lint": (BIN / "ruff", "check", "--quiet", "."),
    "format": (BIN / "ruff", "format", "--check", "--quiet", "."),
    "types": (BIN / "mypy", *PACKAGES),
    "imports": (BIN / "lint-imports",),
}
TIERS = ("unit", "contract", "e2e", "faults")
FAST = ("unit",)
TOGETHER = {"unit": 2, "contract": 2, "e2e": 2}
"""Tiers whose files run in several processes at once; each process starts the real parts that its tests ask for."""
NO_TESTS = 5
"""Pytest's exit code where nothing was selected."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step that has run, and the tests it counted."""

    name: str
    exit_code: int
    seconds: float
    passed: int = 0
    skipped: int = 0


def main(arguments: Sequence[str]) -> int:
    """Run all steps and return the exit code of the first that fails."""
    if {"--help", "-h"} & set(arguments):
        _say(str(__doc__).strip())
        return 0
    wanted = [word for word in arguments if word != "--fast"]
    tiers = [
        tier for tier in (FAST if "--fast" in arguments else TIERS) if any((ROOT / "tests" / tier).rglob("test_*.py"))
    ]
    steps: list[Step] = []
    for name in (*CHECKS, *tiers):
        _say(f"== {name}")
        step = _check(name) if name in CHECKS else _tier(name, wanted)
        steps.append(step)
        _say(f"== {name} {'passed' if step.exit_code == 0 else 'FAILED'} in {step.seconds:.1f} s\n")
        if step.exit_code != 0:
            break
    _say(summary(steps))
    return steps[-1].exit_code


def summary(steps: Sequence[Step]) -> str:
    """Tell in one line what failed or what passed, how many tests that were, and where the time went."""
    passed, skipped = sum(step.passed for step in steps), sum(step.skipped for step in steps)
    counts = f"{passed} passed" + (f", {skipped} skipped" if skipped else "")
    failed = [f"{step.name} FAILED" for step in steps if step.exit_code != 0]
    times = ", ".join(f"{step.name} {step.seconds:.1f}" for step in steps)
    return f"{', '.join([*failed, counts])} in {sum(step.seconds for step in steps):.1f} s ({times})"


def _check(name: str) -> Step:
    started = time.monotonic()
    return Step(name, _run(CHECKS[name]), time.monotonic() - started)


def _tier(name: str, wanted: Sequence[str]) -> Step:
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.xml"
        several = ("-n", str(TOGETHER[name]), "--dist", "loadfile") if name in TOGETHER else ()
        command = (sys.executable, "-m", "pytest", f"tests/{name}", "-q", f"--junitxml={report}", *several, *wanted)
        exit_code = _run(command)
        passed, skipped = _counted(report)
    if exit_code == NO_TESTS and wanted:
        exit_code = 0
    return Step(name, exit_code, time.monotonic() - started, passed, skipped)


def _counted(report: Path) -> tuple[int, int]:
    """Read from a JUnit report how many tests passed and how many were skipped."""
    if not report.exists():
        return 0, 0
    suites = ElementTree.fromstring(report.read_text()).iter("testsuite")
    totals = [{key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")} for suite in suites]
    skipped = sum(total["skipped"] for total in totals)
    return sum(total["tests"] - total["failures"] - total["errors"] for total in totals) - skipped, skipped


def _run(command: Sequence[str | Path]) -> int:
    """Run a command to its end; a wish to end is the command's to fulfil, so that it can clear away first."""
    child = subprocess.Popen(command, cwd=ROOT)
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    return child.wait()


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - this is what the person who started it reads


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
