"""S4: what a suite demands of its reports is checked where it is written: reasons, days, limits, one entry each."""

from typing import Any

import pytest
from pydantic import ValidationError

from config.code import code_contradictions
from config.contradiction import Contradiction
from config.loading import DEFAULT_PATH, load
from config.sources import Suite

SERVICE = load(DEFAULT_PATH, {}).services["observer"]
ENTRY = {"id": "CVE-2018-1000656", "reason": "never given JSON from outside", "expires": "2026-12-31"}


def suite(**changes: Any) -> Suite:
    return Suite.model_validate({"kind": "security", "command": ["true"], "npm_audit": "audit.json", **changes})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"advisories": {"allowed": [{**ENTRY, "reason": "  "}]}}, "should say why the weakness may stay"),
        ({"advisories": {"allowed": [{**ENTRY, "id": " "}]}}, "should be an advisory's id"),
        ({"advisories": {"allowed": [{**ENTRY, "expires": "never"}]}}, "date"),
        ({"advisories": {"fail_from": "severe"}}, "'info', 'low', 'moderate', 'high' or 'critical'"),
        ({"page": {"score": 101}}, "less than or equal to 100"),
        ({"page": {"lcp": "fast"}}, "write a duration"),
        ({"page": {"inp": "200ms"}}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        suite(**changes)


def test_two_exceptions_for_one_advisory_are_refused_with_the_place_of_the_second() -> None:
    allowed = [ENTRY, {**ENTRY, "id": "cve-2018-1000656", "expires": "2027-12-31"}]
    service = SERVICE.model_copy(update={"suites": {"audit": suite(advisories={"allowed": allowed})}})
    at = ("suites", "audit", "advisories", "allowed", 1, "id")
    message = "is the advisory of allowed[0] already; keep one"
    assert list(code_contradictions(service)) == [Contradiction(at, message)]
