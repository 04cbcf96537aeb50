"""How well lines that somebody objects to agree with the labels of a corpus."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from tests.corpora.secrets.rendering import Sample, samples

CORPORA = ("dev", "holdout", "field", "unseen")
Finder = Callable[[Sample], AbstractSet[int]]
"""Tells the lines of a file that hold a secret."""


@dataclass(frozen=True, slots=True)
class Score:
    """What was found, missed and found in vain, as `path:line`."""

    hit: int
    missed: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def recall(self) -> float:
        """Tell the share of the labelled lines that was found."""
        return self.hit / (self.hit + len(self.missed))

    @property
    def precision(self) -> float:
        """Tell the share of the lines found that are labelled."""
        found = self.hit + len(self.wrong)
        return self.hit / found if found else 1.0


def score(corpus: str, found_in: Finder) -> Score:
    """Compare with the labels: S and V have to be found, Q is not scored, everything else has to be left alone."""
    hit, missed, wrong = 0, list[str](), list[str]()
    for sample in samples(corpus):
        found = set(found_in(sample))
        guilty = {line for line, label in sample.labels.items() if label in "SV"}
        unscored = {line for line, label in sample.labels.items() if label == "Q"}
        hit += len(found & guilty)
        missed += [f"{sample.path}:{line}" for line in sorted(guilty - found)]
        wrong += [f"{sample.path}:{line}" for line in sorted(found - guilty - unscored)]
    return Score(hit, tuple(missed), tuple(wrong))
