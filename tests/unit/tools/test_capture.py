from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tools.capture import Capture, Ended


@given(st.lists(st.binary(max_size=50), max_size=20), st.integers(min_value=2, max_value=200))
def test_output_within_the_limit_is_kept_whole_and_beyond_it_keeps_both_ends(chunks: list[bytes], limit: int) -> None:
    capture, whole = Capture(limit), b"".join(chunks)
    for chunk in chunks:
        capture.feed(chunk)
    kept = capture.content()
    if len(whole) <= limit:
        assert (kept, capture.dropped_bytes) == (whole, 0)
    else:
        assert capture.dropped_bytes == len(whole) - limit
        assert kept.startswith(whole[: limit // 2])
        assert kept.endswith(whole[-(limit - limit // 2) :])
        assert f"[... {capture.dropped_bytes} bytes left out ...]".encode() in kept


def test_output_that_is_not_text_is_shown_as_far_as_it_goes() -> None:
    ended = Ended(0, b"a\xffb", b"", timedelta(), cut=False)
    assert ended.decoded(("x",)).stdout == "a\N{REPLACEMENT CHARACTER}b"
