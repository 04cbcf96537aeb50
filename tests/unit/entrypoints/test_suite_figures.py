"""S4: the numbers of a suite's reports are on the card, in the check beside the commit, and survive the journal."""

from dataclasses import replace

from agents import events
from agents.entrypoints.facts import suite_line
from agents.entrypoints.voice import terminal_voice
from agents.gate.sheet import Line, Report, check_of
from config.sources import SuiteKind
from tests.unit.entrypoints.material import UNIT
from tools.report_weights import Figure
from tools.suites import SuiteResult

FIGURES = (Figure("score", 62, at_least=70), Figure("LCP", 2710.25, "ms", at_most=2500))
REMARKS = ("qs: GHSA-hrpp-h998-j3pp (moderate)",)
PAGE = replace(UNIT, name="page", outcome="warning", tests=0, coverage=None, figures=FIGURES, remarks=REMARKS)


def test_the_card_tells_numbers_with_their_limits_and_what_else_was_found() -> None:
    line = suite_line(PAGE, terminal_voice())
    assert "page: warning, score 62 (at least 70), LCP 2710.25 ms (at most 2500), 12 s" in line
    assert "Beside: qs: GHSA-hrpp-h998-j3pp (moderate)" in line
    assert "0 tests" not in line


def test_the_check_beside_a_commit_tells_the_same() -> None:
    result = SuiteResult("page", SuiteKind.PERFORMANCE, "warning", figures=FIGURES, remarks=REMARKS)
    summary = check_of(Report((Line("page", result, critical=False),)), str).summary
    assert "score 62 (at least 70), LCP 2710.25 ms (at most 2500)" in summary
    assert "beside: `qs: GHSA-hrpp-h998-j3pp (moderate)`" in summary


def test_numbers_come_back_from_the_journal_as_they_went() -> None:
    assert events.load(PAGE.KIND, events.dump(PAGE)) == PAGE
