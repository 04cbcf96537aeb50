"""`guard dockerfile SERVICE`: what a checkout's images would be built from, judged by the service's rules."""

import json
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from config.nearest import did_you_mean
from config.service import Service
from config.shipmate import Configuration
from guardrails.build_inputs import build_inputs_sound
from guardrails.verdict import Finding, Verdict
from tools.errors import NotFound
from tools.worktree import files_below

_TEXT_LIMIT_BYTES = 1_000_000


def guard_dockerfile(configuration: Configuration, name: str, path: Path, *, as_json: bool, out: TextIO) -> int:
    """Judge every component's Dockerfile, ignore file and context below a directory; 1 where that blocks, else 0.

    Inside a git repository what it ignores does not count, since that is never released.
    """
    if name not in configuration.services:
        raise NotFound(f"There is no service {name}{did_you_mean(name, configuration.services)}")
    if not path.is_dir():
        raise NotFound(f"There is no directory {path}.", remedy="Name a checkout of the service with --path.")
    service = configuration.services[name]
    verdict = _judged(service, path)
    out.write(f"{_as_json(name, verdict) if as_json else _as_text(service, verdict)}\n")
    return int(verdict.blocks)


def _judged(service: Service, root: Path) -> Verdict:
    files = {str(file.relative_to(root)): file for file in files_below(root, untracked=True)}
    sizes = {path: file.stat().st_size for path, file in files.items()}
    read = {path: files[path].read_bytes() for path, size in sizes.items() if size <= _TEXT_LIMIT_BYTES}
    texts = {path: content for path, content in read.items() if b"\0" not in content[:8192]}
    looks = (build_inputs_sound(component, texts, sizes) for component in service.components.values())
    return Verdict.of([_placed(finding, root, files) for finding in sum(looks, start=Verdict()).findings])


def _placed(finding: Finding, root: Path, files: Collection[str]) -> Finding:
    """Say of an absent file where it was looked for; a checkout is no version."""
    if finding.rule != "dockerfile-absent" or finding.subject in files:
        return finding
    where = "git ignores it" if (root / finding.subject).is_file() else f"it was looked for in {root.resolve()}"
    return replace(finding, message=f"There is no {finding.subject} to be released: {where}.")


def _as_json(service: str, verdict: Verdict) -> str:
    findings = [
        {
            "rule": finding.rule,
            "level": finding.level.name.lower(),
            "place": finding.place,
            "subject": finding.subject,
            "message": finding.message,
            "remedy": finding.remedy,
        }
        for finding in verdict.findings
    ]
    return json.dumps({"service": service, "blocks": verdict.blocks, "findings": findings}, indent=2)


def _as_text(service: Service, verdict: Verdict) -> str:
    if not verdict.findings:
        names = ", ".join(str(component.dockerfile) for component in service.components.values())
        return f"{service.service}: {names}: no rule is broken."
    return "\n".join(_line(finding) for finding in verdict.findings)


def _line(finding: Finding) -> str:
    level, place = finding.level.name.lower(), finding.place or finding.subject
    return f"{level:8} {place}: {finding.message} ({finding.rule})\n         {finding.remedy}"
