import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.platforms import Member, index, matches, own_first, variant

AMD, ARM, ARM7 = (Member(f"linux/{name}", f"sha256:{name}", "m", 7) for name in ("amd64", "arm64", "arm/v7"))


def test_every_platform_has_a_name_of_its_own() -> None:
    assert variant("ghcr.io/acme/app:v1", "linux/arm/v7") == "ghcr.io/acme/app:v1-linux-arm-v7"


@pytest.mark.parametrize(
    ("platform", "described", "same"),
    [
        ("linux/arm64", {"os": "linux", "architecture": "arm64"}, True),
        ("linux/arm64", {"os": "linux", "architecture": "arm64", "variant": "v8"}, True),
        ("linux/arm/v7", {"os": "linux", "architecture": "arm", "variant": "v7"}, True),
        ("linux/arm/v7", {"os": "linux", "architecture": "arm", "variant": "v6"}, False),
        ("linux/arm64", {"os": "linux", "architecture": "amd64"}, False),
        ("linux/amd64", {"os": "unknown", "architecture": "unknown"}, False),
        ("linux/amd64", None, False),
    ],
)
def test_an_entry_of_an_index_is_found_by_its_platform(platform: str, described: object, same: bool) -> None:
    assert matches(platform, described) is same


def test_the_machines_own_platform_comes_first_where_it_is_asked_for() -> None:
    assert own_first(("linux/amd64", "linux/arm64"), "aarch64") == ("linux/arm64", "linux/amd64")
    assert own_first(("linux/amd64", "linux/arm64"), "riscv64") == ("linux/amd64", "linux/arm64")


@given(st.permutations([AMD, ARM, ARM7]))
def test_the_same_platforms_make_the_same_index_in_whatever_order_they_come(members: list[Member]) -> None:
    assert index(members) == index([AMD, ARM, ARM7])


def test_an_index_names_each_platform_with_its_digest() -> None:
    entries = json.loads(index([ARM7, AMD]))["manifests"]
    assert [entry["platform"] for entry in entries] == [
        {"architecture": "amd64", "os": "linux"},
        {"architecture": "arm", "os": "linux", "variant": "v7"},
    ]
    assert [entry["digest"] for entry in entries] == ["sha256:amd64", "sha256:arm/v7"]
