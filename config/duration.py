"""Durations as people write them: `30s`, `5m`, `1h30m`, `3d`."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

PATTERN = r"^(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?$"
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}


def parse_duration(text: Any) -> timedelta:
    """Read a duration; raises ValueError with an example for anything else."""
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not text or not re.match(PATTERN, text):
        raise ValueError("write a duration such as 30s, 5m, 1h30m or 3d")
    try:
        return timedelta(**{_UNITS[unit]: int(number) for number, unit in re.findall(r"(\d+)(ms|d|h|m|s)", text)})
    except OverflowError:
        raise ValueError("is longer than anything lasts; write a duration such as 30s, 5m, 1h30m or 3d") from None


def format_duration(duration: timedelta) -> str:
    """Write a duration the way it is read: `1h30m`, `45s`, `250ms`."""
    milliseconds = round(duration.total_seconds() * 1000)
    parts = []
    for size, unit in ((3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")):
        count, milliseconds = divmod(milliseconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": PATTERN, "examples": ["30s", "5m"]}),
]
