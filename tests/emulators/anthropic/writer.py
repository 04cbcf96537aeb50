"""The helpful writer: deterministic, and it only repeats what the prompt says."""

import re
from typing import Any

from tests.emulators.anthropic.material import Material, material
from tests.emulators.anthropic.replies import Reply, structured, text
from tests.emulators.anthropic.requests import Request
from tests.emulators.anthropic.schema import filled

USUAL_CHARACTERS = 300
MOST_ITEMS = 3
ABOUT_RISKS = re.compile(r"risk|warning|concern|caution|cause|evidence|attention", re.IGNORECASE)
ABOUT_FILES = re.compile(r"^(paths?|files?)$", re.IGNORECASE)


def helpful(request: Request) -> Reply:
    """Answer from the prompt's facts, in the form that was asked for."""
    known = material(request.prompt)
    return (
        text(diagnosis(known)) if request.schema is None else structured(filled(request.schema, FactualAuthor(known)))
    )


def diagnosis(known: Material) -> str:
    """Explain in a few sentences what most likely went wrong, or what there is."""
    if not known.risky:
        return f"Nothing in the evidence tells a cause. It begins with: {known.facts[0]}."
    return f"The likely cause is this line of evidence: {known.risky[0]}. Look there first: {known.risky[-1]}."


class FactualAuthor:
    """Writes short sentences out of facts."""

    def __init__(self, known: Material) -> None:
        self._known = known

    def string(self, path: tuple[str, ...], index: int, limit: int | None) -> str:
        """Name a file where one is asked for, else say a fact; at the top, how many more there are."""
        if ABOUT_FILES.match(path[-1]):
            return self._file(index)
        if path[-1] == "lines":
            return self._known.lines.get(self._file(index), "")
        chosen = self._chosen(path)
        more = f", and {len(chosen) - 1} more" if len(path) == 1 and len(chosen) > 1 else ""
        return _cut(f"{chosen[index % len(chosen)]}{more}.", limit or USUAL_CHARACTERS)

    def choice(self, _path: tuple[str, ...], options: list[Any]) -> Any:
        """Pick the first."""
        return options[0]

    def number(self, _path: tuple[str, ...], low: int, _high: int) -> int:
        """Stay low."""
        return low

    def boolean(self, _path: tuple[str, ...]) -> bool:
        """Claim nothing."""
        return False

    def count(self, path: tuple[str, ...], low: int, high: int) -> int:
        """List as many things as there are, one file for each."""
        if ABOUT_FILES.match(path[-1]) or path[-1] == "lines":
            return max(low, min(1, len(self._known.paths)))
        available = self._known.risky if _risky(path) else self._known.facts
        return max(low, min(high, MOST_ITEMS, len(available)))

    def _chosen(self, path: tuple[str, ...]) -> tuple[str, ...]:
        return (self._known.risky or self._known.facts) if _risky(path) else self._known.facts

    def _file(self, index: int) -> str:
        paths = tuple(path for path in self._known.paths if path in self._known.lines) or self._known.paths
        return paths[index % len(paths)] if paths else ""


def _risky(path: tuple[str, ...]) -> bool:
    return any(ABOUT_RISKS.search(name) for name in path)


def _cut(words: str, limit: int) -> str:
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"
