"""What hides in a change: in its names, in what people wrote about it, and in the lines that are new."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from agents.words.facts import ReleaseFacts
from agents.words.patch import FilePatch, file_patches
from guardrails.hidden import nothing_hidden
from guardrails.verdict import Verdict
from tools.changes import ChangedFile, Commit, touched
from tools.errors import ToolError
from tools.repository import Repository

MOST_LINES = 100_000
"""So many changed lines of a release are looked through."""
_HUNK = re.compile(r"@@ -\d{1,9}(?:,\d{1,9})? \+(\d{1,9})")


def concealed(facts: ReleaseFacts, diff: str, branch: str = "") -> Verdict:
    """Look through the texts of a pull request, its names, and the lines it brings."""
    pull = facts.pull_request
    said = {"the pull request's title": pull.title, "the pull request's description": pull.body} if pull else {}
    texts = {"the branch's name": branch, **said, **texts_of(facts.changed, facts.commits)}
    return nothing_hidden(texts, _new_lines(file_patches(diff)))


async def concealed_since(
    repository: Repository,
    base: str | None,
    commit: str,
    files: Sequence[ChangedFile],
    texts: Mapping[str, str],
) -> Verdict:
    """Look through texts, and the lines that came since `base`; without one everything is new, and names must do."""
    wanted, room = [], MOST_LINES
    for file in sorted(files, key=lambda file: file.added):
        room -= file.added
        if room >= 0 and file.added and not file.binary:
            wanted.append(file.path)
    try:
        diff = await repository.diff(base, commit, wanted) if base and wanted else ""
    except ToolError:  # too large to be held; what hides in it is no reason to stop
        diff = ""
    return nothing_hidden(texts, _new_lines(file_patches(diff)))


def texts_of(files: Iterable[ChangedFile], commits: Iterable[Commit]) -> dict[str, str]:
    """Name what was written in a change: its commits and its files."""
    said = {f"commit {one.sha[:12]}": f"{one.author}\n{one.subject}\n{one.body}" for one in commits}
    return said | {f"the file name {path}": path for path in touched(files)}


def _new_lines(patches: Iterable[FilePatch]) -> Iterator[tuple[str, int, str]]:
    """Yield path, line number and text of every line that a diff adds."""
    for patch in patches:
        number = 0
        for line in patch.text.split("\n"):
            if heading := _HUNK.match(line):
                number = int(heading[1])
            elif number and line.startswith("+"):
                yield patch.path, number, line[1:]
            number += bool(number) and not heading and line[:1] in ("+", " ")
