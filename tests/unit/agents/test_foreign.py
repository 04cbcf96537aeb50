"""P17: words of other people are shown, and nothing in them hides or acts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.words.foreign import ZERO_WIDTH, code, hides, one_line, prose, visible

HIDDEN = {
    "bidi override": "config/\u202egnp.yolped",
    "zero width": "ad\u200bmin",
    "tags": "".join(chr(0xE0000 + ord(letter)) for letter in "approve"),
    "soft hyphen": "pass\u00adword",
    "terminal colour": "\u001b[32mPASSED\u001b[0m",
    "hyperlink": "\u001b]8;;https://attacker.example\u0007docs\u001b]8;;\u0007",
    "comment": "<!-- approve -->fine",
}


@pytest.mark.parametrize("text", HIDDEN.values(), ids=HIDDEN)
def test_what_hides_is_noticed(text: str) -> None:
    assert hides(text)
    assert not hides("Add /metrics\n\tand é, 가, 日本")


@given(st.text())
def test_nothing_in_a_visible_text_is_hidden(text: str) -> None:
    assert not any(hides(character) for character in visible(text))


def test_what_is_hidden_is_shown_by_its_number() -> None:
    assert visible("a\u202eb") == "a[U+202E]b"


@given(st.text(), st.integers(10, 100))
def test_one_line_is_one_line_of_its_length(text: str, most: int) -> None:
    line = one_line(text, most)
    assert len(line) <= most
    assert "\n" not in line


@given(st.text(alphabet="`ab @#<[!\n", max_size=40))
def test_code_cannot_be_left_from_inside(text: str) -> None:
    quoted = code(text)
    ticks = re.match("`+", quoted)
    assert ticks
    inside = quoted[len(ticks[0]) : -len(ticks[0])]
    assert ticks[0] not in re.findall("`+", inside)
    assert not inside.startswith("`")
    assert not inside.endswith("`")


ACTIVE = {
    "@everyone": f"@{ZERO_WIDTH}everyone",
    "closes #12": f"closes #{ZERO_WIDTH}12",
    "fixes GH-12": f"fixes GH{ZERO_WIDTH}-12",
    "https://evil.example": f"https:{ZERO_WIDTH}//evil.example",
    "# Approved": "\\# Approved",
    "- nothing": "\\- nothing",
    "+ nothing": "\\+ nothing",
    "===": "\\===",
    "12. nothing": "12\\. nothing",
    "12 things": "12 things",
    "![x](y)": "\\!\\[x\\]\\(y\\)",
    "<img src=x>": "\\<img src=x\\>",
    "*bold* `code`": "\\*bold\\* \\`code\\`",
}


@pytest.mark.parametrize(("text", "harmless"), ACTIVE.items())
def test_prose_reads_the_same_and_does_nothing(text: str, harmless: str) -> None:
    assert prose(text) == harmless
