"""What a release ships, before the guardrails: its sources and its images."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agents.toolbox import Toolbox
from config.service import Environment, Service
from config.sources import DockerfileRules
from config.targets import ComposeTarget
from guardrails.beside import stands_beside
from guardrails.build_inputs import build_inputs_sound
from guardrails.compose_text import text_sound
from guardrails.composition import composition_sound
from guardrails.destructive import no_volume_deleted
from guardrails.dockerfile_user import compose_user_agreed, image_user_agreed
from guardrails.environment import names_in_sources, names_shadowed
from guardrails.secrets import (
    Allowance,
    Format,
    SecretUse,
    format_of,
    idle_allowances,
    objections,
    secret_uses,
)
from guardrails.verdict import Finding, Verdict
from guardrails.volumes import storage_kept
from guardrails.weights import weights_not_in_image
from tools.clock import SystemClock
from tools.compose_file import ComposeFile
from tools.compose_reading import read_compose
from tools.errors import ToolError
from tools.layers import LayerFile
from tools.scanner import Scanner

TEXT_LIMIT_BYTES = 1_000_000
"""Larger files are data, not something that a person wrote; the pattern layer of the image scan still sees them."""

_SYSTEM = re.compile(r": /(?:bin|etc|lib|lib64|sbin|usr|var)/")
"""Places of an image that its base brought: settings of a distribution look like secrets, so only patterns count."""


async def inspect_sources(tools: Toolbox, commit: str) -> Verdict:
    """Judge the sources of a commit: no secrets, storage kept, names right, images built by their rules."""
    root = await tools.sources(commit)
    sizes, files = await asyncio.to_thread(_sizes, root), await asyncio.to_thread(_texts, root)
    today = tools.clock.now().date()
    return await judge_sources(files, tools.service, tools.environment, tools.scanner, sizes, today=today)


async def judge_sources(
    files: Mapping[str, bytes],
    service: Service,
    environment: Environment,
    scanner: Scanner,
    sizes: Mapping[str, int] | None = None,
    *,
    today: date | None = None,
) -> Verdict:
    """Judge files (path -> content) that a service is made of in an environment, its compose file among them.

    `sizes` (path -> bytes) also has what is no text or too large to be read; absent where `files` are all there are.
    With it the whole of the sources is there, so that an exception which matches nothing is told, too.
    """
    readable = {path: content.decode(errors="replace") for path, content in files.items()}
    secrets = await _secrets(files, scanner, _allowances(service), today or SystemClock().now().date())
    verdict = secrets.verdict + await asyncio.to_thread(no_volume_deleted, readable)
    if sizes is not None:
        verdict += secrets.idle
    known = sizes or {path: len(content) for path, content in files.items()}
    for component in service.components.values():
        verdict += build_inputs_sound(component, files, known)
    verdict += await asyncio.to_thread(names_in_sources, environment.variables, readable)
    target = environment.target
    if not isinstance(target, ComposeTarget):
        return verdict
    content = files.get(str(target.file))
    if content is None:
        return verdict + _no_compose_file(str(target.file))
    project = service.project(target)
    compose = await read_compose(content, project_directory=target.directory, project=project)
    return verdict + _composition(readable, compose, service, environment)


async def inspect_image(
    tools: Toolbox, reference: str, rules: DockerfileRules | None = None, noted: list[LayerFile] | None = None
) -> Verdict:
    """Judge an image: no secret in its history, environment, labels or layers, no weights in any layer, its user.

    `noted` gets all its files, for whoever wants to know more of them: reading an image once is enough.
    """
    wanted, files = rules or DockerfileRules(), noted if noted is not None else list[LayerFile]()
    texts = {place: content async for place, content in tools.images.texts(reference, noted=files.append)}
    shipped = {place: content for place, content in texts.items() if _is_setting(place)}
    today = tools.clock.now().date()
    secrets = await _secrets(shipped, tools.scanner, _allowances(tools.service), today, also_by_pattern=texts)
    verdict = secrets.verdict + weights_not_in_image(files, wanted, reference)
    image = await tools.images.inspect(reference) if wanted.user else None
    if image is None or wanted.user is None:
        return verdict
    newest = max((file for file in files if file.path == "/etc/passwd"), key=lambda file: file.number, default=None)
    passwd = texts.get(f"{newest.layer}: /etc/passwd", b"") if newest else b""
    return verdict + image_user_agreed(image.user, wanted.user, passwd.decode(errors="replace"), reference)


def _is_setting(place: str) -> bool:
    """Tell what people wrote for this image; its code was judged with the sources, and the rest is other people's."""
    return not _SYSTEM.search(place) and format_of(place, "") is not Format.SOURCE


def _composition(files: Mapping[str, str], compose: ComposeFile, service: Service, environment: Environment) -> Verdict:
    target = environment.compose
    text = files[str(target.file)]
    names = [service.compose_service(component) for component in service.components]
    verdict = storage_kept(compose, names, environment.paths, target.directory)
    for name, component in service.components.items():
        part = compose.services.get(service.compose_service(name))
        if part is not None:
            verdict += composition_sound(part, environment.limits)
            if target.rolls and target.proxy and name in target.proxy.routes:
                verdict += stands_beside(part)
            verdict += names_shadowed(part.name, part.environment, files)
            if component.rules.user:
                verdict += compose_user_agreed(part.user, component.rules.user, part.name)
            verdict += text_sound(text, part.name, image=component.image, tag_variable=target.image_tag_variable)
    return verdict


@dataclass(frozen=True, slots=True)
class _Secrets:
    """What both layers said, and which exceptions matched nothing of it."""

    verdict: Verdict
    idle: Verdict


async def _secrets(
    files: Mapping[str, bytes],
    scanner: Scanner,
    allowed: Sequence[Allowance],
    today: date,
    also_by_pattern: Mapping[str, bytes] | None = None,
) -> _Secrets:
    """Look at both layers; a scanner that does not work blocks, since nobody knows what is in the files."""
    try:
        matches = await scanner.scan((also_by_pattern or files).items())
        key_name = scanner.key_name
    except ToolError as error:
        return _Secrets(Verdict.of([_not_scanned(error)]), Verdict())
    uses = await asyncio.to_thread(_uses, files, scanner)
    found = objections(uses, matches, allowed, today=today)
    in_sources = [one for one in allowed if not one.path.startswith("/")]
    return _Secrets(Verdict.of(one.finding for one in found), idle_allowances(found, in_sources, key_name))


def _allowances(service: Service) -> tuple[Allowance, ...]:
    return tuple(
        Allowance(one.path, one.key, one.fingerprint, one.reason, one.expires) for one in service.allowed_secrets
    )


def _uses(files: Mapping[str, bytes], scanner: Scanner) -> list[SecretUse]:
    return [use for path, content in files.items() for use in secret_uses(path, content, scanner.seal)]


def _not_scanned(error: ToolError) -> Finding:
    return Finding(
        rule="secrets-not-checked",
        subject="secret scanner",
        message=f"Secrets were not checked: {error.happened}",
        remedy=error.remedy or "Run `./shipmate doctor` and mend the scanner.",
    )


def _no_compose_file(path: str) -> Verdict:
    finding = Finding(
        rule="compose-file-absent",
        subject=path,
        message=f"The version has no {path}.",
        remedy="Add the compose file, or correct `target.file` of the environment.",
    )
    return Verdict.of([finding])


def _sizes(root: Path) -> dict[str, int]:
    """Measure every file below a directory; path relative to it -> bytes."""
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(root)): path.stat().st_size for path in files}


def _texts(root: Path) -> dict[str, bytes]:
    """Read every text file below a directory; path relative to it -> content."""
    files = (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())
    small = {path: path.read_bytes() for path in files if path.stat().st_size <= TEXT_LIMIT_BYTES}
    return {str(path.relative_to(root)): content for path, content in small.items() if b"\0" not in content[:8192]}
