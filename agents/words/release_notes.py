"""Release notes: what came since the last release, told by code; what breaks or is gone comes first. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from agents.words.facts import ReleaseFacts
from agents.words.foreign import code, prose
from tools.changes import ChangedFile, Commit
from tools.github import PullRequest

MOST_LINES = 100
"""Longer lists end with how many more there are."""
MOST_WORDS = 20
_BREAKING = re.compile(r"\w+(\([^)]*\))?!:")
_FOOTER = re.compile(r"(?m)^BREAKING[ -]CHANGE: *(.+)")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Notes:
    """What the notes of one release are made of."""

    tag: str
    since: str
    """The tag, version or commit that it is compared with; empty: the first release."""
    web: str
    """Address of the repository for people."""
    facts: ReleaseFacts
    pulls: tuple[PullRequest, ...] = ()
    brought: Mapping[str, int] = field(default_factory=dict)
    """Commit -> number of the pull request that brought it, as GitHub says."""
    words: str = ""
    """What the model wrote about the change."""


def release_notes(notes: Notes) -> str:
    """Write the notes in GitHub's Markdown; foreign words in it are quoted, and nobody is called by them."""
    sections = (
        ("Breaking or removed", [*_breaking(notes.facts.commits), *map(prose, notes.facts.removals), *_deleted(notes)]),
        ("Migrations", [code(path) for path in notes.facts.migrations]),
        ("Pull requests", [_pull(pull) for pull in notes.pulls]),
        ("Other commits" if notes.pulls else "Commits", [_commit(one) for one in _others(notes)]),
        ("Dependencies", [prose(str(change)) for change in notes.facts.dependencies]),
    )
    blocks = [_block(title, lines) for title, lines in sections if lines]
    return "\n\n".join([*(blocks or ["Nothing changed."]), *_words(notes), _range(notes)]) + "\n"


def called_breaking(commit: Commit) -> str:
    """Tell what a commit itself says it breaks, by the signs of Conventional Commits; empty where it says nothing."""
    footer = _FOOTER.search(commit.body)
    if footer:
        return footer[1]
    return commit.subject if _BREAKING.match(commit.subject) else ""


def _breaking(commits: Iterable[Commit]) -> Iterator[str]:
    for commit in commits:
        said = called_breaking(commit)
        if said:
            yield f"`{commit.sha[:7]}` {prose(said)}"


def _deleted(notes: Notes) -> Iterator[str]:
    gone = [file.path for file in _changed(notes.facts) if file.status == "deleted"]
    if gone:
        named = ", ".join(code(path) for path in gone[:10])
        yield f"{len(gone)} deleted: {named}" + (f" and {len(gone) - 10} more" if gone[10:] else "")


def _changed(facts: ReleaseFacts) -> list[ChangedFile]:
    return sorted((file for group in facts.files.values() for file in group), key=lambda file: file.path)


def _pull(pull: PullRequest) -> str:
    author = f"@{pull.author}" if _LOGIN.fullmatch(pull.author) else code(pull.author)
    return f"{prose(pull.title)} #{pull.number} by {author}"


def _others(notes: Notes) -> Iterator[Commit]:
    """List the commits that no pull request of the release brought, but for merges."""
    return (one for one in notes.facts.commits if one.sha not in notes.brought)


def _commit(commit: Commit) -> str:
    return f"`{commit.sha[:7]}` {prose(commit.subject)} ({prose(commit.author, 80)})"


def _block(title: str, lines: list[str]) -> str:
    shown: list[str] = lines[:MOST_LINES]
    more = [f"and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return "\n".join([f"## {title}", "", *(f"- {line}" for line in (*shown, *more))])


def _words(notes: Notes) -> list[str]:
    """Quote the model, labelled as what it is."""
    said = [line for line in notes.words.splitlines() if line.strip()]
    if not said:
        return []
    quoted = (f"> {prose(line)}" for line in said[:MOST_WORDS])
    return ["\n".join(["## In the model's words", "", "*Not checked by a person.*", "", *quoted])]


def _range(notes: Notes) -> str:
    if not notes.since:
        return "The first release."
    return f"Everything since {code(notes.since)}: {notes.web}/compare/{quote(notes.since)}...{quote(notes.tag)}"
