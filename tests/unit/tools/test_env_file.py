"""An env file is read as compose reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.env_file import settings_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1\n\n# B=2\n  export C=3", [("A", "1"), ("C", "3")]),
        ("A=q # note", [("A", "q")]),
        ("A= # note", [("A", "")]),
        ("A=a#b", [("A", "a#b")]),
        ('A="a # b" # note', [("A", "a # b")]),
        ("A: yaml\nB = blank", [("A", "yaml"), ("B", "blank")]),
        ('A="one\ntwo"\nB=3', [("A", "one\ntwo"), ("B", "3")]),
        ("A='one\nB=2'\nC=3", [("A", "one\nB=2"), ("C", "3")]),
        (r'A="a\tb\"c"', [("A", 'a\tb"c')]),
        (r"A='a\tb'", [("A", r"a\tb")]),
        ("A=1\nB=$A-${A}-$C\nD='$A'", [("A", "1"), ("B", "1-1-$C"), ("D", "$A")]),
        ("A=1\r\nB=2\r\n", [("A", "1"), ("B", "2")]),
        ('A="open\nB=2', [("A", '"open'), ("B", "2")]),
        ("no setting\nA=", [("A", "")]),
    ],
)
def test_names_and_values_are_those_that_compose_hands_to_the_service(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert list(settings_of(text)) == expected


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert all(name for name, _ in settings_of(text))


def test_a_byte_order_mark_hides_no_setting() -> None:
    assert settings_of("\ufeffDB_PASSWORD=x\r\nA=1") == (("DB_PASSWORD", "x"), ("A", "1"))
