"""What the model is given to read: instructions from files beside this one, and the material as marked data."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents.words.excerpt import Excerpt
from agents.words.facts import ReleaseFacts
from agents.words.foreign import visible

_PROMPTS = Path(__file__).parents[1] / "prompts"
_LONGEST_TEXT = 4000
_LONGEST_LIST = 400


def instructions(name: str) -> str:
    """Read one of the instructions in `prompts/`."""
    return (_PROMPTS / f"{name}.md").read_text(encoding="utf-8")


def release_material(facts: ReleaseFacts, excerpt: Excerpt) -> str:
    """Write a release as data blocks: what changed by name, who says what about it, and the diff that fits."""
    pull = facts.pull_request
    listed = sorted(
        f"{file.status} {file.path} (+{file.added} -{file.deleted})" for g in facts.files.values() for file in g
    )
    return _blocks(
        {
            "changed files": "\n".join(listed[:_LONGEST_LIST]),
            "changed files not shown below": "\n".join(excerpt.left_out[:_LONGEST_LIST]) or "none",
            "commits": "\n".join(f"{c.sha[:12]} {c.subject}\n{c.body}" for c in facts.commits)[:_LONGEST_TEXT],
            "pull request": f"{pull.title}\n\n{pull.body}"[:_LONGEST_TEXT] if pull else "none",
            "computed facts": "\n".join((*facts.removals, *facts.risks, *map(str, facts.dependencies))) or "none",
            "diff": excerpt.text or "none",
        }
    )


def failure_material(evidence: Mapping[str, Any]) -> str:
    """Write the evidence of a failure as data blocks, one per piece."""
    return _blocks({name: _written(piece)[-_LONGEST_TEXT:] for name, piece in evidence.items() if piece})


def _written(piece: Any) -> str:
    return piece if isinstance(piece, str) else json.dumps(piece, indent=1, default=str, ensure_ascii=False)


def _blocks(pieces: Mapping[str, str]) -> str:
    # The key is new for every conversation, so that no text can close its own block.
    key = secrets.token_hex(8)
    return "\n".join(f'<data-{key} name="{name}">\n{visible(text)}\n</data-{key}>' for name, text in pieces.items())
