"""In which order places are moved: the canaries first, then the others, so many side by side at a time. Pure."""

from collections.abc import Sequence


def waves(places: Sequence[str], at_once: int, canaries: int = 0) -> tuple[tuple[str, ...], ...]:
    """Part places, in their order, into waves of at most `at_once`; no wave has both canaries and others."""
    return (*_parted(places[:canaries], at_once), *_parted(places[canaries:], at_once))


def _parted(places: Sequence[str], at_once: int) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(places[start : start + at_once]) for start in range(0, len(places), at_once))
