"""What in a change deserves a second look, each with its reason, and how much all of it weighs. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from agents.words.facts import ReleaseFacts
from agents.words.tested import Covered
from guardrails.risks import risks
from guardrails.verdict import Level
from tools.changes import ChangedFile, touched

MANY_LINES = 1_000


def change_risks(
    files: Sequence[ChangedFile], destructive: Iterable[str], folded: Collection[str], tested: Covered
) -> tuple[str, ...]:
    """Name the reasons for a second look that the files and their lines give."""
    return (
        *(f"data is destroyed or renamed: {line}" for line in destructive),
        *risks(touched(files)),
        *_about_tests(tested),
        *_about_size(files, folded),
    )


def _about_tests(tested: Covered) -> Iterator[str]:
    if tested.deleted:
        yield f"tests are deleted: {', '.join(tested.deleted)}"
    if tested.areas_without:
        yield f"code changes without a touched test: {'; '.join(tested.areas_without)}"


def _about_size(files: Sequence[ChangedFile], folded: Collection[str]) -> Iterator[str]:
    lines = sum(file.added + file.deleted for file in files if file.path not in folded)
    if lines > MANY_LINES:
        yield f"a large change of {lines} lines that somebody wrote or removed"


def weight(facts: ReleaseFacts) -> str:
    """Say how much the known risks weigh, by rule; nothing that a person or a model says takes part."""
    blocking = any(finding.level is Level.BLOCKING for finding in facts.findings)
    destroyed = any(risk.startswith("data is destroyed") for risk in facts.risks)
    if blocking or destroyed or facts.removals:
        return "High"
    if facts.risks or facts.findings or facts.migrations:
        return "Medium"
    return "No known kind of risk"
