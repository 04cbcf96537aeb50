"""A watch as a small picture: latency at every look beside what it was before, and what else was seen. Pure."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

from agents.entrypoints import figures
from agents.events import Look, Watched

WIDTH, HEIGHT = 800, 300
_SCALE = 2
"""Drawn so much larger and then made smaller, so that no line has steps."""
_SERVER_ERROR = 500
_PAPER, _INK, _FAINT, _GRID = "#16202e", "#f1f5f9", "#a3b1c6", "#33445c"
_LATENCY, _BEFORE, _LIMIT, _BAD = "#5cc8ff", "#8fd694", "#ffb454", "#ff6b6b"
_CPU, _MEMORY, _ERRORS = "#c792ea", "#7fdbca", "#ff6b6b"
_TRUNK = "▁▂▃▄▅▆▇█"
_MARK_BAD = "✗"
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Panel:
    """A part of the picture with its own scale from zero to `top`."""

    left: int
    upper: int
    right: int
    lower: int
    top: float
    seconds: float

    def at(self, seconds: float, value: float) -> Point:
        """Find the place of a value."""
        x = self.left + (self.right - self.left) * (seconds / self.seconds)
        return x, self.lower - (self.lower - self.upper) * min(1.0, value / self.top)


def drawable(event: Watched) -> bool:
    """Tell whether a watch has anything to draw: a single look is no course of things."""
    return len(event.looks) > 1


def alt_text(event: Watched) -> str:
    """Tell in words what the picture shows, for those who do not see it."""
    known = [look.latency_ms for look in event.looks if look.latency_ms is not None]
    told = [f"{_title(event)}."]
    if known:
        told.append(f"Latency from {min(known):.0f} to {max(known):.0f} ms{_compared(event)}.")
    told.append(f"{figures.count(sum(map(_failed, event.looks)), 'look')} with an error or no answer.")
    if event.host:  # nobody reads a log from outside
        told.append(f"{figures.count(max(look.error_lines for look in event.looks), 'error line')} in the log.")
    for name, values in (("CPU", _known(event, "cpu")), ("Memory", _known(event, "memory"))):
        if values:
            told.append(f"{name} from {min(values):.0f} to {max(values):.0f} %.")
    return " ".join(told)[:1000]


def sparkline(event: Watched) -> str:
    """Draw the latencies in one line of a terminal; a cross where a look met an error or no answer."""
    if not drawable(event):
        return ""
    known = [look.latency_ms for look in event.looks if look.latency_ms is not None]
    highest = max([*known, event.limit_ms or 0.0, 1.0])
    marks = "".join(_MARK_BAD if _failed(look) else _bar(look.latency_ms or 0.0, highest) for look in event.looks)
    limit = f", limit {event.limit_ms:.0f} ms" if event.limit_ms is not None else ""
    return f"{marks}  latency in {_span(event):.0f} s, full height {highest:.0f} ms{limit}"


def png(event: Watched) -> bytes:
    """Draw a watch as PNG."""
    image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), _PAPER)
    pen = _Pen(ImageDraw.Draw(image))
    pen.text(16, 10, _title(event), _INK, 15)
    _legend(pen, event)
    _latencies(pen, event)
    _uses(pen, event)
    if event.host:
        _errors(pen, event)
    written = io.BytesIO()
    image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(written, "PNG", optimize=True)
    return written.getvalue()


class _Pen:
    """Draws in the picture's own units."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw

    def text(self, x: float, y: float, text: str, colour: str, size: int = 12, anchor: str = "la") -> float:
        """Write a text, and tell how wide it is."""
        font = ImageFont.load_default(size * _SCALE)
        self._draw.text((x * _SCALE, y * _SCALE), text, colour, font, anchor)
        return self._draw.textlength(text, font) / _SCALE

    def line(self, points: Sequence[Point], colour: str, width: float = 2.0) -> None:
        """Draw a line through points."""
        scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
        self._draw.line(scaled, colour, round(width * _SCALE), joint="curve")

    def dashes(self, start: Point, end: Point, colour: str) -> None:
        """Draw a level dashed line."""
        x, dash = start[0], 7
        while x < end[0]:
            self.line([(x, start[1]), (min(x + dash, end[0]), end[1])], colour, 1.5)
            x += 2 * dash

    def dot(self, place: Point, colour: str, radius: float = 3.5) -> None:
        """Draw a dot."""
        (x, y), r = place, radius
        self._draw.ellipse([(x - r) * _SCALE, (y - r) * _SCALE, (x + r) * _SCALE, (y + r) * _SCALE], colour)

    def cross(self, place: Point, colour: str) -> None:
        """Draw a cross."""
        (x, y), r = place, 6
        self.line([(x - r, y - r), (x + r, y + r)], colour, 3)
        self.line([(x - r, y + r), (x + r, y - r)], colour, 3)

    def bar(self, upper: Point, lower: Point, colour: str) -> None:
        """Draw a filled box."""
        self._draw.rectangle([upper[0] * _SCALE, upper[1] * _SCALE, lower[0] * _SCALE, lower[1] * _SCALE], colour)


def _title(event: Watched) -> str:
    where = f"{event.component} on {event.host}: " if event.host else ""
    return f"{where}{figures.count(len(event.looks), 'look')} in {_span(event):.0f} s"


def _compared(event: Watched) -> str:
    before = f", {event.baseline_ms:.0f} ms before" if event.baseline_ms is not None else ", nothing to compare it with"
    return before + (f", limit {event.limit_ms:.0f} ms" if event.limit_ms is not None else "")


def _legend(pen: _Pen, event: Watched) -> None:
    names = [("latency", _LATENCY)]
    names += [(f"before {event.baseline_ms:.0f} ms", _BEFORE)] if event.baseline_ms is not None else []
    names += [(f"limit {event.limit_ms:.0f} ms", _LIMIT)] if event.limit_ms is not None else []
    names += [("error or no answer", _BAD)] if any(map(_failed, event.looks)) else []
    x = 16.0
    for name, colour in names:
        pen.dot((x + 4, 41), colour, 4)
        x += 14 + pen.text(x + 14, 34, name, _FAINT) + 18


def _latencies(pen: _Pen, event: Watched) -> None:
    known = [look.latency_ms for look in event.looks if look.latency_ms is not None]
    highest = max([*known, event.baseline_ms or 0.0, event.limit_ms or 0.0, 1.0])
    panel = _Panel(62, 62, WIDTH - 20, 186, highest * 1.12, _span(event))
    _frame(pen, panel, lambda value: f"{value:.0f} ms")
    for level, colour in ((event.baseline_ms, _BEFORE), (event.limit_ms, _LIMIT)):
        if level is not None:
            pen.dashes(panel.at(0, level), panel.at(panel.seconds, level), colour)
    for stretch in _stretches(event.looks):
        pen.line([panel.at(seconds, value) for seconds, value in stretch], _LATENCY, 2.5)
    for look in event.looks:
        place = panel.at(look.seconds, look.latency_ms if look.latency_ms is not None else 0.0)
        if _failed(look):
            pen.cross(place, _BAD)
        else:
            pen.dot(place, _LATENCY)


def _uses(pen: _Pen, event: Watched) -> None:
    cpu, memory = _known(event, "cpu"), _known(event, "memory")
    panel = _Panel(62, 216, 420, 270, max([*cpu, *memory, 100.0]), _span(event))
    if not cpu and not memory:
        pen.text(
            62, 240, "CPU and memory were not measured" if event.host else "Seen from outside: answers only", _FAINT
        )
        return
    _frame(pen, panel, lambda value: f"{value:.0f} %")
    for name, colour in (("cpu", _CPU), ("memory", _MEMORY)):
        points = [(look.seconds, getattr(look, name)) for look in event.looks if getattr(look, name) is not None]
        if len(points) > 1:
            pen.line([panel.at(seconds, value) for seconds, value in points], colour)
    width = pen.text(62, 274, f"CPU at most {max(cpu):.0f} % of a core", _CPU) + 18 if cpu else 0
    if memory:
        pen.text(62 + width, 274, f"memory {max(memory):.0f} % of its limit", _MEMORY)


def _errors(pen: _Pen, event: Watched) -> None:
    new = [max(0, b.error_lines - a.error_lines) for a, b in pairwise(event.looks)]
    counts = [event.looks[0].error_lines, *new]
    panel = _Panel(480, 216, WIDTH - 20, 270, float(max([*counts, 5])), _span(event))
    _frame(pen, panel, lambda value: f"{value:.0f}")
    for look, count in zip(event.looks, counts, strict=True):
        if count:
            x, y = panel.at(look.seconds, count)
            pen.bar((max(x - 4, panel.left), y), (min(x + 4, panel.right), panel.lower), _ERRORS)
    total = event.looks[-1].error_lines
    pen.text(480, 274, f"{figures.count(total, 'error line')} in the log", _ERRORS if total else _FAINT)


def _frame(pen: _Pen, panel: _Panel, told: Callable[[float], str]) -> None:
    for part in (0.0, 0.5, 1.0):
        value = panel.top * part
        _, y = panel.at(0, value)
        pen.line([(panel.left, y), (panel.right, y)], _GRID, 1)
        pen.text(panel.left - 8, y, told(value), _FAINT, 11, "rm")


def _stretches(looks: Sequence[Look]) -> Iterator[list[Point]]:
    """Cut the line where a look had no answer."""
    stretch: list[Point] = []
    for look in looks:
        if look.latency_ms is not None:
            stretch.append((look.seconds, look.latency_ms))
        elif stretch:
            yield stretch
            stretch = []
    if len(stretch) > 1:
        yield stretch


def _failed(look: Look) -> bool:
    return look.status is None or look.status >= _SERVER_ERROR


def _known(event: Watched, name: str) -> list[float]:
    return [value for look in event.looks if (value := getattr(look, name)) is not None]


def _span(event: Watched) -> float:
    return max(event.looks[-1].seconds, 1.0)


def _bar(value: float, highest: float) -> str:
    return _TRUNK[min(len(_TRUNK) - 1, int(value / highest * len(_TRUNK)))]
