"""S4: Lighthouse, npm audit and pip-audit in their real shapes are read, weighed, and never passed by mistake."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.reports import AdvisoryPolicy, PageLimits, Severity
from config.sources import Suite
from tools.advisories import read_npm_audit, read_pip_audit
from tools.errors import Garbled
from tools.pages import PageReport, read_lighthouse
from tools.report_weights import Figure, weigh_page
from tools.reports import LIMIT_BYTES
from tools.suites import Evidence, SuiteResult, judged

REPORTS = Path(__file__).parents[2] / "corpora/reports"
LIGHTHOUSE = (REPORTS / "lighthouse.json").read_bytes()
NPM = (REPORTS / "npm-audit.json").read_bytes()
PIP = (REPORTS / "pip-audit.json").read_bytes()
TODAY = date(2026, 11, 21)
KEYS = {"Lighthouse": "lighthouse", "npm audit": "npm_audit", "pip-audit": "pip_audit"}


def suite(name: str, **changes: Any) -> Suite:
    kind = "performance" if name == "Lighthouse" else "security"
    return Suite.model_validate({"kind": kind, "command": ["x"], KEYS[name]: "report.json", **changes})


def result(name: str, content: bytes | None, exit_code: int = 0, **changes: Any) -> SuiteResult:
    return judged(name, suite(name, **changes), Evidence(exit_code, reports={name: content}), TODAY)


def page(score: float | None = 0.93, **measured: float) -> bytes:
    audits = {
        "largest-contentful-paint": {"numericValue": measured.get("lcp", 1800.4)},
        "max-potential-fid": {"numericValue": measured.get("fid", 48)},
        "cumulative-layout-shift": {"numericValue": measured.get("cls", 0.02)},
    }
    document = {"lighthouseVersion": "13.4.1", "audits": audits, "categories": {"performance": {"score": score}}}
    return json.dumps(document).encode()


def npm(*severities: str, **changes: Any) -> bytes:
    packages = {
        f"p{number}": {"severity": one, "via": [{"source": number, "severity": one, "title": "t", "url": ""}]}
        for number, one in enumerate(severities)
    }
    metadata = {"vulnerabilities": {"total": len(packages)}, "dependencies": {"total": 9}}
    document = {"auditReportVersion": 2, "vulnerabilities": packages, "metadata": metadata, **changes}
    return json.dumps(document).encode()


def pip(*vulnerabilities: Any, **changes: Any) -> bytes:
    flask = {"name": "flask", "version": "0.12", "vulns": list(vulnerabilities)}
    return json.dumps({"dependencies": [flask], "fixes": [], **changes}).encode()


def allowed(name: str, expires: str = "2026-11-21") -> dict[str, Any]:
    return {"allowed": [{"id": name, "reason": "never called with input", "expires": expires}]}


def test_a_real_lighthouse_report_is_read_in_its_own_units() -> None:
    assert read_lighthouse(LIGHTHOUSE) == PageReport(score=32, lcp_ms=10884.681, fid_ms=1062.914, cls=0.099576)


def test_a_slow_page_is_a_warning_with_every_number_and_its_limit() -> None:
    slow = result("Lighthouse", LIGHTHOUSE)
    told = "score 32 (at least 70), LCP 10884.7 ms (at most 2500), FID 1062.91 ms (at most 100)"
    assert (slow.outcome, slow.reason) == ("warning", f"The page misses its limits: {told}.")
    assert [str(figure) for figure in slow.figures][-1] == "CLS 0.099576 (at most 0.1)"
    assert result("Lighthouse", LIGHTHOUSE, severity="critical").outcome == "failed"


@pytest.mark.parametrize(
    ("content", "missed"),
    [
        (page(0.7, lcp=2500, fid=100, cls=0.1), []),
        (page(0.69), ["score"]),
        (page(lcp=2500.1), ["LCP"]),
        (page(fid=101), ["FID"]),
        (page(cls=0.11), ["CLS"]),
        (page(0.2, lcp=9000, fid=900, cls=1), ["score", "LCP", "FID", "CLS"]),
    ],
)
def test_the_limits_of_a_page_are_those_of_the_mission_and_count_to_the_last_step(
    content: bytes, missed: list[str]
) -> None:
    weighed = weigh_page(read_lighthouse(content), PageLimits())
    assert [figure.name for figure in weighed.figures if not figure.met] == missed
    assert bool(weighed.objection) == bool(missed)


def test_limits_can_be_set_and_left_out() -> None:
    limits = {"score": 20, "lcp": "12s", "fid": None, "cls": None}
    assert result("Lighthouse", LIGHTHOUSE, page=limits).outcome == "passed"


def test_a_number_that_the_report_does_not_tell_is_not_met_unless_nobody_asks_for_it() -> None:
    content = json.dumps({"lighthouseVersion": "13", "audits": {}, "categories": {}}).encode()
    assert result("Lighthouse", content).reason == "The Lighthouse report does not tell score, LCP, FID, CLS."
    assert result("Lighthouse", content, page=dict.fromkeys(("score", "lcp", "fid", "cls"))).outcome == "passed"


def test_interaction_to_next_paint_stands_in_where_a_report_has_no_first_input() -> None:
    document = json.loads(page())
    document["audits"]["interaction-to-next-paint"] = {"numericValue": 77}
    assert read_lighthouse(json.dumps(document).encode()).fid_ms == 48
    del document["audits"]["max-potential-fid"]
    assert read_lighthouse(json.dumps(document).encode()).fid_ms == 77


def test_a_run_that_could_not_load_the_page_is_no_fast_page() -> None:
    document = {**json.loads(page()), "runtimeError": {"code": "NO_FCP", "message": "no paint"}}
    broken = result("Lighthouse", json.dumps(document).encode(), severity="critical")
    assert (broken.outcome, broken.reason) == ("failed", "Lighthouse could not measure the page: NO_FCP.")


def test_lighthouse_that_ends_badly_has_not_passed_whatever_it_wrote() -> None:
    assert result("Lighthouse", page(), exit_code=1).outcome == "warning"


def test_a_real_npm_audit_is_read_by_advisory_and_not_by_package() -> None:
    report = read_npm_audit(NPM)
    assert [(one.package, one.ids[0], one.severity) for one in report.advisories] == [
        ("lodash", "GHSA-35jh-r3h4-6jhm", Severity.HIGH),
        ("lodash", "GHSA-29mw-wpgm-hmr9", Severity.MODERATE),
        ("qs", "GHSA-hrpp-h998-j3pp", Severity.HIGH),
    ]
    assert report.audited == 4


def test_high_advisories_fail_a_critical_suite_and_are_named_and_counted() -> None:
    weak = result("npm audit", NPM, exit_code=1)
    assert (weak.outcome, weak.reason) == ("failed", "2 advisories of severity high or worse.")
    assert weak.failures == (
        "lodash: GHSA-35jh-r3h4-6jhm, 1108258 (high), Command Injection in lodash",
        "qs: GHSA-hrpp-h998-j3pp, 1104115 (high), qs vulnerable to Prototype Pollution",
    )
    assert [str(one) for one in weak.figures] == ["critical 0 (at most 0)", "high 2 (at most 0)", "moderate 1"]
    assert weak.remarks[0].startswith("lodash: GHSA-29mw-wpgm-hmr9, 1108259 (moderate)")


@pytest.mark.parametrize(
    ("severities", "policy", "outcome"),
    [
        ((), {}, "passed"),
        (("info", "low", "moderate"), {}, "warning"),
        (("moderate", "high"), {}, "failed"),
        (("critical",), {}, "failed"),
        (("moderate",), {"fail_from": "moderate"}, "failed"),
        (("high",), {"fail_from": "critical"}, "warning"),
        (("none",), {}, "failed"),
        (("none",), {"unknown": "low"}, "warning"),
    ],
)
def test_severity_decides_between_failed_warning_and_passed(
    severities: tuple[str, ...], policy: dict[str, Any], outcome: str
) -> None:
    assert result("npm audit", npm(*severities), exit_code=len(severities) and 1, advisories=policy).outcome == outcome


@pytest.mark.parametrize("severity", ["moderate", "critical"])
def test_a_suite_of_severity_warning_never_stops_a_release(severity: str) -> None:
    assert result("npm audit", npm(severity), exit_code=1, severity="warning").outcome == "warning"


def test_an_exit_code_that_no_finding_explains_is_a_failure() -> None:
    assert result("npm audit", npm(), exit_code=1).outcome == "failed"
    assert result("npm audit", npm("low"), exit_code=2).outcome == "failed"
    assert result("npm audit", npm("low"), exit_code=1).outcome == "warning"


@pytest.mark.parametrize("more", [{"kind": "lint"}, {"junit": "junit.xml"}, {"lighthouse": "page.json"}])
def test_a_suite_that_does_more_than_audit_has_no_excuse_for_its_exit_code(more: dict[str, str]) -> None:
    reports = {"npm audit": npm("low"), "Lighthouse": page()}
    left = Evidence(1, junit=b"<testsuite tests='1'><testcase name='it'/></testsuite>", reports=reports)
    ended = judged("npm audit", suite("npm audit", **more), left, TODAY)
    assert (ended.outcome, "An audit explains that in a suite of its own" in ended.reason) == ("failed", True)
    assert judged("npm audit", suite("npm audit", **more), replace(left, exit_code=0), TODAY).outcome == "warning"


def test_an_exception_counts_up_to_and_including_its_last_day_and_is_told() -> None:
    held = result("npm audit", NPM, exit_code=1, advisories=allowed("ghsa-35JH-r3h4-6jhm"))
    assert held.reason == "1 advisory of severity high or worse."
    assert "lodash: GHSA-35jh-r3h4-6jhm, 1108258 (high), Command Injection in lodash. Allowed until 2026-11-21" in str(
        held.remarks
    )
    ended = result("npm audit", NPM, exit_code=1, advisories=allowed("GHSA-35jh-r3h4-6jhm", "2026-11-20"))
    assert ended.reason == "2 advisories of severity high or worse."
    assert "Its exception ended on 2026-11-20" in str(ended.failures)


def test_an_exception_for_everything_passes_without_a_warning() -> None:
    both = {"allowed": [*allowed("CVE-2019-1010083")["allowed"], *allowed("PYSEC-2018-66")["allowed"]]}
    clean = result("pip-audit", PIP, exit_code=1, advisories={**both, "unaudited": ["internal-tools"]})
    assert (clean.outcome, clean.reason, len(clean.remarks)) == ("passed", "", 2)


def test_a_real_pip_audit_tells_no_severity_so_each_advisory_counts_as_high() -> None:
    weak = result("pip-audit", PIP, exit_code=1)
    assert (weak.outcome, weak.reason) == ("failed", "2 advisories of severity high or worse.")
    assert "flask: PYSEC-2018-66, CVE-2018-1000656 (severity unknown, counts as high)" in str(weak.failures)
    assert result("pip-audit", PIP, exit_code=1, advisories={"unknown": "moderate"}).outcome == "warning"


def test_a_package_that_nobody_audited_is_a_warning_and_its_reason_is_told() -> None:
    skipped = {"name": "internal-tools", "skip_reason": "Dependency not found on PyPI"}
    part = result("pip-audit", pip(dependencies=[{"name": "click", "vulns": []}, skipped]))
    assert (part.outcome, part.reason) == ("warning", "1 package was not audited.")
    assert part.remarks == ("internal-tools: not audited, Dependency not found on PyPI",)


def test_an_audit_that_could_look_at_nothing_has_failed() -> None:
    skipped = {"name": "jinja2", "skip_reason": "Dependency not found on PyPI and could not be audited"}
    assert result("pip-audit", pip(dependencies=[skipped])).reason == "It audited no package."
    assert result("pip-audit", pip(dependencies=[])).outcome == "failed"
    nothing = {"vulnerabilities": {"total": 0}, "dependencies": {"total": 0}}
    assert result("npm audit", npm(metadata=nothing)).outcome == "failed"


def test_a_weak_package_that_no_advisory_explains_still_counts() -> None:
    packages = {"a": {"severity": "critical", "via": ["b"]}, "b": {"severity": "critical", "via": ["a"]}}
    metadata = {"vulnerabilities": {"total": 2}, "dependencies": {"total": 9}}
    (first, second) = read_npm_audit(npm(vulnerabilities=packages, metadata=metadata)).advisories
    assert (first.package, second.package, first.severity) == ("a", "b", Severity.CRITICAL)


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize(
    "content", [None, b"", b"{}", b"[]", b"junk", b"[" * 100_000, b'{"a": NaN}', b" " * (LIMIT_BYTES + 1), b"\xff\xfe"]
)
def test_a_missing_or_broken_report_is_a_failure_and_never_a_pass(name: str, content: bytes | None) -> None:
    broken = result(name, content, severity="critical")
    assert broken.outcome == "failed"
    assert broken.reason.endswith(".")


@pytest.mark.parametrize(
    ("read", "content", "told"),
    [
        (read_npm_audit, b'{"message": "405 Method Not Allowed", "error": {"summary": ""}}', "405 Method Not Allowed"),
        (read_npm_audit, b'{"actions": [], "advisories": {}, "metadata": {"vulnerabilities": {}}}', "version 2"),
        (read_npm_audit, npm("high", metadata={"vulnerabilities": {"total": 3}, "dependencies": {"total": 9}}), "3"),
        (read_npm_audit, npm(metadata={"vulnerabilities": {"total": True}, "dependencies": {"total": 9}}), "True"),
        (read_pip_audit, b'{"dependencies": [{"version": "1"}]}', "by name"),
        (read_pip_audit, b'{"dependencies": [{"name": "flask"}]}', "flask"),
        (read_pip_audit, pip("PYSEC-1"), "flask"),
        (read_lighthouse, page(score=1.2), "impossible"),
        (read_lighthouse, b'{"lighthouseVersion": "13", "audits": []}', "no audits"),
    ],
)
def test_what_is_no_such_report_is_refused_with_its_reason(read: Any, content: bytes, told: str) -> None:
    with pytest.raises(Garbled, match=told):
        read(content)


@given(st.sampled_from([LIGHTHOUSE, NPM, PIP]), st.integers(0, 3000), st.binary(max_size=4))
def test_a_report_with_a_few_bytes_changed_is_read_or_refused(content: bytes, at: int, change: bytes) -> None:
    for name in KEYS:
        assert result(name, content[:at] + change + content[at + len(change) :]).outcome in {
            "passed",
            "warning",
            "failed",
        }


@given(st.lists(st.sampled_from(list(Severity)), max_size=8), st.sampled_from(list(Severity)))
def test_one_more_advisory_never_makes_an_audit_better(severities: list[Severity], more: Severity) -> None:
    rank = ["passed", "warning", "failed"]
    before, after = (result("npm audit", npm(*found), 1).outcome for found in (severities, [*severities, more]))
    assert rank.index(after) >= rank.index(before) or not severities


def test_a_flood_of_advisories_is_counted_but_not_repeated() -> None:
    flood = result("npm audit", npm(*["high", "low"] * 15_000), exit_code=1)
    assert flood.reason == "15000 advisories of severity high or worse."
    assert (len(flood.failures), flood.failures[-1]) == (21, "and 14980 more")
    assert (len(flood.remarks), flood.remarks[-1]) == (21, "and 14980 more")


def test_the_policy_of_an_audit_has_the_missions_defaults() -> None:
    policy = AdvisoryPolicy()
    assert (policy.fail_from, policy.unknown) == (Severity.HIGH, Severity.HIGH)


@pytest.mark.parametrize(
    ("kind", "critical"),
    [("unit", True), ("e2e", True), ("security", True), ("lint", True), ("performance", False)],
)
def test_a_suite_without_a_severity_has_that_of_its_kind(kind: str, critical: bool) -> None:
    assert Suite.model_validate({"kind": kind, "command": ["x"]}).critical is critical
    assert Suite.model_validate({"kind": kind, "command": ["x"], "severity": "critical"}).critical
    assert not Suite.model_validate({"kind": kind, "command": ["x"], "severity": "warning"}).critical


@pytest.mark.parametrize(
    ("figure", "text", "met"),
    [
        (Figure("LCP", 2710.25, "ms", at_most=2500), "LCP 2710.25 ms (at most 2500)", False),
        (Figure("score", 70, at_least=70), "score 70 (at least 70)", True),
        (Figure("moderate", 3), "moderate 3", True),
    ],
)
def test_a_figure_tells_its_number_and_its_limit(figure: Figure, text: str, met: bool) -> None:
    assert (str(figure), figure.met) == (text, met)


def test_the_numbers_of_two_audits_in_one_suite_are_told_apart() -> None:
    both = suite("npm audit", pip_audit="other.json")
    evidence = Evidence(1, reports={"npm audit": npm("moderate"), "pip-audit": pip()})
    names = [figure.name for figure in judged("audits", both, evidence, TODAY).figures]
    wanted = ["npm audit critical", "npm audit high", "npm audit moderate", "pip-audit critical", "pip-audit high"]
    assert names == wanted
