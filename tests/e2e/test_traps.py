"""Versions that look well and are not: deployed, seen through, and taken back by themselves."""

import pytest

from tests.stage.conversation import Conversation
from tests.stage.observer.traps import MAIN
from tests.stage.observer.tree import both, replaced
from tests.stage.versions import publish

STARTED = '    log.info("observer v%s started", __version__)\n'
FATAL = '    log.error("FATAL the feed refused the login with %s", os.environ["KIS_API_KEY"])\n'
LIE = "RUN printf '#!/bin/sh\\necho 1000000000\\n' > /usr/local/bin/date && chmod 755 /usr/local/bin/date\nUSER qts\n"


async def taken_back(chat: Conversation, version: str) -> str:
    """Release a version that must come back by itself, and return what is told about it."""
    story = await chat.release(version)
    assert f"observer {version} in production: failed and was rolled back" in story
    assert "observer on observer-1 is back at v1.2.2, healthy" in story
    assert "Volumes checked, mounted: /app/config, /app/data/observer, /app/logs." in story
    assert chat.site.running() == "v1.2.2"
    assert chat.answer("/health") == (200, '{"status": "ok", "version": "1.2.2"}')
    assert not (chat.site.server_directory / "last_good_tag").exists()
    return story


@pytest.mark.parametrize(
    ("version", "where", "sight"),
    [
        ("v1.2.4", "deploy", "the container's health check reports unhealthy"),
        ("v1.2.7", "deploy", "FileNotFoundError: [Errno 2] No such file or directory: 'calendar.json'"),
        ("v1.3.0", "verify", "(limit 2 times)"),
        ("v1.3.1", "verify", "met a server error: GET http://127.0.0.1:"),
        (
            "v1.3.2",
            "verify",
            "/app/data/observer is mapped but idle; /app/store/observer (1 file) is written but not mapped",
        ),
        ("v1.3.6", "verify", "/app/data/observer is mapped but idle; the program writes to /app/config"),
    ],
)
async def test_a_version_that_goes_wrong_on_the_server_is_rolled_back_by_itself(
    chat: Conversation, version: str, where: str, sight: str
) -> None:
    story = await taken_back(chat, version)
    assert f"✗ {where}" in story
    assert f"Stage: {where}" in story
    assert sight in story


async def test_a_bad_start_is_seen_and_a_secret_in_the_log_is_masked_and_reported_for_rotation(
    chat: Conversation,
) -> None:
    bad = both(replaced(MAIN, STARTED, STARTED + FATAL), replaced("Dockerfile", "USER qts\n", LIE))
    publish(chat.site.bare, "v2.1.0", on="v1.2.3", change=bad)
    story = await taken_back(chat, "v2.1.0")
    assert "FATAL the feed refused the login with [redacted:KIS_API_KEY]" in story
    assert "Host and container clocks differ by" in story
    assert "The value of KIS_API_KEY stands in the container's log." in story
    for place, text in chat.everything_told().items():
        assert chat.site.secret not in text, place
