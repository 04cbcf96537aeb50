from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import Garbled
from tools.references import Reference
from tools.tags import Naming, image_tag, image_tags

NAMING = Naming(
    "core", "dev", "v1.2.3", "a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2", datetime(2026, 2, 6, 16, tzinfo=UTC)
)


def naming(version: str) -> Naming:
    return Naming(NAMING.component, NAMING.environment, version, NAMING.commit, NAMING.at)


@pytest.mark.parametrize(
    ("pattern", "tag"),
    [
        ("semver", "v1.2.3"),
        ("git-sha", "a1b2c3d"),
        ("timestamp", "20260206-160000"),
        ("{component}-stage-{sha:8}", "core-stage-a1b2c3d4"),
        ("{environment}-{version}", "dev-v1.2.3"),
        ("{sha}", NAMING.commit),
        ("{sha:40}", NAMING.commit),
        ("{component}.{time}", "core.20260206-160000"),
        ("latest", "latest"),
    ],
)
def test_a_tag_follows_its_pattern(pattern: str, tag: str) -> None:
    assert image_tag(pattern, NAMING) == tag


def test_times_are_utc_and_a_plus_becomes_what_a_tag_can_hold() -> None:
    elsewhere = NAMING.at.astimezone(timezone(timedelta(hours=9)))
    assert image_tag("{time}", Naming("core", "dev", "v1", "a" * 40, elsewhere)) == "20260206-160000"
    assert image_tag("semver", naming("1.2.3+build.5")) == "1.2.3_build.5"


@pytest.mark.parametrize("version", ["", "feature/x", "v1 2", "-v1", "x" * 129])
def test_a_version_that_can_be_no_tag_is_refused(version: str) -> None:
    with pytest.raises(Garbled, match="cannot be the tag"):
        image_tag("semver", naming(version))


@pytest.mark.parametrize(
    "pattern", ["{commit}", "{sha:0}", "{sha:3}", "{sha:41}", "{sha:8x}", "{}", "x{version", "{sha:08}"]
)
def test_what_no_tag_can_be_made_of_is_told(pattern: str) -> None:
    with pytest.raises(Garbled) as error:
        image_tag(pattern, NAMING)
    assert error.value.remedy


def test_the_same_tag_is_not_made_twice() -> None:
    assert image_tags(("latest", "{version}", "v1.2.3"), NAMING) == ("latest", "v1.2.3")


@given(st.text(max_size=30), st.from_regex(r"[a-z{}:0-9.-]{0,40}", fullmatch=True))
def test_what_is_made_is_a_tag_that_docker_takes(version: str, pattern: str) -> None:
    try:
        tag = image_tag(pattern, naming(version))
    except Garbled:
        return
    assert Reference.parse(f"ghcr.io/acme/core:{tag}").tag == tag
