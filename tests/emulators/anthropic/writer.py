"""The helpful writer: deterministic, and it only repeats what the prompt says."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.emulators.anthropic.replies import Reply, structured, text
from tests.emulators.anthropic.requests import Request
from tests.emulators.anthropic.schema import filled

USUAL_CHARACTERS = 300
FACTS_IN_A_SUMMARY = 3
RISKY = re.compile(
    r"\b(migrations?|delet\w+|remov\w+|drop\w*|secrets?|volumes?|break\w*|fail\w*|error\w*|timeouts?|locks?|config\w*)\b",
    re.IGNORECASE,
)
ABOUT_RISKS = re.compile(r"risk|warning|concern|caution|cause|reason|evidence|attention", re.IGNORECASE)
NOT_A_FACT = re.compile(r"^(?:[-=`~#*_]{3,}|</?[^>]*>|@@|[+-](?! )|diff --git|index [0-9a-f]{7}|\W*$)")
_JSON = re.compile(r"\{.*\}|\[.*\]", re.DOTALL)


def helpful(request: Request) -> Reply:
    """Answer from the prompt's facts, in the form that was asked for."""
    author = FactualAuthor(facts(request.prompt))
    if request.schema is None:
        return text(author.string(("summary",), 0, None))
    return structured(filled(request.schema, author))


def facts(prompt: str) -> list[str]:
    """Pick the lines that state something, in order, without repeats."""
    listed = list(_stated(prompt))
    return list(dict.fromkeys(listed)) or ["There is nothing to report"]


def _stated(prompt: str) -> Iterator[str]:
    found = _JSON.search(prompt)
    if found:
        try:
            yield from _leaves(json.loads(found.group(0)), "")
        except ValueError:
            pass
        else:
            return
    for line in prompt.splitlines():
        shown = re.sub(r"^\s*(?:[-*] |\d+\. )?", "", line).strip()
        if not NOT_A_FACT.match(line.strip()) and " " in shown:
            yield shown


def _leaves(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name)
    elif value not in (None, "", False):
        yield f"{name}: {value}" if name else str(value)


class FactualAuthor:
    """Writes short sentences out of facts."""

    def __init__(self, known: list[str]) -> None:
        self._known = known
        self._risky = [fact for fact in known if RISKY.search(fact)]

    def string(self, path: tuple[str, ...], index: int, limit: int | None) -> str:
        """Join the first facts; inside a list, or about risks, take one each."""
        risky = any(ABOUT_RISKS.search(name) for name in path)
        chosen = (self._risky or self._known) if risky else self._known
        said = chosen[index % len(chosen)] if risky or index else "; ".join(chosen[:FACTS_IN_A_SUMMARY])
        return _cut(f"{said}.", limit or USUAL_CHARACTERS)

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
        """List as many things as there are."""
        risky = any(ABOUT_RISKS.search(name) for name in path)
        return max(low, min(high, FACTS_IN_A_SUMMARY, len(self._risky if risky else self._known)))


def _cut(words: str, limit: int) -> str:
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"
