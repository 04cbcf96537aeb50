"""JSON reports of foreign programs: read within bounds, or refused."""

import json
import math
from typing import Any, NoReturn

from tools.errors import Garbled
from tools.reports import LIMIT_BYTES

LONGEST_WORDS = 200


def read_object(content: bytes, name: str) -> dict[str, Any]:
    """Read one JSON object; raises `Garbled` for what is larger, deeper or other than that. `name` is the report's."""
    if len(content) > LIMIT_BYTES:
        raise Garbled(f"The {name} report is larger than {LIMIT_BYTES // 1024**2} MB.")
    try:
        document = json.loads(content, parse_constant=_impossible)
    except (ValueError, RecursionError) as error:
        raise Garbled(f"The {name} report is no JSON: {str(error)[:LONGEST_WORDS]}.") from error
    if not isinstance(document, dict):
        raise Garbled(f"The {name} report is no JSON object.")
    return document


def part(document: Any, *path: str) -> Any:
    """Go down a path of keys; None where there is no such way."""
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def number(value: Any) -> float | None:
    """Take a finite number that is not negative; None for anything else, such as true or "12"."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e15:  # noqa: PLR2004 - beyond use
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None


def words(value: Any) -> str:
    """Take a text in one line, short enough to be shown; empty for anything else."""
    return " ".join(value.encode(errors="replace").decode().split())[:LONGEST_WORDS] if isinstance(value, str) else ""


def _impossible(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
