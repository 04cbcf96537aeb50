"""S5 end to end: conversations about the observer service on real git, engines, registry and sshd."""

import os
from pathlib import Path

from tests.stage.conversation import HANA, MAX, Conversation
from tests.stage.observer.site import ObserverSite

CHECKS = ("start", "secrets", "environment", "endpoints", "watchdog", "paths")


def remember_archives(site: ObserverSite, *versions: str) -> Path:
    """Leave the archives of earlier releases on the server, oldest first."""
    archive = site.server_directory / "archive"
    archive.mkdir()
    for day, version in enumerate(versions):
        file = archive / f"observer@{version}.tar"
        file.touch()
        os.utime(file, (day * 86_400, day * 86_400))
    return archive


async def test_a_release_is_planned_approved_deployed_and_verified(site: ObserverSite) -> None:
    archive = remember_archives(site, "v1.1.7", "v1.1.8", "v1.1.9")
    async with Conversation(site) as chat:
        chat.says("/deploy observer v1.2.3")
        card = chat.slack.shows(await chat.card(shows="[Approve]"))
        for fact in (
            "@ana",
            "v1.2.2 at commit",
            "Expose counters for Prometheus (#7)",
            "15 tests",
            "Rollback: possible",
        ):
            assert fact in card
        await chat.clicks("Approve", as_=MAX)
        await chat.whispered("not an approver", to=MAX)
        assert site.running() == "v1.2.2"
        await chat.clicks("Approve", as_=HANA)
        ended = chat.slack.shows(await chat.card(shows="v1.2.3 in production runs"))
        assert "[Approve]" not in ended
        assert site.running() == "v1.2.3"
        assert site.answer("/health")[0] == 200
        assert (site.server_directory / "last_good_tag").read_text() == "v1.2.3\n"
        kept = ("v1.1.8", "v1.1.9", "v1.2.3")
        assert sorted(path.name for path in archive.iterdir()) == [f"observer@{version}.tar" for version in kept]
        story = await chat.end(chat.cards()[-1])
        (picture,) = await chat.slack.until(lambda: chat.slack.pictures(chat.cards()[-1].ts))
        assert picture.title.startswith("observer on observer-1: ")
        assert " ms before, limit " in picture.alt
        for check in CHECKS:
            assert f"✓ observer on observer-1: {check}: as it should be" in story
        assert "✓ observer on observer-1: archive: image archived, newest 3 kept" in story
        assert "Expose counters for Prometheus" in chat.github["acme/observer"].page(7)
