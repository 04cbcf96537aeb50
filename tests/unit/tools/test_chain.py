"""The chain of the audit, attacked by hand: whatever is done to it is found, with the first entry that is wrong."""

from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.history.chain import Entry, Examination, Fault, Head, seal_of

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
LENGTH = 9
TEXTS = ("at", "kind", "action", "outcome", "person", "workspace", "door", "service", "environment", "release")
Chain = list[Entry]


def chained(length: int = LENGTH, *, key: bytes = KEY, previous: str = "begin") -> Chain:
    chain: Chain = []
    for number in range(1, length + 1):
        bare = Entry(
            number=number,
            at=f"2026-11-21T12:00:{number % 60:02d}.000+00:00",
            kind="decision",
            action="vote",
            outcome="approved",
            person=f"U{number}",
            workspace="T0",
            door="slack",
            service="observer",
            environment="production",
            release=f"r{number}",
            digest="d" * 64,
            detail="{}",
            previous=previous,
        )
        chain.append(replace(bare, seal=seal_of(key, bare)))
        previous = chain[-1].seal
    return chain


def examined(chain: Chain, head: Head | None, *expected: Head, key: bytes = KEY) -> Fault | None:
    examination = Examination(key, head, expected)
    for entry in sorted(chain, key=attrgetter("number")):
        examination.take(entry)
    return examination.end()


def head_of(chain: Chain) -> Head:
    return Head(chain[-1].number, chain[-1].seal)


def edited(chain: Chain) -> Chain:
    return [replace(entry, person="U0EVE") if entry.number == 5 else entry for entry in chain]


def deleted(chain: Chain) -> Chain:
    return [entry for entry in chain if entry.number != 5]


def deleted_and_renumbered(chain: Chain) -> Chain:
    rest = [entry for entry in chain if entry.number != 5]
    return [replace(entry, number=place) for place, entry in enumerate(rest, start=1)]


def without_the_first(chain: Chain) -> Chain:
    return chain[1:]


def swapped(chain: Chain) -> Chain:
    place = {5: 6, 6: 5}
    return [replace(entry, number=place.get(entry.number, entry.number)) for entry in chain]


def duplicated(chain: Chain) -> Chain:
    return [*chain, replace(chain[4], number=LENGTH + 1)]


def inserted(chain: Chain) -> Chain:
    later = [replace(entry, number=entry.number + 1) if entry.number >= 5 else entry for entry in chain]
    return [*later, replace(chain[0], number=5)]


def below_the_first(chain: Chain) -> Chain:
    return [replace(chain[0], number=0), *chain]


def cut_off(chain: Chain) -> Chain:
    return chain[:4]


def emptied(_chain: Chain) -> Chain:
    return []


def forged_with_another_key(chain: Chain) -> Chain:
    forged = chain[:4]
    for entry in chain[4:]:
        bare = replace(entry, person="U0EVE", previous=forged[-1].seal)
        forged.append(replace(bare, seal=seal_of(OTHER_KEY, bare)))
    return forged


def of_another_database(_chain: Chain) -> Chain:
    return chained(key=OTHER_KEY)


def mixed_with_another_chain_of_the_same_key(chain: Chain) -> Chain:
    return [*chain[:4], *chained(previous="elsewhere")[4:]]


def rewritten_from_an_older_state_by_the_bot_itself(chain: Chain) -> Chain:
    return [*chain[:4], *_continued(chain[:4], LENGTH)]


def _continued(chain: Chain, length: int) -> Chain:
    added: Chain = []
    last = chain[-1]
    for number in range(last.number + 1, length + 1):
        bare = replace(last, number=number, person="U0LATER", previous=last.seal)
        last = replace(bare, seal=seal_of(KEY, bare))
        added.append(last)
    return added


@pytest.mark.parametrize(
    ("attack", "code", "number"),
    [
        (edited, "changed", 5),
        (deleted, "missing", 5),
        (deleted_and_renumbered, "moved", 5),
        (without_the_first, "missing", 1),
        (swapped, "moved", 5),
        (duplicated, "moved", LENGTH + 1),
        (inserted, "moved", 5),
        (below_the_first, "inserted", 0),
        (cut_off, "cut-off", 5),
        (emptied, "cut-off", 1),
        (forged_with_another_key, "changed", 5),
        (of_another_database, "another-key", 1),
        (mixed_with_another_chain_of_the_same_key, "inserted", 5),
        (rewritten_from_an_older_state_by_the_bot_itself, "replaced", LENGTH),
    ],
)
def test_an_attack_on_the_chain_is_found_with_the_first_entry_that_is_wrong(
    attack: Callable[[Chain], Chain], code: str, number: int
) -> None:
    chain = chained()
    assert examined(chain, head_of(chain)) is None
    fault = examined(attack(chain), head_of(chain))
    assert fault is not None
    assert (fault.code, fault.number) == (code, number), fault.told


@given(number=st.integers(1, LENGTH), name=st.sampled_from(TEXTS), text=st.text(max_size=20))
def test_no_word_of_any_entry_can_be_another_one(number: int, name: str, text: str) -> None:
    chain = chained()
    other: dict[str, Any] = {name: text}
    spoilt = [replace(entry, **other) if entry.number == number else entry for entry in chain]
    fault = examined(spoilt, head_of(chain))
    assert (spoilt == chain) == (fault is None)
    assert fault is None or (fault.code, fault.number) == ("changed", number)


@given(st.lists(st.integers(0, LENGTH - 1), max_size=LENGTH))
def test_no_selection_of_entries_passes_for_the_whole(kept: list[int]) -> None:
    chain = chained()
    selection = [replace(chain[place], number=number) for number, place in enumerate(kept, start=1)]
    assert (examined(selection, head_of(chain)) is None) == (selection == chain)


def test_an_empty_chain_that_never_had_an_entry_has_nothing_to_prove() -> None:
    assert examined([], Head(0, "0" * 64)) is None


def test_a_chain_without_its_head_is_told_since_its_end_may_be_cut_off() -> None:
    fault = examined(chained()[:4], None)
    assert fault is not None
    assert fault.code == "no-head"


def test_an_end_cut_off_together_with_the_head_is_found_by_what_was_told_elsewhere() -> None:
    chain = chained()
    short = chain[:4]
    assert examined(short, head_of(short)) is None
    fault = examined(short, head_of(short), Head(LENGTH, chain[-1].seal[:16]))
    assert fault is not None
    assert (fault.code, fault.number) == ("contradicted", 5)
    assert "the number is not of this database, or the history was rewritten" in fault.told


def test_a_chain_written_anew_with_the_stolen_key_is_found_by_what_was_told_elsewhere() -> None:
    told, forged = chained(), chained(previous="anew")
    assert examined(forged, head_of(forged)) is None
    fault = examined(forged, head_of(forged), Head(7, told[6].seal[:16]))
    assert fault is not None
    assert (fault.code, fault.number) == ("contradicted", 7)


def test_entries_that_came_after_the_head_was_written_are_no_fault() -> None:
    chain = chained()
    assert examined(chain, head_of(chain[:6])) is None
