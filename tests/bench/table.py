"""Figures of several competitors side by side: as a table for a terminal and a README, and as a picture. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from statistics import median

BAR, ROW, LEFT, WIDTH, TOP = 18, 26, 300, 760, 34
OURS, THEIRS, INK = "#2f6f4f", "#9aa4ad", "#57606a"
"""Legible on light and on dark pages."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of competitors, columns of figures; a figure that does not apply is None."""

    title: str
    columns: tuple[str, ...]
    rows: Mapping[str, tuple[float | None, ...]]
    drawn: str = ""
    """The column of its picture; the first where none is named."""
    ours: str = "Shipmate"
    """How the rows begin that are our own."""

    def lines(self) -> list[str]:
        """Draw it as Markdown, which a terminal shows as well."""
        heads = (self.title, *self.columns)
        cells = [heads, *((name, *map(told, values)) for name, values in self.rows.items())]
        widths = [max(len(row[at]) for row in cells) for at in range(len(heads))]
        drawn = [_row(row, widths) for row in cells]
        rule = "| " + " | ".join("-" * width + (":" if at else "") for at, width in enumerate(_ruled(widths))) + " |"
        return [drawn[0], rule, *drawn[1:]]

    def picture(self) -> str:
        """Draw one column as bars, as SVG."""
        column = self.drawn or self.columns[0]
        at = self.columns.index(column)
        bars = [(name, values[at]) for name, values in self.rows.items() if values[at] is not None]
        most = max((value or 0 for _, value in bars), default=0) or 1
        height = TOP + ROW * len(bars) + 10
        drawn = [
            part
            for number, (name, value) in enumerate(bars)
            for part in _bar(name, value or 0, most, TOP + ROW * number, own=name.startswith(self.ours))
        ]
        style = 'font-family="system-ui, sans-serif" font-size="13"'
        title = f'<text x="10" y="20" fill="{INK}" font-weight="600">{escape(self.title)}: {escape(column)}</text>'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" {style}>'
        return "\n".join([head, title, *drawn, "</svg>", ""])


def middle(rows: Sequence[tuple[float | None, ...]]) -> tuple[float | None, ...]:
    """Take the median of each column of several measurements."""
    return tuple(_median([row[at] for row in rows]) for at in range(len(rows[0])))


def told(value: float | None) -> str:
    """Write a figure with as many digits as mean something."""
    if value is None:
        return "-"
    return f"{value:.0f}" if value == int(value) or value >= 100 else f"{value:.2f}"


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _ruled(widths: Sequence[int]) -> list[int]:
    return [widths[0], *(width - 1 for width in widths[1:])]


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return "| " + " | ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]) + " |"


def _bar(name: str, value: float, most: float, y: int, *, own: bool) -> list[str]:
    length = max(2, round((WIDTH - LEFT - 80) * value / most))
    colour, middle_y = OURS if own else THEIRS, y + BAR - 5
    return [
        f'<text x="{LEFT - 8}" y="{middle_y}" fill="{INK}" text-anchor="end">{escape(name)}</text>',
        f'<rect x="{LEFT}" y="{y}" width="{length}" height="{BAR}" fill="{colour}" rx="2"/>',
        f'<text x="{LEFT + length + 6}" y="{middle_y}" fill="{INK}">{told(value)}</text>',
    ]
