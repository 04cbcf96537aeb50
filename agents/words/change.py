"""What changes between two commits of a repository, as facts; others add what only they know of a release."""

from collections.abc import Mapping

from agents.words.dependencies import declares_dependencies, dependency_changes
from agents.words.discreet import without_secrets
from agents.words.facts import ReleaseFacts, by_category, migrations
from agents.words.patch import removed_protections
from guardrails.risks import risks
from tools.changes import ChangedFile, touched
from tools.repository import Repository


async def change_facts(repository: Repository, older: str | None, newer: str) -> tuple[ReleaseFacts, str]:
    """Compute the facts of a range of commits, and its diff without the secrets written into it.

    Without an older commit, everything is new.
    """
    files = await repository.changed_files(older, newer)
    diff = without_secrets(await repository.diff(older, newer))
    facts = ReleaseFacts(
        from_commit=older or "",
        to_version="",
        to_commit=newer,
        commits=await repository.commits(older, newer),
        files=by_category(files),
        risks=risks(touched(files)),
        migrations=migrations(files),
        dependencies=dependency_changes(
            await _declarations(repository, older, files), await _declarations(repository, newer, files)
        ),
        removed_protections=removed_protections(diff),
    )
    return facts, diff


async def _declarations(
    repository: Repository, commit: str | None, files: tuple[ChangedFile, ...]
) -> Mapping[str, bytes | None]:
    """Read, as of one commit, the changed files that declare dependencies."""
    paths = [path for path in touched(files) if declares_dependencies(path)]
    return {path: await repository.read(commit, path) if commit else None for path in paths}
