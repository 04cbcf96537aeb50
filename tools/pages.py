"""How fast a page is, as Lighthouse measured it (`--output=json`)."""

from dataclasses import dataclass
from typing import Any

from tools.errors import Garbled
from tools.json_report import number, part, read_object, words

_FIRST_INPUT = ("max-potential-fid", "interaction-to-next-paint")
"""The first that a report has; the second only stands in reports about a timespan."""


@dataclass(frozen=True, slots=True)
class PageReport:
    """What a Lighthouse report tells of a page; None: it tells nothing of that."""

    score: float | None
    """Of 100."""
    lcp_ms: float | None = None
    fid_ms: float | None = None
    cls: float | None = None


def read_lighthouse(content: bytes) -> PageReport:
    """Read a Lighthouse report; raises `Garbled` for what is none, and for a run that could not load the page."""
    document = read_object(content, "Lighthouse")
    if not isinstance(document.get("lighthouseVersion"), str) or not isinstance(document.get("audits"), dict):
        raise Garbled("The Lighthouse report names no Lighthouse version or no audits.")
    _require_loaded(document)
    score = number(part(document, "categories", "performance", "score"))
    if score is not None and score > 1:
        raise Garbled("The Lighthouse report tells an impossible performance score.")
    firsts = (_measured(document, name) for name in _FIRST_INPUT)
    return PageReport(
        score=None if score is None else round(score * 100, 3),
        lcp_ms=_measured(document, "largest-contentful-paint"),
        fid_ms=next((value for value in firsts if value is not None), None),
        cls=_measured(document, "cumulative-layout-shift"),
    )


def _measured(document: Any, audit: str) -> float | None:
    return number(part(document, "audits", audit, "numericValue"))


def _require_loaded(document: Any) -> None:
    """Refuse a run that failed: it leaves a report that is whole and says nothing of the page."""
    error = document.get("runtimeError")
    code = words(part(error, "code")) if isinstance(error, dict) else words(error)
    if error and code != "NO_ERROR":
        raise Garbled(f"Lighthouse could not measure the page: {code or 'no reason given'}.")
