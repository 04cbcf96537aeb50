"""P17: no YAML text takes a reader's time, memory or process away."""

import time

import pytest
import yaml

from config.document import read_document
from config.yaml_bounds import DEEPEST, MOST_VALUES, beyond_bounds, plain_values

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
TOO_MUCH = {
    "brackets": "[" * 100_000,
    "closed brackets": "[" * 100_000 + "]" * 100_000,
    "braces": "{" * 3_000,
    "mappings": '{"a":' * 3_000,
    "dashes": "- " * 3_000 + "x",
    "indentation": "".join(f"{' ' * level}a:\n" for level in range(400)),
    "billion laughs": LAUGHS,
    "an alias to itself": "&a [*a, *a]",
    "a key of itself": "&a {b: *a}",
    "length": "x" * 3_000_000,
    "in a grammar that libyaml refuses": "{ a :" * 2_000 + "}" * 2_000,
    "behind what libyaml refuses": "a: b\n\x7f: c\n" + "[" * 100_000,
}


@pytest.mark.parametrize("text", TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_would_take_a_reader_away_is_refused_at_once(text: str) -> None:
    began = time.process_time()
    assert beyond_bounds(text) or "\x7f" in text
    assert beyond_bounds(text.encode()) or "\x7f" in text
    document = read_document(text.encode())
    assert document.content is None or document.objections
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: b",
        "base: &base {a: 1}\nother: {<<: *base, b: 2}",
        "&a [1]\n---\n*a",
        "[" * (DEEPEST - 2) + "]" * (DEEPEST - 2),
        "a: [" + "x, " * 10_000 + "x]",
        "not: [yaml",
    ],
)
def test_everything_that_people_write_may_be_read(text: str) -> None:
    assert beyond_bounds(text) == ""


def test_the_bounds_say_which_was_crossed() -> None:
    assert beyond_bounds(TOO_MUCH["brackets"]) == f"it is nested more than {DEEPEST} levels deep"
    assert str(MOST_VALUES) in beyond_bounds(LAUGHS)


@pytest.mark.parametrize(
    "text",
    [
        "!!timestamp 0",
        "2026-99-99",
        "!!int x",
        "!!float x",
        "!!bool x",
        "? [a]\n: b",
        "!!python/name:os.system x",
        "[",
        "!!binary x",
    ],
)
def test_a_value_that_is_none_of_its_kind_is_refused_by_every_reader(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        plain_values(text)
    read_document(text.encode())


def test_a_name_that_is_given_twice_means_the_newer_place() -> None:
    document = read_document(b"a: &x 1\nb: &x 2\nc: *x\n")
    assert (document.content, document.objections) == ({"a": 1, "b": 2, "c": 2}, [])
