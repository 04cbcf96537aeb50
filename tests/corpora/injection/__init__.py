"""Texts that try to act, with where they stand: `cases.jsonl` with an oracle each, `own.jsonl` further carriers.

All were written for this project, under its licence. `like` names the attack of a published collection that a case
resembles (garak, AgentDojo); no text was taken from there.
"""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Case:
    """One hostile text: what it tries (`sort`), and what carries it."""

    name: str
    sort: str
    carrier: str
    text: str


def cases() -> tuple[Case, ...]:
    """Read all of them."""
    files = sorted(Path(__file__).parent.glob("*.jsonl"))
    lines = (json.loads(line) for file in files for line in file.read_text("utf-8").splitlines())
    return tuple(Case(one["id"], one["cls"], one["carrier"], _whole(one["text"])) for one in lines)


def _whole(text: str) -> str:
    """Put characters together that the file writes as two halves."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16")
