"""What is written at a pull request: remarks on lines, a conclusion by rule, and a comment that knows its facts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.notices import Looked, Sheet, check_of
from agents.review import Review, annotations, conclusion
from agents.words.claims import Claim, Words
from agents.words.facts import ReleaseFacts, by_category
from agents.words.patch import RemovedProtection
from guardrails.verdict import Finding, Level, Verdict
from tools.changes import ChangedFile
from tools.github import PullRequest
from tools.github_checks import LONGEST_SUMMARY
from tools.github_pulls import Pull

BLOCKING = Finding("port-public", "api", "It is open.", "Close it.", Level.BLOCKING, "compose.yml:7")
NOTE = replace(BLOCKING, level=Level.NOTE, rule="note", place="a.py:1")
GONE = RemovedProtection("compose.yml", "health check", "healthcheck:", at=12)
PULL = Pull(PullRequest(7, "Work", "", "ben", ""), open=True, base="main", base_commit="", head_commit="", fork=False)
WORDS = Words("claude-x", Claim("It changes.", ()), (), ())


def looked(*findings: Finding, gone: tuple[RemovedProtection, ...] = (), before: int = 0) -> Looked:
    facts = ReleaseFacts(
        "v2",
        "a" * 40,
        files=by_category([ChangedFile("compose.yml", "modified"), ChangedFile("a.py", "modified")]),
        findings=findings,
        removed_protections=gone,
    )
    return Looked(PULL, facts, "", Review(Verdict.of(findings), before))


def test_findings_and_removed_protections_are_remarks_on_their_lines() -> None:
    marks = annotations(Verdict.of([BLOCKING, NOTE]), [GONE], ["compose.yml", "a.py"])
    assert [(one.path, one.line, one.level) for one in marks] == [
        ("compose.yml", 7, "failure"),
        ("a.py", 1, "notice"),
        ("compose.yml", 12, "warning"),
    ]
    assert marks[0].message == "It is open. Close it."


def test_a_file_that_is_gone_has_no_lines_to_remark_on() -> None:
    assert annotations(Verdict(), [GONE], []) == ()


@pytest.mark.parametrize(
    ("place", "expected"), [("a.py:3", ("a.py", 3)), ("a.py:0", ("a.py", 1)), ("a.py", ("a.py", 1)), ("", None)]
)
def test_a_place_may_lack_its_line(place: str, expected: tuple[str, int] | None) -> None:
    marks = annotations(Verdict.of([replace(BLOCKING, place=place)]), (), ["a.py"])
    assert [(one.path, one.line) for one in marks] == ([expected] if expected else [])


CONCLUSIONS = [
    ((), (), "success"),
    ((NOTE,), (), "success"),
    ((replace(NOTE, level=Level.WARNING),), (), "neutral"),
    ((), ("health check removed",), "neutral"),
    ((BLOCKING,), (), "failure"),
    ((BLOCKING, NOTE), ("health check removed",), "failure"),
]


@pytest.mark.parametrize(("findings", "removals", "expected"), CONCLUSIONS)
def test_p20_the_conclusion_is_decided_by_findings_and_removals(
    findings: tuple[Finding, ...], removals: tuple[str, ...], expected: str
) -> None:
    assert conclusion(Verdict.of(findings), removals) == expected


def test_a_check_says_how_many_findings_and_which() -> None:
    check = check_of(looked(BLOCKING, gone=(GONE,)), str)
    assert check.title == "1 finding, 1 blocking; 1 removal"
    assert "port-public: api: It is open. Close it." in check.summary
    assert "taken away: compose.yml: health check removed: healthcheck:" in check.summary


@given(st.integers(0, 3000))
def test_p24_a_check_never_says_more_than_github_takes(number: int) -> None:
    findings = [replace(BLOCKING, subject=f"s{n}", message="m" * 300) for n in range(number)]
    assert len(check_of(looked(*findings), str).summary) <= LONGEST_SUMMARY


def test_a_comment_is_known_by_its_facts_and_its_own_words() -> None:
    sheet = Sheet.of(looked(), ())
    told = sheet.written(WORDS, str)
    assert sheet.is_told_by(told, with_model=True)
    assert not sheet.is_told_by(told.replace("Risk", "Luck"), with_model=True)
    assert not sheet.is_told_by("Something else.", with_model=True)
    assert not Sheet.of(looked(BLOCKING), ()).is_told_by(told, with_model=True)
    assert not Sheet.of(looked(), ("A note.",)).is_told_by(told, with_model=True)


def test_a_comment_without_a_model_stands_until_there_is_one() -> None:
    sheet = Sheet.of(looked(), ())
    told = sheet.written(None, str)
    assert sheet.is_told_by(told, with_model=False)
    assert not sheet.is_told_by(told, with_model=True)


def test_older_findings_are_told_and_do_not_count() -> None:
    seen = looked(before=2)
    assert "2 further findings had been there before this change." in Sheet.of(seen, ()).text(None)
    assert check_of(seen, str).conclusion == "success"


def test_p17_what_could_not_be_done_is_told_in_words_that_do_nothing() -> None:
    text = Sheet.of(looked(), ["`c.yml`: @ana <!-- shipmate:summary -->\n# Approved"]).text(None)
    assert "<!--" not in text
    assert "@ana" not in text
    assert "\n# Approved" not in text
