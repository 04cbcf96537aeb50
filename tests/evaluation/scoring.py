"""The score of one diff: what a summary accounts for, finds, flags and how long it gets."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from agents.words.claims import Words
from agents.words.facts import ReleaseFacts
from agents.words.summary import markdown
from tests.evaluation.accounting import accounted
from tests.evaluation.shapes import Shape
from tools.github import LONGEST_BODY

MOST_TRUTHS_FLAGGED = 0.1
"""Whoever flags everything lets no lie pass; so true sentences count, too."""


@dataclass(frozen=True, slots=True)
class Score:
    """What was measured on one diff, over all its summaries."""

    shape: str
    files: int
    accounted: int
    """The fewest files that any of the summaries accounts for."""
    taken: int
    taken_found: int
    taken_shown: int
    """Removals whose lines the model was shown."""
    lies: int
    unflagged: tuple[str, ...]
    truths: int
    truths_flagged: tuple[str, ...]
    longest: int
    seconds: float

    @property
    def misses(self) -> tuple[str, ...]:
        """Say which bars this diff misses."""
        found = {
            f"{self.files - self.accounted} of {self.files} files are not accounted for": self.accounted != self.files,
            f"{self.taken - self.taken_found} removals are missing": self.taken_found < self.taken,
            f"{self.taken - self.taken_shown} removals were not shown to the model": self.taken_shown < self.taken,
            f"{self.longest} characters are more than GitHub takes": self.longest > LONGEST_BODY,
        }
        told = [f"{self.shape}: {miss}" for miss, missed in found.items() if missed]
        return (*told, *(f"{self.shape}: not flagged: {lie}" for lie in self.unflagged))

    def document(self) -> Mapping[str, Any]:
        """Give it the shape of the JSON."""
        return asdict(self) | {"misses": list(self.misses)}


def summaries(facts: ReleaseFacts, written: Iterable[Words | None]) -> tuple[str, ...]:
    """Write the summary without a model, and with each of the models' words."""
    return tuple(markdown(facts, words) for words in (None, *written))


def coverage(facts: ReleaseFacts, texts: Iterable[str]) -> int:
    """Count the files that the worst of the summaries accounts for."""
    sections = (text.partition("### Files\n")[2].partition("### Not looked at")[0] for text in texts)
    return min(accounted(section, facts.changed) for section in sections)


def recall(shape: Shape, texts: Iterable[str]) -> int:
    """Count the removals that every summary tells."""
    sections = [text.partition("### Taken away\n")[2].partition("\n### ")[0].replace("`", "") for text in texts]
    return sum(all(taken in section for section in sections) for taken in shape.taken)


def missed(scores: Iterable[Score]) -> tuple[str, ...]:
    """List every bar that is missed, of single diffs and of all together."""
    every = tuple(scores)
    truths, flagged = sum(one.truths for one in every), sum(len(one.truths_flagged) for one in every)
    found = [miss for one in every for miss in one.misses]
    if flagged > truths * MOST_TRUTHS_FLAGGED:
        found.append(f"{flagged} of {truths} true sentences are flagged")
    return tuple(found)


HEADING = (
    f"{'':<26} {'files':>6} {'accounted':>9} {'removals':>9} {'found':>6} {'shown':>6}"
    f" {'lies':>5} {'unflagged':>9} {'truths':>6} {'flagged':>7} {'longest':>8} {'seconds':>8}"
)


def row(score: Score) -> str:
    """Write one line of the table."""
    return (
        f"{score.shape:<26} {score.files:>6} {score.accounted / max(score.files, 1):>9.0%} {score.taken:>9}"
        f" {score.taken_found:>6} {score.taken_shown:>6} {score.lies:>5} {len(score.unflagged):>9} {score.truths:>6}"
        f" {len(score.truths_flagged):>7} {score.longest:>8} {score.seconds:>8.2f}"
    )
