"""`guard volumes SERVICE`: what the compose file does to the service's storage, for a person or a pipeline."""

import json
from typing import TextIO

from config.service import Service
from guardrails.verdict import Finding, Verdict
from guardrails.volumes import storage_kept
from tools.compose_file import ComposeFile


async def guard_volumes(service: Service, environment: str, compose: ComposeFile, *, as_json: bool, out: TextIO) -> int:
    """Print the verdict on a compose file as it would lie on the hosts of an environment; 1 where it blocks, else 0."""
    settings = service.environments[environment]
    names = [service.compose_service(component) for component in service.components]
    verdict = storage_kept(compose, names, settings.paths, settings.target.directory)
    said = (
        _as_json(service.service, environment, verdict) if as_json else _as_text(service.service, environment, verdict)
    )
    out.write(f"{said}\n")
    return int(verdict.blocks)


def _as_json(service: str, environment: str, verdict: Verdict) -> str:
    findings = [
        {
            "rule": finding.rule,
            "level": finding.level.name.lower(),
            "subject": finding.subject,
            "message": finding.message,
            "remedy": finding.remedy,
        }
        for finding in verdict.findings
    ]
    told = {"service": service, "environment": environment, "blocks": verdict.blocks, "findings": findings}
    return json.dumps(told, indent=2)


def _as_text(service: str, environment: str, verdict: Verdict) -> str:
    if not verdict.findings:
        return f"{service} in {environment}: storage is kept."
    return "\n".join(_line(finding) for finding in verdict.findings)


def _line(finding: Finding) -> str:
    return f"{finding.level.name.lower():8} {finding.rule}: {finding.message}\n         {finding.remedy}"
