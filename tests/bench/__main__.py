"""`./shipmate bench [NAME]...`: tables of what was measured on real parts; exit code 1: a goal missed.

`./shipmate bench fuzz` measures nothing: it looks for texts that a reader does not survive.
`./shipmate bench secrets` measures the search for secrets on labelled files, beside other scanners.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from config.nearest import did_you_mean
from tests.bench import (
    acks,
    approval,
    deploy,
    fanout,
    fuzz,
    growth,
    memory,
    overhead,
    redaction,
    rollback,
    secrets,
    ship,
    webhooks,
)
from tests.bench.amounts import some
from tests.bench.figures import Report
from tests.stage.stage import Stage, own_directory

ON_STAGE: Mapping[str, Callable[[Stage, int], Awaitable[Report]]] = {
    "approval": approval.bench,
    "deploy": deploy.bench,
    "rollback": rollback.bench,
    "fanout": fanout.bench,
    "ship": ship.bench,
    "memory": memory.bench,
    "acks": acks.bench,
    "webhooks": webhooks.bench,
}
ALONE: Mapping[str, Callable[[int], Awaitable[Report]]] = {
    "overhead": overhead.bench,
    "growth": growth.bench,
    "redaction": redaction.bench,
}
NAMES = (*ALONE, *ON_STAGE)
BY_ITSELF: Mapping[str, Callable[[Sequence[str]], int]] = {"fuzz": fuzz.main, "secrets": secrets.main}


def main(arguments: Sequence[str]) -> int:
    """Run the benchmarks named, or all."""
    if arguments and arguments[0] in BY_ITSELF:
        return BY_ITSELF[arguments[0]](arguments[1:])
    parser = argparse.ArgumentParser("shipmate bench", description="Measure the crew on real parts, on loopback only.")
    named = f"of {', '.join(NAMES)}; all where none is named; or one by itself: {', '.join(BY_ITSELF)}"
    parser.add_argument("names", nargs="*", metavar="BENCHMARK", help=named)
    parser.add_argument(
        "--rounds", type=some, default=5, help="how often those with real releases measure (default: 5)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--pictures", type=Path, metavar="DIRECTORY", help="draw the tables of competitors there (SVG)")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(NAMES)):
        parser.error(_unknown(unknown[0]))
    reports = _measured(options.names or NAMES, options.rounds)
    if options.json:
        options.json.write_text(json.dumps([report.document() for report in reports], indent=2) + "\n")
    if options.pictures:
        _draw(reports, options.pictures)
    return 0 if all(goal.met for report in reports for goal in report.goals) else 1


def _draw(reports: Sequence[Report], directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for report in reports:
        for table in report.tables[:1]:
            (directory / f"bench-{report.name}.svg").write_text(table.picture())


def _unknown(name: str) -> str:
    if name in BY_ITSELF:
        return f"{name} is run by itself: ./shipmate bench {name}"
    return f"there is no benchmark '{name}'{did_you_mean(name, (*NAMES, *BY_ITSELF))}"


def _measured(names: Sequence[str], rounds: int) -> list[Report]:
    reports = [_told(asyncio.run(_measure(ALONE[name](rounds)))) for name in ALONE if name in names]
    if wanted := [name for name in ON_STAGE if name in names]:
        with Stage(own_directory()) as stage:
            reports += [_told(asyncio.run(_measure(ON_STAGE[name](stage, rounds)))) for name in wanted]
    named = {report.name: report for report in reports}
    if {"overhead", "approval"} <= named.keys():
        reports.append(_told(overhead.share(named["overhead"], named["approval"])))
    return reports


async def _measure(report: Awaitable[Report]) -> Report:
    return await report


def _told(report: Report) -> Report:
    print("\n".join(report.lines()), flush=True)  # noqa: T201 - the person who started it reads this
    return report


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
