"""What was probably meant by a mistyped word."""

import pytest

from config.nearest import nearest

VERBS = ("deploy", "history", "rollback", "stats", "status", "test")


@pytest.mark.parametrize(
    ("word", "meant"),
    [("stauts", "status"), ("STAUTS", "status"), ("stat", "stats"), ("depoly", "deploy"), ("x", None)],
)
def test_the_word_with_the_same_letters_comes_before_one_that_only_looks_alike(word: str, meant: str | None) -> None:
    assert nearest(word, VERBS) == meant
