"""`shipmate summary`: what changes between two commits of a repository, without a release."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from agents.dependencies import declares_dependencies, dependency_changes
from agents.facts import ReleaseFacts, by_category, migrations
from agents.narrator import Narrator
from agents.patch import removed_protections
from agents.summary import markdown
from agents.words import Words
from guardrails.risks import risks
from tools.changes import ChangedFile, touched
from tools.errors import NotFound, ToolError
from tools.process import run
from tools.repository import Repository

NOT_RUN = "a summary of two commits runs no tests"


async def summary(repo: Path, base: str, head: str, *, as_json: bool, narrator: Narrator | None, out: TextIO) -> int:
    """Print the summary of a range; returns the exit code, 2 where the repository or a name is wrong."""
    try:
        facts, diff = await range_facts(
            await _opened(repo), (base, await _commit(repo, base)), (head, await _commit(repo, head))
        )
    except ToolError as error:
        out.write(f"{error}\n")
        return 2
    words = await narrator.summarise(facts, diff) if narrator else None
    out.write(_as_json(facts, words) if as_json else markdown(facts, words))
    return 0


def _as_json(facts: ReleaseFacts, words: Words | None) -> str:
    document = {
        "author": "model" if words else "facts",
        "facts": facts.as_json(),
        "words": asdict(words) if words else None,
        "flagged": list(words.flagged) if words else [],
        "markdown": markdown(facts, words),
    }
    return json.dumps(document, indent=2) + "\n"


async def range_facts(
    repository: Repository, older: tuple[str, str], newer: tuple[str, str]
) -> tuple[ReleaseFacts, str]:
    """Compute the facts of a range, and its diff; both ends are (the name people use, the commit)."""
    base, head = older[1], newer[1]
    files = await repository.changed_files(base, head)
    diff = await repository.diff(base, head)
    before, after = [await declarations(repository, commit, files) for commit in (base, head)]
    facts = ReleaseFacts(
        from_version=older[0],
        from_commit=base,
        to_version=newer[0],
        to_commit=head,
        commits=await repository.commits(base, head),
        files=by_category(files),
        risks=risks(touched(files)),
        migrations=migrations(files),
        dependencies=dependency_changes(before, after),
        removed_protections=removed_protections(diff),
        not_run={"all suites": NOT_RUN},
    )
    return facts, diff


async def declarations(
    repository: Repository, commit: str, files: tuple[ChangedFile, ...]
) -> Mapping[str, bytes | None]:
    """Read, as of one commit, the changed files that declare dependencies."""
    return {path: await repository.read(commit, path) for path in touched(files) if declares_dependencies(path)}


async def _opened(repo: Path) -> Repository:
    found = await _git(repo, "rev-parse", "--absolute-git-dir")
    if found is None:
        raise NotFound(f"{repo} is not a git repository.", remedy="Name its directory with --repo.")
    return Repository(str(repo), Path(found))


async def _commit(repo: Path, name: str) -> str:
    # Here the name comes from whoever runs the command and may be anything git understands: HEAD, main~3, origin/main.
    commit = await _git(repo, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if commit is None:
        raise NotFound(f"{repo} has no commit {name!r}.", remedy="Name a tag, a branch or a commit: `git tag --list`.")
    return commit


async def _git(repo: Path, *arguments: str) -> str | None:
    done = await run(("git", "-C", str(repo), *arguments))
    return done.stdout.strip() if done.ok else None
