"""`guard volumes SERVICE`: what the compose file does to the service's storage, for a person or a pipeline."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO, TypeVar

from agents.entrypoints.github_login import github_client
from config.nearest import did_you_mean
from config.service import Service
from config.shipmate import Configuration
from config.targets import ComposeTarget
from guardrails.compose_text import mounts_sound
from guardrails.verdict import Finding, Verdict
from guardrails.volumes import storage_kept
from tools.compose_file import ComposeFile
from tools.compose_reading import read_compose
from tools.errors import NotFound
from tools.redaction import Redactor
from tools.repository import Repository

Known = TypeVar("Known")


async def guard_service(
    configuration: Configuration,
    name: str,
    environment: str | None,
    file: Path | None,
    *,
    as_json: bool,
    out: TextIO,
) -> int:
    """Judge a compose file, or the one of the service's newest version; raises `ToolError` where it cannot be read."""
    service = _known(name, configuration.services, "service")
    place = environment or service.default_environment
    target = _known(place, service.environments, f"environment of {name}").target
    if not isinstance(target, ComposeTarget):
        raise NotFound(
            f"{name} in {place} runs from {target.file} in {target.repository}; there is no compose file to judge.",
            remedy="What keeps its storage is a matter of the cluster's own volume claims.",
        )
    given = await asyncio.to_thread(_given, file) if file else None
    content = given if given is not None else await _newest(service, str(target.file), configuration)
    project = service.project(target)
    compose = await read_compose(content, project_directory=target.directory, project=project)
    text = content.decode(errors="replace")
    return await guard_volumes(service, place, compose, text, as_json=as_json, out=out)


def _given(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NotFound(
            f"{file} could not be read: {error.strerror or error}.", remedy="Name a compose file that you may read."
        ) from error


async def _newest(service: Service, path: str, configuration: Configuration) -> bytes:
    """Read a file of the newest version from a copy of our own: the bot's belongs to the bot's process."""
    name, client = service.repository.github, github_client(configuration.credentials, Redactor())
    token = partial(client.token, name) if client and name else None
    with TemporaryDirectory(prefix="shipmate-") as directory, closing(client) if client else nullcontext():
        repository = Repository(service.repository.url, Path(directory, "copy.git"), token)
        await repository.refresh()
        return await _file(repository, service, path)


async def _file(repository: Repository, service: Service, path: str) -> bytes:
    newest = next(iter(await repository.tags(service.version)), service.repository.main)
    commit = await repository.resolve(newest)
    content = await repository.read(commit, path) if commit else None
    if content is None:
        raise NotFound(f"{service.service} {newest} has no {path}.", remedy="Name a compose file with --file.")
    return content


def _known(name: str, among: Mapping[str, Known], kind: str) -> Known:
    if name not in among:
        raise NotFound(f"There is no {kind} {name}{did_you_mean(name, among)}")
    return among[name]


async def guard_volumes(
    service: Service, environment: str, compose: ComposeFile, text: str = "", *, as_json: bool, out: TextIO
) -> int:
    """Print the verdict on a compose file as it would lie on the hosts of an environment; 1 where it blocks, else 0.

    `text` is the file as it is written.
    """
    settings = service.environments[environment]
    names = [service.compose_service(component) for component in service.components]
    verdict = storage_kept(compose, names, settings.paths, settings.compose.directory)
    verdict += mounts_sound(text, names, settings.compose.image_tag_variable)
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
