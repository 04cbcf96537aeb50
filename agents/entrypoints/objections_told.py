"""How `guard secrets` and `guard commit` tell what they found: the same two lines each, and the same JSON."""

import json
from collections.abc import Iterable

from guardrails.secrets import Objection
from guardrails.secrets.remedies import ROTATE


def as_json(found: Iterable[Objection]) -> str:
    """Write one record for each, in the order of files and lines."""
    return json.dumps([_record(one) for one in _in_order(found)], indent=2) + "\n"


def as_rows(found: Iterable[Objection]) -> list[str]:
    """Write where and what, and below it the way out; that a value is to be rotated is for the end, once for all."""
    return [
        f"{one.finding.place}: {one.level.name.lower()}: {one.finding.message}\n    {unrotated(one.remedy)}"
        for one in _in_order(found)
    ]


def unrotated(remedy: str) -> str:
    """Leave the rotation out of a remedy."""
    return remedy.removesuffix(ROTATE).strip()


def _in_order(found: Iterable[Objection]) -> list[Objection]:
    return sorted(found, key=lambda one: (one.path, one.line, one.rule, one.key))


def _record(one: Objection) -> dict[str, str | int]:
    return {
        "file": one.path,
        "line": one.line,
        "key": one.key,
        "kind": one.kind,
        "layer": one.layer,
        "verdict": one.level.name.lower(),
        "rule": one.rule,
        "message": one.message,
        "remedy": one.remedy,
        "fingerprint": one.fingerprint,
    }
