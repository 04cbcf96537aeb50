"""Words of other people made harmless before they are shown: nothing hides in them, nothing in them acts. Pure."""

import re

from guardrails.hidden import hidden_in, visible

__all__ = ["ZERO_WIDTH", "code", "hides", "one_line", "prose", "visible"]

_ACTIVE = re.compile(r"([\\`*_{}\[\]<>()!|~&$])")
_BEGINS = re.compile(r"^(\d*)(?=[#+=.-])")
"""What makes a heading, a list or a line across of a whole line, where it stands first."""
_CALLS = re.compile(r"(?i)(?<=[@#])(?=\w)|(?<=GH)(?=-\d)|(?<=:)(?=//)|(?<=www)(?=\.)")
ZERO_WIDTH = "\u200b"
_LOOKED_AT = 20_000
"""Nobody reads on in a line that begins with more blanks than this."""


def hides(text: str) -> bool:
    """Tell whether a text holds characters that people cannot see, or a comment that only machines read."""
    return bool(hidden_in(text)) or "<!--" in text


def one_line(text: str, most: int = 200) -> str:
    """Make one visible line of a text, cut with `...` where it is longer than `most`."""
    line = visible(" ".join(text[:_LOOKED_AT].split())[: most + 1])
    return line if len(line) <= most else line[: most - 3] + "..."


def code(text: str, most: int = 200) -> str:
    """Quote foreign words for Markdown so that no mention, link, image, reference or heading in them is one."""
    line = one_line(text, most)
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", line)), default=0) + 1)
    padding = " " if line.startswith("`") or line.endswith("`") or not line.strip() else ""
    return f"{ticks}{padding}{line}{padding}{ticks}"


def prose(text: str, most: int = 600) -> str:
    """Escape sentences for Markdown: they read the same, and nothing in them acts."""
    escaped = _BEGINS.sub(r"\1\\", _ACTIVE.sub(r"\\\1", one_line(text, most)))
    return _CALLS.sub(ZERO_WIDTH, escaped)
