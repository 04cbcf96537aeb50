"""The terminal: a conversation in plain text that reads well in 100 columns, with colours where somebody looks."""

import os
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import TextIO

from agents.entrypoints.figures import count
from tests.demo.audience import Kind, Shown
from tests.demo.reading import Line

WIDEST, NARROWEST = 100, 60
GUTTER = 22
"""Columns for the time and the name."""
BOLD, DIM, GREEN, RED, YELLOW = "1", "2", "32", "31", "33"
Styled = tuple[str, str]
"""A line, and the style of all of it."""


class Screen:
    """Writes to one stream; a prompt, where there is one, stays the last line."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._colour = out.isatty() and "NO_COLOR" not in os.environ
        self._width = max(NARROWEST, min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns))
        self._channel = ""
        self._prompt = ""
        self._blank = False
        self._asked: dict[str, frozenset[Line]] = {}
        """Channel -> what stood on the last card there that asked."""

    def title(self, text: str, about: str) -> None:
        """Begin a scene: its name, and what is about to happen."""
        self._channel = ""
        rule = "=" * max(3, self._width - len(text) - 4)
        self._write(["", self._styled(f"== {text} {rule[1:]}", BOLD), *self._wrapped(about, "   ")])

    def say(self, text: str, style: str = "") -> None:
        """Say something that is not part of the conversation."""
        self._write(self._styled(line, style) for line in self._wrapped(text, ""))

    def check(self, text: str, *, good: bool) -> None:
        """Tell how a scene ended."""
        self._write(["", *(self._styled(line, GREEN if good else RED) for line in self._wrapped(text, "   "))])

    def show(self, shown: Shown) -> None:
        """Show a piece of the conversation; the channel is named where it changes."""
        heading = ["", self._styled(f"  #{shown.channel}", BOLD)] if shown.channel != self._channel else []
        self._channel = shown.channel
        asked = [""] if shown.kind is Kind.ASKED else []
        self._write([*heading, *([] if heading else asked), *self._entry(shown), *asked])

    def prompt(self, text: str) -> None:
        """Keep a prompt below everything that is shown; none where the text is empty."""
        self._prompt = text if self._out.isatty() else ""
        if self._prompt:
            self._out.write(f"\r\x1b[K{self._prompt}")
            self._out.flush()

    def _entry(self, shown: Shown) -> Iterator[str]:
        time, name = f"  {shown.at.astimezone():%H:%M:%S}", "" if shown.kind is Kind.EDITED else shown.author
        start = self._styled(time, DIM) + self._styled(f"  {name:<10.10}", BOLD)
        for text, style in self._body(shown):
            yield (start + self._styled(text, style)).rstrip()
            start = " " * GUTTER

    def _body(self, shown: Shown) -> Iterator[Styled]:
        if shown.kind is Kind.REPLIED:
            yield from self._reply(shown.lines)
        elif shown.kind is Kind.ASKED:
            yield from self._question(shown)
        else:
            yield from (styled for line in shown.lines for styled in self._line(line))
        if shown.only_for:
            yield f"(only {shown.only_for} sees this)", DIM

    def _reply(self, lines: Sequence[Line]) -> Iterator[Styled]:
        """Show the first line of an answer in a thread, as a preview does."""
        more = f" (+{count(len(lines) - 1, 'line')})" if len(lines) > 1 else ""
        for part in self._wrapped(lines[0].text + more, "  ", first="> ", margin=GUTTER):
            yield part, DIM

    def _question(self, shown: Shown) -> Iterator[Styled]:
        """Show a whole card, but what stood on the one before word for word."""
        before = self._asked.get(shown.channel, frozenset())
        kept = [line for line in shown.lines if line not in before or line.buttons or not line.indent]
        pairs = zip_longest(kept, kept[1:])
        fresh = [line for line, after in pairs if line is kept[0] or not line.title or (after and after.indent)]
        for line in fresh:
            if line.buttons and len(fresh) < len(shown.lines):
                yield f"| (and {count(len(shown.lines) - len(fresh), 'line')} as on the card before)", DIM
            yield from self._line(line, "| ")
        self._asked[shown.channel] = frozenset(shown.lines)

    def _line(self, line: Line, mark: str = "") -> Iterator[Styled]:
        style = BOLD if line.title or line.buttons else ""
        inset = mark + " " * line.indent
        for part in self._wrapped(line.text, inset + "  ", first=inset, margin=GUTTER):
            yield part, style

    def _wrapped(self, text: str, indent: str, *, first: str | None = None, margin: int = 0) -> list[str]:
        width = self._width - margin
        start = indent if first is None else first
        wrapper = textwrap.TextWrapper(
            width, initial_indent=start, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
        )
        return [part for line in text.splitlines() or [""] for part in wrapper.wrap(line) or [""]]

    def _styled(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._colour and style and text.strip() else text

    def _write(self, lines: Iterable[str]) -> None:
        for line in lines:
            if line or not self._blank:
                self._out.write(("\r\x1b[K" if self._prompt else "") + line + "\n")
            self._blank = not line
        self._out.write(self._prompt)
        self._out.flush()
