"""P17: no reader of foreign input is ended, held up or talked over by what it reads.

`./shipmate bench fuzz` tries the same with new texts, for as long as one likes.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
