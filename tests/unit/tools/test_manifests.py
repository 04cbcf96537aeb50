"""What of an image travels to a host that has some of it already (P11)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import Garbled
from tools.manifests import PlatformImage, chains_in, described, named_in, platforms_in
from tools.platforms import fits

IMAGE = PlatformImage("sha256:m", "sha256:c", "linux/amd64", (100, 20, 3), ("a", "b", "c"))
MANIFEST = {"config": {"digest": "sha256:c", "size": 7}, "layers": [{"digest": "sha256:1", "size": 100}]}


@pytest.mark.parametrize(
    ("chains", "bytes_"),
    [
        ([], 123),
        ([("a",)], 23),
        ([("a", "b", "x")], 3),
        ([("a", "b", "c")], 0),
        ([("a", "b", "c", "d")], 0),
        ([("b", "c")], 123),
        ([("x", "b", "c"), ("a", "x")], 23),
    ],
)
def test_only_layers_above_what_some_image_shares_from_the_bottom_travel(
    chains: list[tuple[str, ...]], bytes_: int
) -> None:
    assert IMAGE.lacking_bytes(chains) == bytes_


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=5).map(tuple), max_size=6))
def test_more_images_on_a_host_never_make_more_travel(chains: list[tuple[str, ...]]) -> None:
    assert IMAGE.lacking_bytes(chains) <= IMAGE.lacking_bytes(chains[1:]) <= IMAGE.total_bytes


def test_a_platform_is_told_by_its_configuration() -> None:
    config = json.dumps({"os": "linux", "architecture": "arm", "variant": "v7", "rootfs": {"diff_ids": ["a"]}})
    found = described("sha256:m", MANIFEST, config.encode())
    assert found == PlatformImage("sha256:m", "sha256:c", "linux/arm/v7", (100,), ("a",))


def test_what_an_index_says_of_attestations_is_no_image() -> None:
    entries = [
        {"digest": "sha256:1", "platform": {"os": "linux"}},
        {"digest": "sha256:2", "platform": {"os": "unknown"}},
    ]
    assert platforms_in({"manifests": entries}) == ("sha256:1",)


def test_a_manifest_leads_to_its_blobs_and_an_index_to_its_manifests() -> None:
    assert named_in(MANIFEST) == ([], {"sha256:c": 7, "sha256:1": 100})
    assert named_in({"manifests": [{"digest": "sha256:m"}]}) == (["sha256:m"], {})


@pytest.mark.parametrize("config", [b"", b"[]", b"{}", b'{"os": "linux", "architecture": "arm", "rootfs": 1}'])
def test_a_configuration_of_another_form_is_garbled(config: bytes) -> None:
    with pytest.raises(Garbled):
        described("sha256:m", MANIFEST, config)


@pytest.mark.parametrize("manifest", [{}, {"manifests": 1}, {"config": [], "layers": []}, {"manifests": [1]}])
def test_a_manifest_of_another_form_is_garbled(manifest: dict[str, object]) -> None:
    with pytest.raises(Garbled):
        named_in(manifest)


def test_layers_are_read_line_by_line() -> None:
    assert tuple(chains_in('["a","b"]\nnull\n')) == (("a", "b"), ())
    with pytest.raises(Garbled):
        tuple(chains_in("oops\n"))


@pytest.mark.parametrize(
    ("built", "machine", "runs"),
    [
        ("linux/amd64", "linux/amd64", True),
        ("linux/arm64/v8", "linux/arm64", True),
        ("linux/arm/v7", "linux/arm/v6", False),
        ("linux/arm64", "linux/amd64", False),
        ("windows/amd64", "linux/amd64", False),
    ],
)
def test_an_image_fits_a_machine_of_its_system_and_architecture(built: str, machine: str, runs: bool) -> None:
    assert fits(built, machine) is runs
