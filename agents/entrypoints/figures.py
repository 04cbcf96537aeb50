"""Durations, sizes, moments, commits and digests, short enough for people."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

SHORT_COMMIT = 7
SHORT_DIGEST = 12
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_EVEN = 10


def duration(seconds: float) -> str:
    """Write a duration: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{seconds:.1f} s" if seconds < _EVEN else f"{whole} s"
    for large, small, names in ((_DAY, _HOUR, ("d", "h")), (_HOUR, _MINUTE, ("h", "min")), (_MINUTE, 1, ("min", "s"))):
        if whole >= large:
            count, rest = whole // large, whole % large // small
            return f"{count} {names[0]}" + (f" {rest} {names[1]}" if rest else "")
    return f"{whole} s"


def span(length: timedelta) -> str:
    """Write a timedelta."""
    return duration(length.total_seconds())


def size(count_bytes: int) -> str:
    """Write a size: `512 B`, `48.1 MB`."""
    amount = float(count_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if abs(amount) < 1000 or unit == "GB":  # noqa: PLR2004 - decimal units, as registries show them
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"


def growth(count_bytes: int, before: int | None) -> str:
    """Write a size beside the former one: `48.1 MB (+1.2 MB)`."""
    if before is None:
        return size(count_bytes)
    change = count_bytes - before
    sign = "+" if change > 0 else "-"
    return f"{size(count_bytes)} ({sign}{size(abs(change))})" if change else f"{size(count_bytes)} (unchanged)"


def share(percent: float) -> str:
    """Write a part of a hundred: `91.2 %`, `100 %`."""
    return f"{percent:.1f}".removesuffix(".0") + " %"


def trend(percent: float, before: Sequence[tuple[str, float]]) -> str:
    """Write a share beside the former ones, newest first: `91.2 % (+0.4 since v1.1.0, last 3: 88, 90.8, 91.2)`."""
    if not before:
        return share(percent)
    version, former = before[0]
    change = round(round(percent, 1) - round(former, 1), 1)
    moved = f"{change:+.1f}".removesuffix(".0") if change else "unchanged"
    line = [share(one).removesuffix(" %") for one in (*[value for _, value in reversed(before)], percent)]
    history = f", last {len(line)}: {', '.join(line)}" if len(line) > 2 else ""  # noqa: PLR2004 - two need no list
    return f"{share(percent)} ({moved} since {version}{history})"


def commit(sha: str) -> str:
    """Shorten a commit's name."""
    return sha[:SHORT_COMMIT]


def digest(name: str) -> str:
    """Shorten a digest, without the name of its algorithm."""
    return name.removeprefix("sha256:")[:SHORT_DIGEST]


def moment(when: datetime) -> str:
    """Write a moment in UTC."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def count(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun: `1 commit`, `3 commits`."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def percent(part: int, whole: int) -> str:
    """Write a share: `83 %`."""
    return f"{100 * part / whole:.0f} %" if whole else "-"
