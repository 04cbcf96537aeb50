"""What GitHub shows of a release: drawn from the journal by the real client, kept once, caught up after an outage."""

import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from agents import events
from agents.entrypoints.github_credits import Credits
from agents.entrypoints.github_feed import GithubFeed
from agents.events import Event, dump
from agents.toolbox import Toolbox
from config.service import Service
from tests.contract.github_schema import conforming
from tests.contract.histories import history
from tests.emulators.github import GitHubEmulator
from tests.emulators.github.world import Release as Remembered
from tests.emulators.github.world import Repository as There
from tests.stage.observer.pulls import remember_pull_request
from tests.stage.observer.repository import build_observer
from tests.unit.entrypoints.material import asked, plan, planned, release
from tools.clock import SystemClock
from tools.github_client import GithubAccess, GithubClient
from tools.history import Store
from tools.history.messages import Message
from tools.history.releases import Outcome, Release
from tools.repository import Repository

NAME = "acme/observer"
WITHIN = timedelta(seconds=20)
PEOPLE = {"ben": ("U0BEN", "github:Ben"), "mallory": ("U0MAL", "github:other")}


def git(directory: Path, *arguments: str) -> str:
    return subprocess.run(("git", "-C", str(directory), *arguments), capture_output=True, check=True, text=True).stdout


@dataclass
class Scene:
    """A store, an emulated GitHub, and the feed between them."""

    store: Store
    github: GitHubEmulator
    bare: Path
    directory: Path
    service: Service
    client: GithubClient
    people: dict[str, tuple[str, ...]]

    @property
    def there(self) -> There:
        """What GitHub remembers."""
        return self.github[NAME]

    def feed(self) -> GithubFeed:
        """A feed as a newly started process has it."""
        told = Credits(self.store, self.client, self.people, self.equip)
        services = {"observer": self.service}
        return GithubFeed(
            self.store, SystemClock(), self.client, services, told, lambda c, ts: f"https://slack/{c}/{ts}"
        )

    async def equip(self, one: Release) -> Toolbox:
        """Give the tools that the feed uses."""
        unused = cast("Any", None)
        return Toolbox(
            **dict.fromkeys(Toolbox.__slots__, unused)
            | {
                "release_id": one.id,
                "service": self.service,
                "store": self.store,
                "redactor": self.store.redactor,
                "repository": Repository(str(self.bare), self.directory / "copy.git"),
            }
        )

    async def begun(self, number: int = 1, version: str = "v1.2.3", **columns: Any) -> Release:
        """Open a release some minutes ago, with its card in Slack."""
        at = datetime.now(UTC) - timedelta(minutes=60 - number)
        name = f"{at:%Y%m%d-%H%M%S}-{number:07d}"
        one = release(id=name, request=name, requested_at=at, version=version, commit=self.sha(version), **columns)
        await self.store.releases.open(one)
        await self.store.messages.put(name, "card", Message("C0REL", f"17.{number}", "drawn"))
        return one

    def sha(self, version: str) -> str:
        return git(self.bare, "rev-parse", f"{version}^{{commit}}").strip()

    async def tells(self, one: Release, *happened: Event) -> None:
        for event in happened:
            await self.store.journal.record(one.id, event.key, event.KIND, dump(event))

    async def ends(self, one: Release, outcome: Outcome) -> None:
        await self.tells(one, events.Finished(outcome, "", 12.0))
        await self.store.releases.finish(one.id, outcome, "")

    def analyzed(self, since: str, version: str) -> events.Analyzed:
        listed = git(self.bare, "log", "--format=%H%x09%an%x09%s", f"{since}..{version}").splitlines()
        lines = [line.split("\t") for line in listed]
        commits = tuple(events.CommitLine(sha, subject, author) for sha, author, subject in lines)
        return events.Analyzed(self.sha(version), since, self.sha(since), {}, (), commits)

    def plan(self, version: str) -> tuple[Event, Event]:
        drawn = plan(version=version, commit=self.sha(version))
        return planned(drawn), asked(drawn)

    async def succeeds(self, number: int = 1, since: str = "v1.2.2", version: str = "v1.2.3") -> Release:
        """Let a whole release happen."""
        one = await self.begun(number, version)
        await self.tells(one, self.analyzed(since, version), *self.plan(version), events.Entered("deploy"))
        await self.ends(one, Outcome.SUCCEEDED)
        return one

    def states(self) -> dict[str, list[str]]:
        """Tell what was written about each deployment, by its ref."""
        return {
            f"{one.ref[:7]} {one.id}": [status.state for status in one.statuses]
            for one in self.there.deployments.values()
        }

    def writes(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path, _ in self.github.requests if method != "GET"]

    async def thread(self, one: Release) -> list[Event]:
        entries = await self.store.journal.of(one.id)
        return [events.load(entry.kind, entry.body) for entry in entries]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("github")
    build_observer(directory / "work")
    git(directory, "clone", "--quiet", "--bare", "work", "observer.git")
    return directory / "observer.git"


@pytest.fixture
def service() -> Service:
    target = {"hosts": [{"name": "alpha"}], "directory": "/srv/observer"}
    place = {"target": target, "health": {"probe": {"url": "http://127.0.0.1:8000/"}}, "url": "https://observer.acme"}
    return Service.model_validate(
        {
            "service": "observer",
            "repository": {"url": "https://github.com/acme/observer.git", "github": NAME},
            "components": {"observer": {"image": "ghcr.io/acme/observer"}},
            "environments": {"production": place, "staging": place},
            "github_release": True,
        }
    )


@pytest.fixture
async def scene(tmp_path: Path, bare: Path, service: Service) -> AsyncIterator[Scene]:
    async with history(tmp_path) as store, GitHubEmulator({NAME: bare}) as github:
        remember_pull_request(github[NAME])
        client = GithubClient(GithubAccess(github.token, github.url, politeness=False, limit=timedelta(seconds=5)))
        yield Scene(store, github, bare, tmp_path, service, client, dict(PEOPLE))
        client.close()


async def test_a_release_is_shown_step_by_step_and_each_step_once(scene: Scene) -> None:
    feed, one = scene.feed(), await scene.begun()
    with conforming():
        for happened in (
            (scene.analyzed("v1.2.2", "v1.2.3"),),
            scene.plan("v1.2.3"),
            (events.Entered("deploy"),),
            (events.Entered("verify"),),
        ):
            await scene.tells(one, *happened)
            for _ in range(2):
                assert await feed.follower.caught_up(WITHIN)
        await scene.ends(one, Outcome.SUCCEEDED)
        assert await feed.follower.caught_up(WITHIN)
    (deployment,) = scene.there.deployments.values()
    assert (deployment.sha, deployment.environment, deployment.production) == (one.commit, "production", True)
    assert [status.state for status in deployment.statuses] == ["pending", "in_progress", "success"]
    newest = deployment.statuses[-1]
    assert (newest.target_url, newest.environment_url) == ("https://slack/C0REL/17.1", "https://observer.acme")
    shown = [(status.state, status.description) for status in scene.there.statuses]
    assert shown == [
        ("pending", "observer v1.2.3 in production: being prepared"),
        ("pending", "observer v1.2.3 in production: waiting for approval"),
        ("pending", "observer v1.2.3 in production: deploying"),
        ("success", "observer v1.2.3 in production: runs"),
    ]
    assert {status.context for status in scene.there.statuses} == {"shipmate/observer/production"}


async def test_a_restart_writes_nothing_again(scene: Scene) -> None:
    await scene.succeeds()
    assert await scene.feed().follower.caught_up(WITHIN)
    before = scene.writes()
    assert await scene.feed().follower.caught_up(WITHIN)
    assert scene.writes() == before


async def test_a_feed_that_died_after_each_request_doubles_nothing(scene: Scene) -> None:
    one = await scene.succeeds()
    for purpose in ("github:deployment", "github:status", "github:release"):
        assert await scene.feed().follower.caught_up(WITHIN)
        async with scene.store.engine.begin() as connection:  # it was done, and nobody remembers
            await connection.exec_driver_sql("DELETE FROM messages WHERE purpose = ?", (purpose,))
    assert await scene.feed().follower.caught_up(WITHIN)
    assert [states[-1] for states in scene.states().values()] == ["success"]
    assert len(scene.there.statuses) == 1
    assert len(scene.there.releases) == 1
    assert sum(isinstance(event, events.Published) for event in await scene.thread(one)) == 1


async def test_p13_what_happened_while_github_was_away_is_shown_later_in_order(scene: Scene) -> None:
    feed = scene.feed()
    await scene.github.down()
    await scene.succeeds(1, "v1.2.1", "v1.2.2")
    assert not await feed.follower.caught_up(timedelta(seconds=1))
    two = await scene.succeeds(2, "v1.2.2", "v1.2.3")
    await scene.github.up()
    assert await feed.follower.caught_up(timedelta(seconds=60))
    assert [one.ref for one in scene.there.deployments.values()] == [scene.sha("v1.2.2"), scene.sha("v1.2.3")]
    assert [states[-1] for states in scene.states().values()] == ["inactive", "success"]
    assert [one.tag for one in scene.there.releases.values()] == ["v1.2.2", "v1.2.3"]
    assert any(isinstance(event, events.Credited) for event in await scene.thread(two))


async def test_the_version_before_is_no_longer_active(scene: Scene) -> None:
    feed = scene.feed()
    await scene.succeeds(1, "v1.2.1", "v1.2.2")
    assert await feed.follower.caught_up(WITHIN)
    await scene.succeeds(2, "v1.2.2", "v1.2.3")
    assert await feed.follower.caught_up(WITHIN)
    assert list(scene.states().values()) == [["success", "inactive"], ["success"]]


async def test_a_rollback_is_a_deployment_of_the_old_version(scene: Scene) -> None:
    feed = scene.feed()
    await scene.succeeds()
    back = await scene.begun(2, "v1.2.2", kind="rollback")
    await scene.tells(back, scene.plan("v1.2.2")[0], events.Entered("deploy"))
    await scene.ends(back, Outcome.SUCCEEDED)
    assert await feed.follower.caught_up(WITHIN)
    assert [one.sha for one in scene.there.deployments.values()] == [scene.sha("v1.2.3"), scene.sha("v1.2.2")]
    assert [states[-1] for states in scene.states().values()] == ["inactive", "success"]
    assert [one.tag for one in scene.there.releases.values()] == ["v1.2.3"]


async def test_a_release_that_was_rolled_back_failed_and_what_ran_before_is_active(scene: Scene) -> None:
    one = await scene.begun()
    await scene.tells(one, scene.analyzed("v1.2.2", "v1.2.3"), *scene.plan("v1.2.3"), events.Entered("roll_back"))
    await scene.ends(one, Outcome.ROLLED_BACK)
    assert await scene.feed().follower.caught_up(WITHIN)
    shown = {one.sha: one.statuses[-1].state for one in scene.there.deployments.values()}
    assert shown == {scene.sha("v1.2.3"): "failure", scene.sha("v1.2.2"): "success"}
    assert scene.there.statuses[-1].state == "failure"
    assert not scene.there.releases


@pytest.mark.parametrize(
    ("outcome", "state", "status"),
    [
        (Outcome.FAILED, "failure", "failure"),
        (Outcome.IN_DOUBT, "error", "error"),
        (Outcome.REJECTED, "inactive", "error"),
        (Outcome.EXPIRED, "inactive", "error"),
        (Outcome.CANCELLED, "inactive", "error"),
        (Outcome.REFUSED, "inactive", "failure"),
    ],
)
async def test_every_other_end_is_told_as_what_it_is(scene: Scene, outcome: Outcome, state: str, status: str) -> None:
    one = await scene.begun()
    await scene.tells(one, scene.analyzed("v1.2.2", "v1.2.3"), *scene.plan("v1.2.3"))
    await scene.ends(one, outcome)
    assert await scene.feed().follower.caught_up(WITHIN)
    assert [states[-1] for states in scene.states().values()] == [state]
    assert scene.there.statuses[-1].state == status
    assert not scene.there.releases


async def test_a_release_without_a_plan_is_no_deployment(scene: Scene) -> None:
    one = await scene.begun()
    await scene.tells(one, scene.analyzed("v1.2.2", "v1.2.3"))
    await scene.ends(one, Outcome.FAILED)
    assert await scene.feed().follower.caught_up(WITHIN)
    assert not scene.there.deployments
    assert scene.there.statuses[-1].description == "observer v1.2.3 in production: failed"


async def test_notes_tell_what_came_since_the_last_release_and_who_brought_it(scene: Scene) -> None:
    await scene.succeeds()
    with conforming():
        assert await scene.feed().follower.caught_up(WITHIN)
    (published,) = scene.there.releases.values()
    assert published.tag == "v1.2.3"
    assert "Expose counters for Prometheus #7 by @ben" in published.body
    assert "Say which setting wins (chloe)" in published.body
    assert "Everything since `v1.2.2`: https://github.com/acme/observer/compare/v1.2.2...v1.2.3" in published.body


async def test_notes_go_back_to_the_last_release_that_was_published(scene: Scene) -> None:
    await scene.succeeds(1, "v1.2.0", "v1.2.1")
    assert await scene.feed().follower.caught_up(WITHIN)
    await scene.succeeds(2, "v1.2.2", "v1.2.3")
    assert await scene.feed().follower.caught_up(WITHIN)
    newest = list(scene.there.releases.values())[-1]
    assert "compare/v1.2.1...v1.2.3" in newest.body
    assert "Keep the newest observation in the state file" in newest.body


async def test_notes_that_a_person_published_are_left_alone(scene: Scene) -> None:
    by_hand = Remembered(1, "v1.2.3", "main", "v1.2.3", "by hand", "ana", datetime.now(UTC))
    scene.there.releases[by_hand.id] = by_hand
    await scene.succeeds()
    assert await scene.feed().follower.caught_up(WITHIN)
    assert [there.body for there in scene.there.releases.values()] == ["by hand"]


async def test_no_release_is_published_for_a_tag_that_github_lacks_or_knows_otherwise(scene: Scene) -> None:
    moved = await scene.begun(1, "v1.2.3")
    await scene.tells(moved, scene.analyzed("v1.2.2", "v1.2.3"), *scene.plan("v1.2.3"))
    await scene.store.releases.change(moved.id, commit=scene.sha("v1.2.2"))
    await scene.ends(moved, Outcome.SUCCEEDED)
    assert await scene.feed().follower.caught_up(WITHIN)
    assert not scene.there.releases
    told = [event for event in await scene.thread(moved) if isinstance(event, events.Published)]
    assert "stands for another commit" in told[0].reason


async def test_no_release_is_published_from_another_environment_or_for_a_commit(scene: Scene) -> None:
    staged = await scene.begun(1, environment="staging")
    await scene.tells(staged, scene.analyzed("v1.2.2", "v1.2.3"), *scene.plan("v1.2.3"))
    await scene.ends(staged, Outcome.SUCCEEDED)
    assert await scene.feed().follower.caught_up(WITHIN)
    assert not scene.there.releases
    assert not any(isinstance(event, events.Credited) for event in await scene.thread(staged))


async def test_authors_are_called_by_the_id_that_the_configuration_has(scene: Scene) -> None:
    one = await scene.succeeds()
    assert await scene.feed().follower.caught_up(WITHIN)
    (told,) = [event for event in await scene.thread(one) if isinstance(event, events.Credited)]
    assert told.pulls == (events.CreditLine(7, "Expose counters for Prometheus", "ben", "U0BEN"),)


async def test_p17_a_subject_that_names_another_pull_request_credits_nobody(scene: Scene) -> None:
    one = await scene.begun()
    line = events.CommitLine(scene.sha("v1.2.2"), "Thanks to <@U0MAL> (#7)", "mallory", 7)
    await scene.tells(one, replace(scene.analyzed("v1.2.2", "v1.2.3"), commits=(line,)), *scene.plan("v1.2.3"))
    await scene.ends(one, Outcome.SUCCEEDED)
    assert await scene.feed().follower.caught_up(WITHIN)
    assert not any(isinstance(event, events.Credited) for event in await scene.thread(one))


async def test_what_a_token_may_not_do_does_not_keep_the_rest_from_being_shown(scene: Scene) -> None:
    weak = scene.github.fine_grained(contents="read", pull_requests="read", statuses="write")
    scene.client = GithubClient(GithubAccess(weak, scene.github.url, politeness=False))
    one = await scene.succeeds()
    assert not await scene.feed().follower.caught_up(timedelta(seconds=2))
    assert [status.state for status in scene.there.statuses] == ["success"]
    assert any(isinstance(event, events.Credited) for event in await scene.thread(one))
    assert not scene.there.deployments
    assert not [path for _, path in scene.writes() if "/deployments" in path]
    scene.client.close()


async def test_old_releases_are_left_alone_when_the_feed_is_new(scene: Scene) -> None:
    one = await scene.succeeds()
    async with scene.store.engine.begin() as connection:
        old = (datetime.now(UTC) - timedelta(days=2)).isoformat(timespec="milliseconds")
        await connection.exec_driver_sql("UPDATE releases SET finished_at = ? WHERE id = ?", (old, one.id))
    assert await scene.feed().follower.caught_up(WITHIN)
    assert not scene.github.requests
