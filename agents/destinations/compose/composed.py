"""A version as servers run it: its images, and the compose file that names them."""

from dataclasses import dataclass

from agents.destinations.compose.env import planned
from agents.toolbox import Toolbox
from agents.wanted import Images, Wanted
from guardrails.plan_targets import ComposePlan, PlannedEnvFile
from guardrails.verdict import Finding, Verdict
from tools.compose_file import ComposeFile
from tools.compose_reading import read_compose


@dataclass(frozen=True, slots=True)
class Composed:
    """What a release wants to run: its version, its images and its compose file."""

    version: str
    commit: str
    compose_text: str
    compose: ComposeFile
    images: Images
    env_file: PlannedEnvFile | None = None


async def composed(tools: Toolbox, wanted: Wanted) -> Composed | Verdict:
    """Read the compose file of a version: as it was when it ran, or else as its commit has it."""
    text = _recorded(wanted) or await _of_commit(tools, wanted.commit)
    if isinstance(text, Verdict):
        return text
    target = tools.environment.compose
    project = tools.service.project(target)
    compose = await read_compose(text.encode(), project_directory=target.directory, project=project)
    return Composed(wanted.version, wanted.commit, text, compose, wanted.images, planned(tools, wanted))


def _recorded(wanted: Wanted) -> str:
    target = wanted.recorded.target if wanted.recorded else None
    return target.compose_text if isinstance(target, ComposePlan) else ""


async def _of_commit(tools: Toolbox, commit: str) -> str | Verdict:
    path = str(tools.environment.compose.file)
    content = await tools.repository.read(commit, path)
    if content is not None:
        return content.decode(errors="replace")
    finding = Finding(
        rule="compose-file-absent",
        subject=path,
        message=f"The version has no {path}.",
        remedy="Add the compose file, or correct `target.file` of the environment.",
    )
    return Verdict.of([finding])
