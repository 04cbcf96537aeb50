"""`shipmate summary`: what changes between two commits of a repository, or in a pull request, without a release."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TextIO

from agents.entrypoints.wiring import pull_request_reader
from agents.narrator import Narrator
from agents.notices import Sheet
from agents.words.change import change_facts
from agents.words.claims import Words
from agents.words.concealed import concealed
from agents.words.facts import ReleaseFacts
from agents.words.summary import markdown
from config.service import Service
from config.shipmate import Configuration
from tools.errors import NotFound, ToolError
from tools.process import run
from tools.repository import Repository

NOT_RUN = "a summary of two commits runs no tests"


async def summary(repo: Path, base: str, head: str, *, as_json: bool, narrator: Narrator | None, out: TextIO) -> int:
    """Print the summary of a range; returns the exit code, 2 where the repository or a name is wrong."""
    try:
        facts, diff = await _facts(repo, base, head)
    except ToolError as error:
        return _failed(error, as_json=as_json, out=out)
    facts = replace(facts, findings=concealed(facts, diff).findings)
    words = await narrator.summarise(facts, diff) if narrator else None
    out.write(_as_json(facts, words, markdown(facts, words)) if as_json else markdown(facts, words))
    return 0


async def pull_summary(configuration: Configuration, service: str, number: int, *, as_json: bool, out: TextIO) -> int:
    """Print what would stand at a pull request, findings included, and write nothing there."""
    try:
        async with pull_request_reader(configuration) as pulls:
            looked = await pulls.look([_service(configuration, service)], number)
            words = await pulls.words(looked)
    except ToolError as error:
        return _failed(error, as_json=as_json, out=out)
    text = Sheet.of(looked, ()).text(words)
    out.write(_as_json(looked.facts, words, text) if as_json else text)
    return 0


def _service(configuration: Configuration, name: str) -> Service:
    service = configuration.services.get(name)
    if service is None:
        raise NotFound(f"There is no service {name!r}.", remedy=f"There are {', '.join(configuration.services)}.")
    return service


def _failed(error: ToolError, *, as_json: bool, out: TextIO) -> int:
    out.write(json.dumps({"error": str(error)}) + "\n" if as_json else f"{error}\n")
    return 2


def _as_json(facts: ReleaseFacts, words: Words | None, text: str) -> str:
    document = {
        "author": "model" if words else "facts",
        "facts": facts.as_json(),
        "words": asdict(words) if words else None,
        "flagged": list(words.flagged) if words else [],
        "markdown": text,
    }
    return json.dumps(document, indent=2) + "\n"


async def _facts(repo: Path, base: str, head: str) -> tuple[ReleaseFacts, str]:
    repository = await _opened(repo)
    facts, diff = await change_facts(repository, await _commit(repo, base), await _commit(repo, head))
    return replace(facts, from_version=base, to_version=head, not_run={"all suites": NOT_RUN}), diff


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
