"""What an operator demands of the reports of a suite: how fast a page is, and which known weaknesses may stay."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from config.duration import Duration
from config.settings import Settings

_SHORTEST_REASON = 10


class Severity(StrEnum):
    """How bad a known weakness is, from mild to worst."""

    INFO = "info"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    CRITICAL = "critical"


class PageLimits(Settings):
    """What a page must reach in a Lighthouse report; null: no limit."""

    score: float | None = Field(default=70, ge=0, le=100)
    """Least performance score, of 100."""
    lcp: Duration | None = timedelta(milliseconds=2500)
    """Longest time until the largest part of the page is painted."""
    fid: Duration | None = timedelta(milliseconds=100)
    """Longest delay of a first input. A laboratory has no visitors: Lighthouse's `max-potential-fid` is taken, and
    `interaction-to-next-paint` where a report has only that."""
    cls: float | None = Field(default=0.1, ge=0)
    """Most that the layout may shift while the page loads."""


def _named(text: str) -> str:
    if not text.strip():
        raise ValueError("should be an advisory's id as the report tells it, such as GHSA-35jh-r3h4-6jhm")
    return text.strip()


def _told(reason: str) -> str:
    if len(reason.strip()) < _SHORTEST_REASON:
        raise ValueError(f"should say why the weakness may stay, in {_SHORTEST_REASON} characters or more")
    return reason.strip()


class AllowedAdvisory(Settings):
    """One known weakness that may stay, for a reason and for a time."""

    id: Annotated[str, AfterValidator(_named)]
    """Id of the advisory, or one of its aliases: `GHSA-35jh-r3h4-6jhm`, `CVE-2021-23337`, `PYSEC-2019-179`."""
    reason: Annotated[str, AfterValidator(_told)]
    """Why it may stay; told with every result that the entry lets pass."""
    expires: date
    """Last day on which the entry counts: 2026-12-31."""


class AdvisoryPolicy(Settings):
    """What known weaknesses of dependencies mean."""

    fail_from: Severity = Severity.HIGH
    """Advisories this severe or worse fail the suite; milder ones are warnings."""
    unknown: Severity = Severity.HIGH
    """What an advisory without a severity counts as. pip-audit tells none at all."""
    unaudited: tuple[str, ...] = ()
    """Packages that may go unaudited, such as one's own; any other that the audit had to leave out is a warning."""
    allowed: tuple[AllowedAdvisory, ...] = ()
    """Exceptions, each with its reason and its last day."""
