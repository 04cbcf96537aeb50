"""Versions that no person is asked about: refused from what can be seen before, with the way out, nothing touched."""

import re

import pytest

from tests.stage.conversation import Conversation
from tests.stage.observer.repository import DEFAULT_SEED
from tests.stage.observer.traps import COMPOSE, invented_secret
from tests.stage.observer.tree import both, replaced
from tests.stage.versions import publish, tree_of


async def refused(chat: Conversation, version: str) -> str:
    """Ask for a version that must be refused, and return what its card tells."""
    story = await chat.verdict(f"/deploy observer {version}")
    assert f"observer {version} in production: refused, nothing was touched" in story
    assert chat.site.running() == "v1.2.2"
    return story


@pytest.mark.parametrize(
    ("version", "rule", "way_out"),
    [
        ("v1.2.5", "mount-dropped, ./data -> /app/data/observer", "Mount ./data at /app/data/observer"),
        ("v1.2.6", "secret-literal, KIS_API_SECRET", "Write `${KIS_API_SECRET:?KIS_API_SECRET required}`"),
        ("v1.3.3", "environment-alias-in-source, OBSERVER_STANDALONE", "Rename it to QTS_OBSERVER_STANDALONE"),
        ("v1.3.4", "health-useless, observer", "Let the check ask the service itself"),
    ],
)
async def test_a_version_with_a_fault_in_its_files_is_refused_before_anyone_is_asked(
    chat: Conversation, version: str, rule: str, way_out: str
) -> None:
    story = await refused(chat, version)
    assert f"blocking {rule}" in story
    assert way_out in story


async def test_the_value_of_a_hardcoded_secret_is_shown_and_kept_nowhere(chat: Conversation) -> None:
    story = await chat.release("v1.2.6")
    assert "approval needed" not in story
    assert "docker-compose.server.yml:13" in story
    assert "Then rotate the old value" in story
    value = invented_secret(DEFAULT_SEED)
    assert value in tree_of(chat.site.bare, "v1.2.6")[COMPOSE]
    for place, text in chat.everything_told().items():
        assert value not in text, place
        assert value[8:40] not in text, place


async def test_failing_tests_count_as_a_failure_and_nothing_is_built(chat: Conversation) -> None:
    story = await chat.release("v1.3.5")
    assert "observer v1.3.5 in production: failed" in story
    assert "2 of 15 tests failed" in story
    assert "test_observations_are_numbered_from_one" in story
    assert re.search(r"Failure \d+ in a row", story)
    assert "built in" not in story
    assert "build" not in {line.split()[1] for line in story.splitlines() if line.startswith(("✓", "✗"))}
    assert chat.site.running() == "v1.2.2"


async def test_missing_limits_and_a_tag_that_may_be_absent_are_refused_together(chat: Conversation) -> None:
    lax = both(
        replaced(COMPOSE, '        reservations:\n          cpus: "0.5"\n          memory: 256M', ""),
        replaced(COMPOSE, "${IMAGE_TAG:?IMAGE_TAG required}", "${IMAGE_TAG:-latest}"),
    )
    publish(chat.site.bare, "v2.0.0", on="v1.2.3", change=lax)
    story = await refused(chat, "v2.0.0")
    for rule in ("limit-missing, observer: reservations.cpus", "limit-missing, observer: reservations.memory"):
        assert f"blocking {rule}" in story
    assert "blocking image-tag-optional, observer" in story


async def test_a_required_name_that_nothing_sets_is_refused(chat: Conversation) -> None:
    publish(chat.site.bare, "v2.0.1", on="v1.2.3", change=replaced(COMPOSE, "      OBSERVER_LOG_DIR: /app/logs\n", ""))
    story = await refused(chat, "v2.0.1")
    assert "blocking environment-missing, observer: OBSERVER_LOG_DIR" in story


async def test_an_image_that_would_run_as_root_where_none_did_is_refused(chat: Conversation) -> None:
    publish(chat.site.bare, "v2.0.2", on="v1.2.3", change=replaced("Dockerfile", "USER qts\n", ""))
    story = await refused(chat, "v2.0.2")
    assert "blocking user-became-root, observer: It runs as qts today and would run as root." in story


async def test_a_missing_env_file_or_name_is_told_with_its_path(chat: Conversation) -> None:
    env = chat.site.server_directory / ".env"
    kept = env.read_text()
    try:
        env.unlink()
        story = await refused(chat, "v1.2.3")
        assert f"{env} is not on observer-1. Create it there, mode 0600 with KIS_API_KEY, KIS_API_SECRET" in story
        env.write_text(kept.replace("KIS_API_SECRET=", "OTHER="))
        story = await refused(chat, "v1.2.3")
        assert f"Add KIS_API_SECRET to {env} on observer-1." in story
    finally:
        env.write_text(kept)


async def test_p15_data_that_only_the_running_container_has_is_refused_to_be_thrown_away(chat: Conversation) -> None:
    inside = ("exec", "observer-observer-1", "sh", "-c")
    chat.site.stage.server.docker(*inside, "mkdir -p /app/archive && touch /app/archive/one /app/archive/two")
    try:
        story = await refused(chat, "v1.2.3")
        assert "blocking data-dies-with-container, observer-observer-1: /app/archive: /app/archive (2 files)" in story
        assert "Or list /app/archive under `paths.waived` with the reason" in story
    finally:
        chat.site.stage.server.docker(*inside, "rm -r /app/archive")


async def test_a_version_that_does_not_exist_is_answered_with_the_nearest(chat: Conversation) -> None:
    story = await refused(chat, "v1.2.33")
    assert "has no version v1.2.33; the nearest is v1.2.3" in story
