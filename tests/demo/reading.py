"""What a message looks like to a person, line by line, and what an edit has changed for them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.emulators.slack.rendering import Renderer
from tests.emulators.slack.world import Version

_TITLE = re.compile(r"\*[^*\n]+\*(\n|$)")
_FENCE = "```"
_STEPS = ("○ ", "◐ ", "✓ ", "△ ", "✗ ", "- ")
_MOVING = _STEPS[:2]
"""Marks of steps that have not ended."""
_ENDED = "Took "
"""How a line begins that only the card of an ended release has."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a message; what stands below a title is indented."""

    text: str
    title: bool = False
    indent: int = 0

    @property
    def moving(self) -> bool:
        """Whether it shows a step that is still to end."""
        return self.text.startswith(_MOVING) and not self.indent

    @property
    def step(self) -> bool:
        """Whether it shows a step."""
        return self.text.startswith(_STEPS) and not self.indent

    @property
    def buttons(self) -> bool:
        """Whether it shows what can be pressed."""
        return self.text.startswith("[") and self.text.endswith("]")


Lines = tuple[Line, ...]


def read(version: Version, renderer: Renderer) -> Lines:
    """Draw one version of a message."""
    if not version.blocks:
        return tuple(map(Line, renderer.markup(version.text).splitlines()))
    return tuple(line for block in version.blocks for line in _block(block, renderer))


def asks(lines: Iterable[Line]) -> bool:
    """Tell whether there is a button to press."""
    return any(line.buttons for line in lines)


def ended(lines: Iterable[Line]) -> bool:
    """Tell whether a card shows the end of its release."""
    return any(line.text.startswith(_ENDED) for line in lines)


def posted(lines: Lines) -> Lines:
    """Leave out of a new message what has yet to happen; a question is shown whole."""
    return lines if asks(lines) else tuple(line for line in lines if not line.moving)


def edited(before: Lines, after: Lines) -> Lines:
    """Pick what an edit brought: all of it where it begins to ask, the steps that ended, and how a release ended."""
    if asks(after) and not asks(before):
        return after
    known = {line.text for line in before}
    fresh = tuple(line for line in after if line.text not in known and not (line.moving or line.buttons))
    under_way = any(line.step for line in after) and not ended(after)
    return tuple(line for line in fresh if line.step) if under_way else fresh


def _block(block: dict[str, Any], renderer: Renderer) -> Iterable[Line]:
    shown = [line for line in renderer.block(block).splitlines() if line != _FENCE]
    text = block.get("text")
    raw = str(text.get("text", "")) if isinstance(text, dict) else ""
    titled = bool(_TITLE.match(raw))
    for number, line in enumerate(shown):
        yield Line(line, title=titled and number == 0, indent=2 if titled and number else 0)
