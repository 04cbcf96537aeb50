"""A compose file read by compose itself, on the bot's machine, without anything of that machine getting in.

Variables nobody gave a value stay visible as `${NAME}`. Files that a compose file
points to (env files, label files, includes, other compose files) are never opened:
they belong to the host, and here they might be anybody's.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from config.yaml_bounds import plain_values
from tools.compose_file import ComposeFile, Port, normalise
from tools.compose_variables import bare, mounts_spelled_out, spelled_out
from tools.errors import Garbled, NotInstalled
from tools.hosts import Argv
from tools.process import run

_VARIABLE = re.compile(r"(?<!\$)(?:\$\$)*\$(?:\{([A-Za-z_]\w*)(:?-)?|([A-Za-z_]\w*))", re.ASCII)
_NO_COMPOSE = frozenset({125, 127})
"""Exit codes of docker without the plugin (it does not know our flags), and of no docker at all."""
_KEPT = ("PATH", "HOME", "DOCKER_CONFIG")
_OF_DOCKER = ("HOST", "CONTEXT", "TLS", "TLS_VERIFY", "CERT_PATH", "API_VERSION", "DEFAULT_PLATFORM")
_OF_COMPOSE = ("PROJECT_NAME", "FILE", "PATH_SEPARATOR", "PROFILES", "ENV_FILES", "DISABLE_ENV_FILE", "EXPERIMENTAL")
_OBEYED = (*_KEPT, *(f"DOCKER_{name}" for name in _OF_DOCKER), *(f"COMPOSE_{name}" for name in _OF_COMPOSE))
"""Names that docker itself obeys: a compose file that speaks of them must neither set them nor see ours."""
_PROJECT_NAME = re.compile(r"\$(?:\{COMPOSE_PROJECT_NAME(?:[:?+-][^{}]*)?\}|COMPOSE_PROJECT_NAME\b)", re.ASCII)
_OBEYED_USE = re.compile(rb"(?<!\$)((?:\$\$)*)\$(?=\{?(?:" + "|".join(_OBEYED).encode() + rb")\b)")


async def read_compose(
    content: bytes,
    *,
    project_directory: PurePosixPath,
    project: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> ComposeFile:
    """Read a compose file as the host would, given only these variables.

    `project` is the name under which it runs, whatever the file or the directory is called: volumes are named for it.
    Raises `Garbled` with compose's own words for a file that it refuses.
    """
    require_self_contained(content)
    given = variables or {}
    text = literal(content).decode(errors="replace")
    unknown = unresolved(text, given)
    environment = {
        **unknown,
        **given,
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
    }
    plain = mounts_spelled_out(bare(content.decode(errors="replace")), unknown).encode()
    listed = env_files(await _config(plain_command(project_directory), plain, environment))
    written = spelled_out(mounts_spelled_out(text, unknown), unknown)
    with TemporaryDirectory() as scratch:
        override = Path(scratch) / "without-env-files.yml"
        override.write_text(without_env_files(listed))
        command = resolved_command(project_directory, override, project)
        answer = await _config(command, written.text.encode(), environment)
    resolved = normalise(answer.replace("$$", "$"))  # compose escapes what it prints, to be read again
    services = {
        name: replace(
            service, env_files=listed[name], ports=tuple(_named(port, written.targets) for port in service.ports)
        )
        for name, service in resolved.services.items()
    }
    volumes = {key: replace(one, name=_for(project, one.name)) for key, one in resolved.volumes.items()}
    return replace(resolved, services=services, volumes=volumes)


def _for(project: str | None, name: str) -> str:
    """Fill in the one variable that compose itself sets."""
    return _PROJECT_NAME.sub(project, name) if project else name


def _named(port: Port, targets: Mapping[int, str]) -> Port:
    """Say the variable again where a number stands for it."""
    return replace(port, target=targets.get(int(port.target), port.target))


def plain_command(project_directory: PurePosixPath) -> Argv:
    """Build the command that reads a compose file from standard input as it is written."""
    return (*_compose(project_directory), "config", "--no-interpolate", "--format", "json")


def resolved_command(project_directory: PurePosixPath, override: Path, project: str | None = None) -> Argv:
    """Build the command that reads a compose file from standard input with its variables filled in."""
    named = ("--project-name", project) if project else ()
    return (*_compose(project_directory), "--file", str(override), *named, "config", "--format", "json")


def _compose(project_directory: PurePosixPath) -> Argv:
    return (
        *("docker", "compose", "--env-file", os.devnull, "--profile", "*"),
        *("--project-directory", str(project_directory), "--file", "-"),
    )


def env_files(json_text: str) -> dict[str, tuple[str, ...]]:
    """Read the env files of every service from the answer of `plain_command`; raises `Garbled` for anything else."""
    try:
        services: dict[str, Any] = json.loads(json_text).get("services") or {}
        return {
            name: tuple(entry if isinstance(entry, str) else entry["path"] for entry in service.get("env_file") or ())
            for name, service in services.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Garbled(f"Compose's answer could not be understood: {error}") from error


def without_env_files(services: Iterable[str]) -> str:
    """Write the override that takes the env files away, so that compose does not open them."""
    lines = (f"  {yaml.safe_dump(name).splitlines()[0]}: {{env_file: !reset null}}\n" for name in services)
    return "services:\n" + ("".join(lines) or "  {}\n")


def literal(content: bytes) -> bytes:
    """Let each variable that docker itself obeys stand in the file as plain text, with its default if it has one."""
    return _OBEYED_USE.sub(rb"\1$$", content)


def unresolved(text: str, given: Mapping[str, str]) -> dict[str, str]:
    """Let each variable that has neither a value nor a default stand for itself."""
    found = [(braced or bare, bool(default)) for braced, default, bare in _VARIABLE.findall(text)]
    settled = {name for name, has_default in found if has_default} | set(given)
    return {name: f"${{{name}}}" for name, _ in found if name not in settled}


async def _config(argv: Argv, content: bytes, environment: Mapping[str, str]) -> str:
    answer = await run(argv, stdin=content, env=environment)
    if answer.exit_code in _NO_COMPOSE:
        raise NotInstalled(
            "Docker Compose is not installed on the bot's machine.",
            standing="No compose file can be read.",
            remedy="Install the docker command line with its compose plugin; `docker compose version` must answer.",
        )
    if not answer.ok:
        raise Garbled(
            f"Compose refuses the file: {_complaint(answer.stderr)}.",
            remedy="Correct the compose file; `docker compose config` shows the same message.",
        )
    return answer.stdout


def _complaint(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line and "level=warning" not in line]
    return " ".join(lines[-3:]).removesuffix(".") or "it gave no reason"


def require_self_contained(content: bytes) -> None:
    """Raise `Garbled` for what is no YAML, or takes parts from other files."""
    try:
        document = plain_values(content)
    except yaml.YAMLError as error:
        raise Garbled(f"The compose file is not YAML: {error}", remedy="Correct the compose file.") from error
    for subject in _outside(document if isinstance(document, dict) else {}):
        raise Garbled(
            f"The compose file takes parts from other files: {subject}.",
            remedy="Only the compose file itself is installed on the host: write those parts into it.",
        )


def _outside(document: Mapping[str, Any]) -> Iterable[str]:
    if document.get("include"):
        yield "include"
    services = document.get("services")
    for name, service in services.items() if isinstance(services, dict) else ():
        settings = service if isinstance(service, dict) else {}
        extends = settings.get("extends")
        if isinstance(extends, dict) and extends.get("file"):
            yield f"services.{name}.extends.file"
        if settings.get("label_file"):
            yield f"services.{name}.label_file"
