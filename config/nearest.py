"""The nearest valid name, for every place where a person may have mistyped one."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the valid word that was probably meant, or None where nothing comes close."""
    by_lowercase = {valid.lower(): valid for valid in sorted(words)}
    letters = sorted(word.lower())
    close = [valid for valid in by_lowercase if sorted(valid) == letters]  # two letters changed places
    close = close or get_close_matches(word.lower(), by_lowercase, n=1, cutoff=0.6)
    return by_lowercase[close[0]] if close else None


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """End a sentence about a wrong word: `, did you mean 'x'?`, or the valid words where none is near."""
    valid = sorted(words)
    guess = nearest(word, valid)
    if guess is not None:
        return f", did you mean '{guess}'?"
    return f"; valid are {', '.join(valid)}" if valid else ""
