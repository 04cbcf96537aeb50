"""The scalar notations of compose files: sizes, durations, CPU counts, `NAME=value` lists. Pure."""

import math
import re
from collections.abc import Mapping, Sequence

_UNIT_BYTES = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_UNIT_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|us|µs|ns|s)", re.ASCII)


def memory_bytes(value: str | float | None) -> int | None:
    """Read `512M`, `1.5g`, `536870912` as bytes; units are powers of 1024."""
    if value is None:
        return None
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?b)?\s*", str(value), re.ASCII | re.IGNORECASE)
    if not match:
        raise ValueError(f"{value!r} is not a size such as 512M")
    return int(float(match[1]) * _UNIT_BYTES[match[2].lower()])


def cpus(value: str | float | None) -> float | None:
    """Read `1.0`, `0.5`, 2 as a number of CPUs."""
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not a number of CPUs such as 0.5")
    return number


def duration(value: str | None) -> float | None:
    """Read `1m30s`, `500ms` as seconds."""
    if value is None or value == "":
        return None
    parts = _DURATION_PART.findall(str(value))
    if "".join(number + unit for number, unit in parts) != str(value):
        raise ValueError(f"{value!r} is not a duration such as 30s")
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)


def named_values(entries: Mapping[str, object] | Sequence[str] | None) -> dict[str, str | None]:
    """Read an environment in either notation; a name without a value means the caller's own."""
    if not entries:
        return {}
    if isinstance(entries, Mapping):
        return {name: None if value is None else str(value) for name, value in entries.items()}
    split = (entry.partition("=") for entry in entries)
    return {name: value if equals else None for name, equals, value in split}
