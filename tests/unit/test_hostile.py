"""P17: no reader of foreign input is ended, held up or talked over by what it reads.

`./shipmate bench fuzz` tries the same with new texts, for as long as one likes.
"""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardrails.secrets import secret_uses
from tests.hostile.chase import fault
from tests.hostile.mutation import spoilt
from tests.hostile.reader import Reader
from tests.hostile.readers import READERS


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(number=st.integers(0, 2**63))
def test_a_spoilt_text_is_read_or_refused(reader: Reader, number: int) -> None:
    assert fault(reader, spoilt(reader.seeds, number)) == ""


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_what_a_reader_begins_with_is_read(reader: Reader) -> None:
    for seed in reader.seeds:
        reader.read(seed)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize(
    "text", [b"", b"\0", b"\xff\xfe", b"[" * 50_000, b'{"a":' * 10_000, b"<" * 20_000, b"\n" * 20_000]
)
def test_what_has_broken_readers_before_is_read_or_refused(reader: Reader, text: bytes) -> None:
    assert fault(reader, text) == ""


@pytest.mark.parametrize("path", ["a.ini", "a.toml", "compose.yml", "change.diff"])
@pytest.mark.parametrize("piece", [" ", "[", "[a ", "]", "- ", ": "])
def test_a_line_of_one_kind_costs_no_more_than_its_length(path: str, piece: str) -> None:
    began = time.process_time()
    secret_uses(path, f"+{piece * (30_000 // len(piece))}!\n{piece * (30_000 // len(piece))}@@ x: 1")
    assert time.process_time() - began < 2
