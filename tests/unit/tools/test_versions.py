from hypothesis import given
from hypothesis import strategies as st

from tools.versions import commit_version, is_commit_version, newest_first


def test_versions_are_ordered_by_number_not_by_letter() -> None:
    assert newest_first(["v1.2.9", "v1.10.0", "v1.2.10"]) == ("v1.10.0", "v1.2.10", "v1.2.9")


def test_a_pre_release_comes_before_its_release_as_semantic_versioning_says() -> None:
    rising = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
    ]
    assert newest_first([*rising, "1.0.0"]) == ("1.0.0", *reversed(rising))


def test_a_commit_without_a_tag_is_called_by_its_first_digits() -> None:
    assert commit_version("0a1b2c3d4e5f" + "0" * 28) == "0a1b2c3d4e5f"
    assert is_commit_version("0a1b2c3d4e5f")
    assert not any(map(is_commit_version, ("v1.2.3", "0a1b2c3", "0A1B2C3D4E5F", "0a1b2c3d4e5f0")))


@given(st.lists(st.text(max_size=12)))
def test_any_names_can_be_ordered_and_none_is_lost(names: list[str]) -> None:
    assert sorted(newest_first(names)) == sorted(names)
    assert newest_first(reversed(names)) == newest_first(names)
