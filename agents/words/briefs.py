"""What the model is given to read: instructions from files beside this one, and the material as marked data."""

import json
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from agents.words.excerpt import Excerpt
from agents.words.facts import ReleaseFacts
from agents.words.foreign import visible
from agents.words.listing import counted, directories, line
from tools.changes import ChangedFile

_PROMPTS = Path(__file__).parents[1] / "prompts"
_LONGEST_TEXT = 4000
_LONGEST_FACTS = 12_000
_LONGEST_LIST = 24_000
_MOST_PLACES = 200


def instructions(name: str) -> str:
    """Read one of the instructions in `prompts/`."""
    return (_PROMPTS / f"{name}.md").read_text(encoding="utf-8")


def release_material(facts: ReleaseFacts, excerpt: Excerpt) -> str:
    """Write a release as data blocks: what changed by name, who says what about it, and the diff that fits."""
    pull = facts.pull_request
    return _blocks(
        {
            "changed files": "\n".join(_named(facts.changed, facts.folded)),
            "changed files not shown below": "\n".join(_places(excerpt.left_out)) or "none",
            "changed files of which only the lines that go are shown": "\n".join(excerpt.deletions_only) or "none",
            "commits": "\n".join(f"{c.sha[:12]} {c.subject}\n{c.body}" for c in facts.commits)[:_LONGEST_TEXT],
            "pull request": f"{pull.title}\n\n{pull.body}"[:_LONGEST_TEXT] if pull else "none",
            "computed facts": "\n".join(_computed(facts))[:_LONGEST_FACTS] or "none",
            "diff": excerpt.text or "none",
        }
    )


def _computed(facts: ReleaseFacts) -> Iterator[str]:
    """Tell removals first: what does not fit is cut at the end."""
    yield from facts.removals
    yield from facts.risks
    yield from (f"changed without a touched test: {area}" for area in facts.tested.areas_without)
    yield from map(str, (*facts.settings, *facts.dependencies))


def _named(files: Sequence[ChangedFile], folded: Mapping[str, str]) -> Iterator[str]:
    """Name the files, deletions and what people wrote first; of what does not fit, count directories."""
    ordered = sorted(files, key=lambda file: (file.path in folded, file.status != "deleted", file.path))
    room = _LONGEST_LIST
    for number, file in enumerate(ordered):
        told = line(file)
        room -= len(told) + 1
        if room < 0:
            rest = directories(ordered[number:], 2)
            yield f"and {len(files) - number} more: "
            yield from (f"{place} {counted(inner)}" for place, inner in list(rest.items())[:_MOST_PLACES])
            return
        yield told


def _places(paths: Sequence[str]) -> tuple[str, ...]:
    """List paths, or their directories where there are too many."""
    if len(paths) <= _MOST_PLACES:
        return tuple(paths)
    counts = Counter(path.rpartition("/")[0] or "the top level" for path in paths)
    return tuple(f"{place}: {number} files" for place, number in counts.most_common(_MOST_PLACES))


def failure_material(evidence: Mapping[str, Any]) -> str:
    """Write the evidence of a failure as data blocks, one per piece."""
    return _blocks({name: _written(piece)[-_LONGEST_TEXT:] for name, piece in evidence.items() if piece})


def answer_material(found: str) -> str:
    """Write what a tool found as a data block: it is evidence like the rest."""
    return _blocks({"answer": found})


def _written(piece: Any) -> str:
    return piece if isinstance(piece, str) else json.dumps(piece, indent=1, default=str, ensure_ascii=False)


def _blocks(pieces: Mapping[str, str]) -> str:
    # The key is new for every conversation, so that no text can close its own block.
    key = secrets.token_hex(8)
    return "\n".join(f'<data-{key} name="{name}">\n{visible(text)}\n</data-{key}>' for name, text in pieces.items())
