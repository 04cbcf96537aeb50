"""Whether a host has room for a release, before anybody approves (P11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.room import ARRIVING, UNPACKED, Disk, archive_bytes, fault_of, images_bytes

SIZES = st.integers(0, 10**12)


@pytest.mark.parametrize(("free", "roomy"), [(60, False), (61, True), (0, False)])
def test_room_is_more_than_what_comes_and_what_must_stay_free(free: int, roomy: bool) -> None:
    assert Disk(("/srv",), free, images_bytes=20, archive_bytes=30).has_room(10) is roomy


def test_what_is_missing_is_told_with_its_place_and_what_for() -> None:
    gib = 1024**3
    disk = Disk(("/srv/app", "/var/lib/docker"), gib, images_bytes=gib, archive_bytes=2 * gib)
    assert fault_of([disk, Disk(("/big",), 9 * gib)], gib) == (
        "1.00 GiB free in /srv/app and /var/lib/docker, more than 4.00 GiB needed "
        "(1.00 GiB for images, 2.00 GiB for archives, 1.00 GiB to stay free)"
    )


def test_an_image_that_is_there_needs_nothing_and_no_archive_needs_nothing() -> None:
    assert images_bytes([0, 0]) == 0
    assert archive_bytes([100, 200], keep=0) == 0
    assert archive_bytes([100, 200], keep=3) == 300 * UNPACKED
    assert images_bytes([100]) == 100 * ARRIVING


@given(SIZES, SIZES, SIZES, SIZES)
def test_a_smaller_need_never_takes_room_away(free: int, images: int, archives: int, minimum: int) -> None:
    """P20: less to write never closes what was open."""
    if Disk((), free, images, archives).has_room(minimum):
        assert Disk((), free, images // 2, archives // 2).has_room(minimum)
        assert not fault_of([Disk((), free, images, archives)], minimum)
