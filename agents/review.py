"""What the guardrails say to a change before anybody releases it: only what it brings, each finding with a place."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from agents.contents import TEXT_LIMIT_BYTES, judge_sources
from agents.words.facts import ReleaseFacts
from agents.words.patch import RemovedProtection
from config.service import Environment, Service
from config.targets import ComposeTarget
from guardrails.verdict import Finding, Level, Verdict
from tools.changes import ChangedFile
from tools.errors import Garbled, ToolError
from tools.github_checks import Annotation, Conclusion
from tools.github_checks import Level as Mark
from tools.repository import Repository
from tools.scanner import Scanner

_MARKS: Mapping[Level, Mark] = {Level.BLOCKING: "failure", Level.WARNING: "warning", Level.NOTE: "notice"}
_ABSENT = "compose-file-absent"


@dataclass(frozen=True, slots=True)
class Review:
    """What a change brings, what was there before it, and what could not be looked at."""

    verdict: Verdict
    before: int = 0
    troubles: tuple[str, ...] = ()


async def review(
    repository: Repository,
    base: str | None,
    head: str,
    facts: ReleaseFacts,
    services: Iterable[Service],
    scanner: Scanner,
) -> Review:
    """Judge the changed files, and those that say how the services are built and run, on both sides of a change."""
    verdict, known = Verdict(), 0
    troubles: list[str] = []
    for service in services:
        names = _names(service, facts)
        after = await repository.texts(head, names.values(), TEXT_LIMIT_BYTES)
        before = await _before(repository, base, names, facts.changed) if base else {}
        for environment in service.environments.values():
            now, trouble = await _judged(after, service, environment, scanner)
            then, _ = await _judged(before, service, environment, scanner) if before else (Verdict(), "")
            old = {_identity(finding) for finding in then.findings}
            fresh = [finding for finding in now.findings if _identity(finding) not in old]
            known += len(now.findings) - len(fresh)
            verdict += Verdict.of(_placed(finding, after, environment) for finding in fresh)
            troubles += [trouble] if trouble else []
    return Review(verdict, known, tuple(dict.fromkeys(troubles)))


def annotations(
    verdict: Verdict, protections: Sequence[RemovedProtection], there: Iterable[str]
) -> tuple[Annotation, ...]:
    """Write findings and removed protections as remarks on lines; only files that are `there` have lines."""
    files = set(there)
    placed = ((finding, *_place(finding)) for finding in verdict.findings)
    found = [
        Annotation(path, line, _MARKS[f.level], f"{f.rule}: {f.subject}", f"{f.message} {f.remedy}".strip())
        for f, path, line in placed
        if path
    ]
    found += [
        Annotation(one.path, one.at, "warning", f"{one.kind} taken away", str(one))
        for one in protections
        if one.path in files
    ]
    return tuple(found)


def conclusion(verdict: Verdict, removals: Sequence[str]) -> Conclusion:
    """Decide by what the guardrails found, and by nothing that anybody wrote."""
    if verdict.blocks:
        return "failure"
    return "neutral" if verdict.level is Level.WARNING or removals else "success"


def _names(service: Service, facts: ReleaseFacts) -> Mapping[str, str]:
    """Name the files to judge; what nobody wrote by hand is left out, and what says how things run always in."""
    changed = (file.path for file in facts.changed if not file.binary and file.path not in facts.folded)
    targets = (environment.target for environment in service.environments.values())
    compose = (str(target.file) for target in targets if isinstance(target, ComposeTarget))
    built = (str(path) for part in service.components.values() for path in _built_from(part.dockerfile, part.context))
    return {path: path for path in (*changed, *compose, *built)}


def _built_from(dockerfile: PurePosixPath, context: PurePosixPath) -> tuple[PurePosixPath, ...]:
    return dockerfile, context / ".dockerignore", dockerfile.with_name(f"{dockerfile.name}.dockerignore")


async def _before(
    repository: Repository, base: str, names: Mapping[str, str], files: Iterable[ChangedFile]
) -> Mapping[str, bytes]:
    """Read the version before; what was renamed stands under its new name, so that nothing in it seems new."""
    origins = {**names, **{file.path: file.previous_path for file in files if file.previous_path}}
    texts = await repository.texts(base, origins.values(), TEXT_LIMIT_BYTES)
    return {path: texts[origin] for path, origin in origins.items() if path in names and origin in texts}


async def _judged(
    files: Mapping[str, bytes], service: Service, environment: Environment, scanner: Scanner
) -> tuple[Verdict, str]:
    """Judge one side; a compose file that cannot be read does not keep the rest from being judged."""
    try:
        return await judge_sources(files, service, environment, scanner), ""
    except ToolError as error:
        if not isinstance(environment.target, ComposeTarget):
            return Verdict(), str(error)
        file = str(environment.target.file)
        rest = await judge_sources({path: files[path] for path in files if path != file}, service, environment, scanner)
        found = [finding for finding in rest.findings if finding.rule != _ABSENT]
        if not isinstance(error, Garbled):
            return Verdict.of(found), str(error)
        broken = Finding("compose-unreadable", file, error.happened, error.remedy, place=f"{file}:1")
        return Verdict.of([*found, broken]), ""


def _identity(finding: Finding) -> tuple[str, str, str, str]:
    """Tell a finding from others, wherever in its file it stands."""
    return finding.rule, finding.subject, finding.message, finding.place.rpartition(":")[0]


def _placed(finding: Finding, files: Mapping[str, bytes], environment: Environment) -> Finding:
    """Give a finding about the compose file the line of the service that it is about."""
    target = environment.target
    if finding.place or not isinstance(target, ComposeTarget) or str(target.file) not in files:
        return finding
    lines = files[str(target.file)].decode(errors="replace").split("\n")
    service = re.escape(finding.subject.partition(":")[0].strip())
    found = (number for number, line in enumerate(lines, 1) if re.match(rf"\s+['\"]?{service}['\"]?\s*:\s*$", line))
    return replace(finding, place=f"{target.file}:{next(found, 1)}")


def _place(finding: Finding) -> tuple[str, int]:
    path, _, line = finding.place.rpartition(":")
    return (path, max(int(line), 1)) if path and line.isdigit() else (finding.place, 1)
