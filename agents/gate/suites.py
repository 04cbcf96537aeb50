"""The suites of a commit that nobody releases: chosen by what it changes, and by whether its code is trusted."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from agents.gate.sheet import NAME, Line, Report
from config.service import Service
from config.sources import Suite
from guardrails.scope import scope
from tools.changes import touched
from tools.codecov import Codecov, Upload
from tools.errors import NotFound, ToolError
from tools.github_evidence import Trusted
from tools.history.gates import Gate, Gates
from tools.repository import Repository
from tools.suites import SuiteResult, run_suite

_UNTRUSTED = (
    "it would run on the bot's own machine, which the code of a fork never does. Give the suite an `image`, or push "
    "the commit to a branch of this repository once you have read it."
)
Progress = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Bench:
    """What the suites of the gate run with."""

    repository_of: Callable[[Service], Repository]
    gates: Gates
    codecov: Codecov | None
    place: Path
    """Directory of the gate alone."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What a commit changes of one service; `skip` names the suites that it spares."""

    base: str | None
    compared: str
    skip: Mapping[str, str] = field(default_factory=dict)


def key(service: Service, commit: str) -> str:
    """Name the directory and the containers of a service's suites on a commit."""
    return f"gate-{service.service}-{commit[:12]}"


async def examined(gate: Gate, services: Sequence[Service], bench: Bench, progress: Progress) -> Report:
    """Run what the commit needs, one suite after the other, so that releases keep the machine."""
    lines: list[Line] = []
    compared, against = "", ""
    for service in services:
        repository = bench.repository_of(service)
        await _fetched(gate, repository)
        change = await _changed(gate, service, repository)
        against, covered = await bench.gates.covered(gate.repository, change.base, service.repository.main)
        async with _sources(gate, service, repository, bench) as sources:
            for name, suite in service.suites.items():
                label = name if len(services) == 1 else f"{service.service}: {name}"
                await progress(f"Running {label}.")
                line = _left(label, name, suite, change, gate) or await _ran(label, name, gate, service, sources, bench)
                lines.append(replace(line, critical=suite.critical, before=covered.get(label)))
        compared = change.compared
    return Report(tuple(lines), compared, against)


async def _fetched(gate: Gate, repository: Repository) -> None:
    """Bring the commit here, also where the copy of the repository was made anew."""
    for refresh in (repository.refresh, *(_reader(repository, line) for line in gate.lines)):
        if await repository.resolve(gate.commit):
            return
        await refresh()
    if await repository.resolve(gate.commit) is None:
        raise NotFound(f"The commit {gate.commit[:12]} is not in the repository any more.", remedy="Push it again.")


def _reader(repository: Repository, line: str) -> Callable[[], Awaitable[object]]:
    kind, _, name = line.partition("/")
    return (lambda: repository.pull_request(int(name))) if kind == "pull" else repository.refresh


async def _changed(gate: Gate, service: Service, repository: Repository) -> _Change:
    """Apply the scope rules to what the commit brings to its base; what is in the base already is tested as a whole."""
    tip = await repository.branch(gate.base)
    base = await repository.merge_base(tip, gate.commit) if tip else None
    if gate.whole or base is None or base == gate.commit:
        return _Change(None if base == gate.commit else base, "Nothing was left out by rules.")
    chosen = scope(service, touched(await repository.changed_files(base, gate.commit)))
    return _Change(
        base, f"Rules looked at what changed since `{base[:12]}`, where the commit left its base.", chosen.skip
    )


@asynccontextmanager
async def _sources(gate: Gate, service: Service, repository: Repository, bench: Bench) -> AsyncIterator[Path]:
    place = bench.place / key(service, gate.commit)
    try:
        await repository.export(gate.commit, place / "sources")
        yield place / "sources"
    finally:
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)


def _left(label: str, name: str, suite: Suite, change: _Change, gate: Gate) -> Line | None:
    """Tell why a suite does not run; None where it does. Code that is not trusted gets no machine but a container."""
    if name in change.skip:
        return Line(label, left="spared", reason=change.skip[name])
    evidence = Trusted.parse(suite.check) if suite.check else None
    if evidence and evidence.name != NAME:
        return Line(label, left="elsewhere", reason=f"the check {evidence} of the commit shows it.")
    if suite.image is None and not gate.trusted:
        return Line(label, left="withheld", reason=_UNTRUSTED)
    return None


async def _ran(label: str, name: str, gate: Gate, service: Service, sources: Path, bench: Bench) -> Line:
    suite = service.suites[name]
    if not suite.command:
        return Line(
            label, SuiteResult(name, suite.kind, "failed", reason="It waits for this very check, and has no command.")
        )
    try:
        result = await run_suite(name, suite, sources, key=key(service, gate.commit))
    except ToolError as error:
        return Line(label, SuiteResult(name, suite.kind, "failed", reason=f"It could not be run: {error}"))
    return Line(label, result, upload=await _uploaded(result, gate, service, sources, bench))


async def _uploaded(result: SuiteResult, gate: Gate, service: Service, sources: Path, bench: Bench) -> str:
    """Send the coverage report as a release does; a fork's report is its own word, and goes nowhere in our name."""
    if bench.codecov is None or result.coverage_report is None:
        return ""
    if not gate.trusted:
        return "not sent to Codecov, since it comes from a fork"
    name = str(service.repository.github)
    refusal = await bench.codecov.upload(Upload(name, gate.commit, result.name, result.coverage_report, sources))
    return f"not uploaded. {refusal}" if refusal else "sent to Codecov"
