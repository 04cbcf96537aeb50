"""P10 the way back is proved first: what a rollback needs never leaves the host."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.pruning import useless
from tools.host_images import HostImage

APP, OTHER = "ghcr.io/acme/app", "ghcr.io/acme/other"


def image(number: int, *tags: str, of: str = APP) -> HostImage:
    return HostImage(f"sha256:{number}", (f"{of}@sha256:d{number}",), tuple(f"{of}:{tag}" for tag in tags))


OLD, BEFORE, NOW, UNTAGGED = image(1, "a1", "a1-linux-amd64"), image(2, "b2"), image(3, "c3"), image(4)


def test_what_nobody_needs_goes_by_every_name_it_has() -> None:
    assert useless([OLD, UNTAGGED], APP, used=(), needed=()) == [
        f"{APP}:a1",
        f"{APP}:a1-linux-amd64",
        f"{APP}@sha256:d1",
        f"{APP}@sha256:d4",
    ]


@pytest.mark.parametrize(
    ("used", "needed"),
    [({"sha256:2"}, ()), ((), {f"{APP}:b2"}), ((), {f"{APP}@sha256:d2"})],
    ids=["a container was made from it", "its tag", "its digest"],
)
def test_what_is_needed_stays_with_all_its_names(used: set[str], needed: set[str]) -> None:
    assert useless([BEFORE], APP, used, needed) == []


def test_what_came_through_a_tunnel_is_known_by_its_mark() -> None:
    shipped = HostImage("sha256:1", (), (f"{APP}:sha256-{'a' * 64}",))
    assert useless([shipped], APP, used=(), needed={f"{APP}@sha256:{'a' * 64}"}) == []
    assert useless([shipped], APP, used=(), needed={f"{APP}@sha256:{'b' * 64}"}) == [f"{APP}:sha256-{'a' * 64}"]


def test_names_in_other_repositories_are_left_alone() -> None:
    shared = HostImage("sha256:1", (f"{OTHER}@sha256:d1",), (f"{APP}:a1", f"{OTHER}:x"))
    assert useless([shared], APP, used=(), needed=()) == [f"{APP}:a1"]


IMAGES = st.lists(st.sampled_from([OLD, BEFORE, NOW, UNTAGGED]), unique_by=lambda one: one.id)


@given(IMAGES, st.sets(st.sampled_from(["sha256:1", "sha256:3"])), st.sets(st.sampled_from([f"{APP}:b2", f"{APP}:c3"])))
def test_no_name_of_an_image_that_is_used_or_needed_is_ever_given_up(
    images: list[HostImage], used: set[str], needed: set[str]
) -> None:
    gone = set(useless(images, APP, used, needed))
    for one in images:
        names = {*one.tags, *one.digests}
        if one.id in used or names & needed:
            assert not gone & names
        else:
            assert names <= gone
