"""Foreign text in our sentences: it never becomes markup, a ping, a link or another line."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.entrypoints.voice import CUT, flat, slack_escaped, visible
from tests.emulators.slack.rendering import mentions
from tests.unit.entrypoints.material import SLACK, TERMINAL


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("<!channel> <@U0HANA>", "&lt;!channel&gt; &lt;@U0HANA&gt;"),
        ("<https://evil|Approve here>", "&lt;https://evil|Approve here&gt;"),
        ("first\nsecond\r\nthird", "first second third"),
        ("```\nGate: passed", "''' Gate: passed"),
        (":white_check_mark: passed", ": white_check_mark: passed"),
        ("T09:13:05, :100: and :+1:", "T09:13:05, : 100: and : +1:"),
        ("abc\u202edef", "abc&lt;U+202E&gt;def"),
        ("\x1b[31mred", "&lt;U+001B&gt;[31mred"),
        ("zero\u200bwidth", "zero&lt;U+200B&gt;width"),
    ],
)
def test_in_slack_foreign_text_stays_text(foreign: str, shown: str) -> None:
    assert SLACK.say("{x}", x=foreign) == shown


def test_in_a_terminal_foreign_text_cannot_move_the_cursor() -> None:
    assert TERMINAL.say("{x}", x="\x1b[2J\rall passed\x07") == "<U+001B>[2J all passed<U+0007>"


def test_people_are_called_in_slack_and_named_in_a_terminal() -> None:
    assert SLACK.say("{p:who}", p="U0ANA") == "<@U0ANA>"
    assert SLACK.say("{p:who}", p="terminal:ana") == "ana (terminal)"
    assert SLACK.say("{p:who}", p="<!channel>") == "&lt;!channel&gt;"
    assert TERMINAL.say("{p:who}", p="U0ANA") == "U0ANA"


def test_a_moment_is_shown_in_the_readers_own_time_zone_with_utc_as_fallback() -> None:
    told = SLACK.say("{t:when}", t="2026-02-06T12:00:00+00:00")
    assert told == "<!date^1770379200^{date_short_pretty} {time}|2026-02-06 12:00 UTC>"
    assert TERMINAL.say("{t:when}", t="2026-02-06T12:00:00") == "2026-02-06 12:00 UTC"
    assert TERMINAL.say("{t:when}", t="soon") == "soon"


def test_code_keeps_backticks_from_ending_it() -> None:
    assert SLACK.say("{x:code}", x="a`*b*`c") == "`a'*b*'c`"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("src/observer/__init__.py changed", "`src/observer/__init__.py` changed"),
        ("(__main__.py), and more", "(`__main__.py`), and more"),
        ("__init__", "`__init__`"),
        ("snake_case __half", "snake_case __half"),
    ],
)
def test_a_name_with_underscores_around_it_keeps_them(said: str, shown: str) -> None:
    assert SLACK.say("{name}", name=said) == shown
    assert SLACK.say("{name:code}", name=said) == f"`{said}`"
    assert TERMINAL.say("{name}", name=said) == said


def test_inside_a_fence_nothing_is_marked() -> None:
    line = SLACK.unmarked.say("{line} {id:code}", line='File "/app/__main__.py" & more', id="r1")
    assert line == 'File "/app/__main__.py" &amp; more r1'


def test_values_are_never_read_as_templates() -> None:
    assert TERMINAL.say("{x} {y}", x="{y}", y="{0}") == "{y} {0}"


@given(st.text(), st.integers(min_value=len(CUT), max_value=400))
def test_escaped_text_keeps_its_limit_calls_nobody_and_says_that_it_was_cut(foreign: str, limit: int) -> None:
    shown = slack_escaped(flat(foreign), limit)
    assert len(shown) <= limit
    assert mentions(shown) == []
    assert "<" not in shown
    assert "\n" not in shown
    assert shown.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").count("&") == 0
    whole = slack_escaped(flat(foreign), 10**6)
    assert shown == whole or shown.endswith(CUT)


@given(st.text())
def test_nothing_invisible_stays_invisible(foreign: str) -> None:
    shown = visible(foreign).replace("\n", "")
    assert all(unicodedata.category(mark)[0] != "C" for mark in shown)
