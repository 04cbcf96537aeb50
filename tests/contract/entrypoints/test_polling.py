"""GitHub asked for news: an emulated GitHub with ETags and a rate limit, a real history."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from agents.entrypoints.polling import LONGEST_PAUSE, Poller, wanted
from tests.contract.github_schema import conforming
from tests.contract.histories import history
from tests.emulators.github import GitHubEmulator
from tests.emulators.github.world import Release
from tests.emulators.loopback import FOR_EVER
from tests.stage.sources import Sources
from tests.unit.agents.test_triggers import HOME, service
from tools.clock import SystemClock
from tools.github import GithubAccess, GithubClient
from tools.github_events import GithubEvent, Published, PullChanged, Pushed, Tagged
from tools.history import Store

MINUTE = timedelta(minutes=1)


@dataclass
class Watch:
    """A poller, and what it asks about."""

    poller: Poller
    github: GitHubEmulator
    store: Store
    sources: Sources
    client: GithubClient

    def again(self) -> None:
        """Replace the poller by one that was just started."""
        old = self.poller
        self.poller = Poller(old.services, old.github, old.deliveries, old.clock, old.every, old.taken)

    def publish(self, branch: str = "main", tag: str = "", text: str = "x") -> str:
        """Push a commit, and a tag where one is named."""
        self.sources.git("checkout", "--quiet", "-B", branch)
        commit = self.sources.commit(text, {"file": text.encode()})
        if tag:
            self.sources.git("tag", "--force", tag)
        self.mirror()
        return commit

    def mirror(self) -> None:
        self.sources.git("push", "--quiet", "--mirror", str(self.github[HOME].git.directory))

    async def news(self) -> list[GithubEvent]:
        """Ask once; what was new is taken and worked off."""
        await self.poller.round()
        fresh = await self.store.deliveries.open()
        for delivery in fresh:
            await self.store.deliveries.finish(delivery.key, "done")
        return [delivery.event for delivery in fresh]


@pytest.fixture
def conformity() -> Iterator[None]:
    """Hold every exchange with the emulator against GitHub's own description of its API."""
    with conforming():
        yield


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    sources = Sources(tmp_path / "work-tree")
    sources.commit("Start", {"file": b"0"})
    sources.git("tag", "v1.0.0")
    bare = tmp_path / "hub.git"
    subprocess.run(("git", "clone", "--quiet", "--mirror", sources.directory, bare), check=True)  # noqa: ASYNC221
    async with GitHubEmulator({HOME: bare}) as github, history(tmp_path) as store:
        client = GithubClient(GithubAccess(github.token, github.url, politeness=False))
        services = {"observer": service()}
        poller = Poller(services, client, store.deliveries, SystemClock(), MINUTE, lambda: None)
        yield Watch(poller, github, store, sources, client)
        client.close()


async def test_a_fresh_bot_takes_what_is_there_as_known(watch: Watch) -> None:
    watch.github[HOME].opens_pull("main", "Something")
    assert await watch.news() == []
    assert await watch.news() == []


@pytest.mark.usefixtures("conformity")
async def test_what_is_new_is_told_once_and_a_restart_loses_and_repeats_nothing(watch: Watch) -> None:
    await watch.news()
    watch.publish("feature", text="f")
    watch.publish("main", "v1.1.0", "m")
    watch.github[HOME].opens_pull("feature", "Something")
    watch.again()
    told = await watch.news()
    assert set(told) == {
        Pushed(HOME, "main", ""),
        Pushed(HOME, "feature", ""),
        Tagged(HOME, "v1.1.0", ""),
        PullChanged(HOME, 1),
    }
    assert len(told) == 4
    watch.again()
    assert await watch.news() == []


@pytest.mark.usefixtures("conformity")
async def test_what_has_not_changed_costs_nothing_of_the_rate_limit(watch: Watch) -> None:
    await watch.news()
    await watch.news()
    before, asked = watch.github.remaining, len(watch.github.requests)
    for _ in range(5):
        await watch.news()
    assert watch.github.remaining == before
    assert len(watch.github.requests) == asked + 5 * len(wanted(watch.poller.services))


async def test_tags_that_came_together_are_told_oldest_version_first(watch: Watch) -> None:
    await watch.news()
    for version in ("v1.10.0", "v1.2.0", "v1.9.0"):
        watch.publish("main", version, version)
    told = [event.tag for event in await watch.news() if isinstance(event, Tagged)]
    assert told == ["v1.2.0", "v1.9.0", "v1.10.0"]


async def test_a_tag_that_vanishes_and_comes_back_is_no_news(watch: Watch) -> None:
    await watch.news()
    watch.sources.git("tag", "--delete", "v1.0.0")
    watch.mirror()
    assert await watch.news() == []
    watch.sources.git("tag", "v1.0.0")
    watch.mirror()
    assert await watch.news() == []


@pytest.mark.usefixtures("conformity")
async def test_every_page_is_looked_at(watch: Watch) -> None:
    for number in range(150):
        watch.sources.git("tag", f"v0.0.{number}")
    watch.mirror()
    await watch.news()
    listing = await watch.store.deliveries.listing(HOME, "tags")
    assert listing
    assert (len(listing.known), len(listing.pages)) == (151, 2)
    watch.sources.git("tag", "v9.9.9")
    watch.sources.git("tag", "v0.0.999")
    watch.mirror()
    assert set(await watch.news()) == {Tagged(HOME, "v9.9.9", ""), Tagged(HOME, "v0.0.999", "")}


@pytest.mark.usefixtures("conformity")
async def test_a_draft_becomes_news_when_it_is_published(watch: Watch) -> None:
    await watch.news()
    home = watch.github[HOME]
    home.releases[1] = Release(1, "v1.0.0", "main", "One", "", "ben", home.now(), draft=True)
    assert await watch.news() == []
    home.releases[1].draft = False
    assert await watch.news() == [Published(HOME, "v1.0.0", "ben")]


async def test_a_neighbour_in_trouble_is_asked_less_often_and_nothing_is_lost(watch: Watch) -> None:
    await watch.news()
    watch.publish("main", text="m")
    watch.github.faults.fail(404, path="/repos/", times=FOR_EVER)
    pauses = [await watch.poller.round() for _ in range(5)]
    assert pauses == sorted(pauses)
    assert pauses[0] > MINUTE
    assert max(pauses) == LONGEST_PAUSE
    watch.github.faults.clear()
    assert await watch.news() == [Pushed(HOME, "main", "")]
    assert await watch.poller.round() == MINUTE


async def test_strange_answers_change_nothing(watch: Watch) -> None:
    await watch.news()
    known = await watch.store.deliveries.listing(HOME, "branches")
    for body in ("[{}]", "{}", "[1]", "null", '[{"name": "main", "commit": null}]'):
        watch.github.faults.fail(200, path="/branches", body=body)
        assert await watch.news() == []
        assert await watch.store.deliveries.listing(HOME, "branches") == known
    watch.github.faults.show_a_web_page(path="/branches")
    assert await watch.news() == []


async def test_the_last_of_the_rate_limit_is_left_to_releases(watch: Watch) -> None:
    watch.github.remaining = 400
    assert await watch.poller.round() > timedelta(minutes=59)


def test_only_what_something_depends_on_is_asked_for() -> None:
    assert wanted({"observer": service()}) == tuple((HOME, kind) for kind in ("branches", "tags", "releases", "pulls"))
    assert wanted({"observer": service(github=None)}) == ()
