"""Building an image with BuildKit: the command, the labels, and what a failed build says."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from config.sources import Component
from tools.errors import CommandFailed, NotFound, ToolError, Unreachable
from tools.hosts import Argv, Completed

_LAST_LINES = 12
_STEP = re.compile(r"^ > (.+):$", re.MULTILINE)
_NO_ENGINE = re.compile("Cannot connect to the Docker daemon|failed to list workers|error reading from server")
_LOOKING_UP = "[internal] load metadata for "
_FOREIGN = re.compile("exec format error|exec user process caused.*no such file")
_WRONG_BASE = re.compile(r"InvalidBaseImagePlatform: (?P<told>[^\n]+)")
_OCI = "org.opencontainers.image"
RECIPE = "shipmate.recipe"


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image that was built on this machine; `digest` is known once it was pushed.

    Of one that was built for several platforms, id and size are those of the platform that this machine runs.
    """

    reference: str
    image_id: str
    size_bytes: int
    duration: timedelta
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that goes into one build."""

    dockerfile: Path
    context: Path
    platform: str
    tags: Sequence[str]
    labels: Mapping[str, str]
    build_args: Mapping[str, str]


def recipe(
    component: Component, sources: Path, platform: str, tags: Sequence[str], labels: Mapping[str, str]
) -> Recipe:
    """Find what a component is built from; raises `NotFound` where it is missing or leads out of the sources."""
    dockerfile = _inside(sources, component.dockerfile)
    context = _inside(sources, component.context)
    if not dockerfile.is_file():
        raise NotFound(
            f"There is no Dockerfile at {component.dockerfile}.",
            remedy="Add it to the repository, or correct the component's `dockerfile` in the service's file.",
        )
    if not context.is_dir():
        raise NotFound(f"There is no directory {component.context} to build in.", remedy="Correct the `context`.")
    return Recipe(dockerfile, context, platform, tags, labels, component.build_args)


def build_command(what: Recipe, metadata: Path) -> Argv:
    """Write the command that builds an image for one platform into the local engine."""
    return (
        *("docker", "buildx", "build", "--load", "--progress", "plain", "--provenance=false"),
        *("--metadata-file", str(metadata), "--platform", what.platform, "--file", str(what.dockerfile)),
        *(part for tag in what.tags for part in ("--tag", tag)),
        *(part for name in sorted(what.labels) for part in ("--label", f"{name}={what.labels[name]}")),
        *(part for name in sorted(what.build_args) for part in ("--build-arg", f"{name}={what.build_args[name]}")),
        str(what.context),
    )


def image_labels(*, version: str, revision: str, source: str, created: datetime) -> dict[str, str]:
    """Make the OCI labels that tell where an image comes from; best with the commit's time as `created`."""
    return {
        f"{_OCI}.version": version,
        f"{_OCI}.revision": revision,
        f"{_OCI}.source": source,
        f"{_OCI}.created": created.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }


def recipe_label(component: Component) -> dict[str, str]:
    """Label an image with what it was made by beside its commit: Dockerfile, context, platforms, build arguments."""
    made_by = component.model_dump(mode="json", include={"dockerfile", "context", "platforms", "build_args"})
    return {RECIPE: hashlib.sha256(json.dumps(made_by, sort_keys=True).encode()).hexdigest()}


def made_by(labels: Mapping[str, str], component: Component, commit: str) -> bool:
    """Tell by its labels whether an image was built from a commit by this recipe."""
    return labels.get(f"{_OCI}.revision") == commit and recipe_label(component).items() <= labels.items()


def required(completed: Completed, reference: str, platform: str = "") -> None:
    """Raise why a build failed: the step, and the last lines of its output.

    A base image of another platform fails a build too: the result would be called one thing and be another.
    """
    output = completed.stderr.strip()
    if completed.ok:
        return _require_base(output, reference)
    if _FOREIGN.search(output):
        raise _not_runnable(output, reference, platform)
    if _NO_ENGINE.search(output):
        raise Unreachable("The Docker engine does not answer.", remedy="Start it, then try again.")
    raise _failure(output, reference)


def _require_base(output: str, reference: str) -> None:
    found = _WRONG_BASE.search(output)
    if found:
        raise CommandFailed(
            f"{reference} was built on a base image of another platform: {found['told']}",
            standing="Nothing was pushed.",
            remedy="Choose a base image that exists for the platform, or take the platform out of the component.",
        )


def _not_runnable(output: str, reference: str, platform: str) -> ToolError:
    steps = _STEP.findall(output)
    step = f" at {steps[-1]}" if steps else ""
    return CommandFailed(
        f"Building {reference} failed{step}: this engine cannot run programs of {platform or 'that platform'}.",
        standing="Nothing was pushed.",
        remedy="Let stages that run commands begin with `FROM --platform=$BUILDPLATFORM` and the final one only COPY; "
        "or give the machine emulation: `docker run --privileged --rm tonistiigi/binfmt --install all`.",
    )


def _failure(output: str, reference: str) -> ToolError:
    steps = _STEP.findall(output)
    if steps and steps[-1].startswith(_LOOKING_UP) and "failed to do request" in output:
        base = steps[-1].removeprefix(_LOOKING_UP)
        return Unreachable(
            f"The registry of the base image {base} does not answer.",
            standing="Nothing was pushed.",
            remedy=f"Check the registry and the network: `docker pull {base}`. Then ask for the release again.",
        )
    step = f" at {steps[-1]}" if steps else ""
    lines = output.splitlines()
    reason = next((line.partition("ERROR: ")[2] for line in reversed(lines) if "ERROR: " in line), "see below")
    last_lines = "\n".join(lines[-_LAST_LINES:])
    return CommandFailed(
        f"Building {reference} failed{step}: {reason}\n{last_lines}",
        standing="Nothing was pushed.",
        remedy="Correct the step, then release the corrected version.",
    )


def _inside(sources: Path, path: PurePosixPath) -> Path:
    found = (sources / path).resolve()
    if not found.is_relative_to(sources.resolve()):
        raise NotFound(f"{path} leads out of the sources, so nothing is built from it.")
    return found
