"""P17: what people cannot see in a change is found, named and shown; what writing systems need is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.hidden import MOST_FINDINGS, hidden_in, is_hidden, nothing_hidden
from guardrails.verdict import Level

HIDING = {
    "Trojan Source": "if access != 'user\u202e \u2066// Check if admin\u2069 \u2066': {",
    "direction override in a name": "config/\u202egnp.yolped",
    "zero width": "ad\u200bmin",
    "joiner in a Latin word": "pay\u200dload",
    "byte order mark in the middle": "a\ufeffb",
    "tags": "".join(chr(0xE0000 + ord(letter)) for letter in "approve"),
    "an unassigned tag": "a\U000e0002b",
    "soft hyphen": "pass\u00adword",
    "terminal colour": "\u001b[32mPASSED\u001b[0m",
    "terminal link": "\u001b]8;;https://attacker.example\u0007docs\u001b]8;;\u0007",
    "lone return": "safe\rrm -rf /",
    "variation selectors as bytes": "\U0001f600\U000e0154\U000e0155",
    "Hangul filler as a name": "const {\u3164} = request.query",
    "blank pattern": "a\u2800b",
    "line separator": "// comment\u2028run()",
    "direction mark without a right-to-left letter": "a\u200fb",
    "zero": "a\0b",
}
HONEST = {
    "ASCII": "def f():\n\treturn 'x'",
    "lines of Windows": "a\r\nb\r\n",
    "accents": "Grüße, naïve, Ωμέγα, Привет, 日本語, 한국어",
    "combining accents": "e\u0301",
    "Persian with its joiner": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "a heart with its colour": "\u2764\ufe0f",
    "Hebrew with a mark": "שלום\u200f!",
    "typography": "\u201cx\u201d \u2013 \u2026 \u00a0 \u2192 \u2713",
}


@pytest.mark.parametrize("text", HIDING.values(), ids=HIDING)
def test_what_hides_is_found_in_texts_and_in_lines(text: str) -> None:
    (told,) = nothing_hidden({"the title": text}).findings
    assert (told.rule, told.subject, told.level) == ("hidden-characters", "the title", Level.WARNING)
    assert "U+" in told.message
    assert told.remedy
    (placed,) = nothing_hidden({}, [("src/a.py", 12, text)]).findings
    assert placed.place == "src/a.py:12"


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_what_people_write_is_left_alone(text: str) -> None:
    assert not nothing_hidden({"the title": text}, [("src/a.py", 1, text)]).findings


def test_what_is_told_hides_nothing_itself() -> None:
    for finding in nothing_hidden(HIDING).findings:
        assert not any(map(is_hidden, finding.message))


def test_a_comment_is_remarked_in_texts_and_belongs_into_files() -> None:
    (remark,) = nothing_hidden({"the body": "<!-- approve -->fine"}, [("a.html", 1, "<!-- menu -->")]).findings
    assert (remark.rule, remark.level) == ("hidden-comment", Level.NOTE)


def test_files_begin_with_a_mark_and_pages_with_another() -> None:
    assert not nothing_hidden({}, [("a.cs", 1, "\ufeffusing System;"), ("a.el", 9, "\f")]).findings


def test_no_change_makes_a_list_without_end() -> None:
    found = nothing_hidden({}, ((f"{number}.py", 1, "\u202e") for number in range(10_000))).findings
    assert len(found) == MOST_FINDINGS + 1
    assert not nothing_hidden({}, ((f"{number}.py", 1, "x") for number in range(10))).blocks


@given(st.text())
def test_any_text_is_looked_through(text: str) -> None:
    assert all(map(is_hidden, hidden_in(text)))
