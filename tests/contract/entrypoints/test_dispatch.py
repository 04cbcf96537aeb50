"""What GitHub told, worked off by a real crew over a real repository and an emulated GitHub."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from agents.answers import Person
from agents.crew import Crew
from agents.entrypoints.dispatch import Dispatcher
from agents.pull_requests import PullRequests
from config.service import Service
from config.shipmate import Configuration
from tests.contract.crews import APPROVERS, HANA, Office, crew_of, opened, order
from tests.contract.github_schema import conforming
from tests.emulators.github import GitHubEmulator
from tests.emulators.github.world import Repository as Hub
from tests.stage.sources import Sources
from tools.github import GithubAccess, GithubClient
from tools.github_events import ChecksEnded, GithubEvent, Published, PullChanged, Pushed, Tagged
from tools.history.releases import Outcome, Release, Status
from tools.repository import Repository

HOME = "acme/observer"
TRIGGERS: Mapping[str, Mapping[str, Any]] = {
    "production": {"tags": ("v*",)},
    "staging": {"branches": ("main",)},
    "lane1": {"branches": ("checked",), "after_checks": True},
    "lane2": {"releases": True},
}


def triggered(configuration: Configuration, people: Mapping[str, tuple[str, ...]]) -> Configuration:
    """Let GitHub set off releases of the crews' service."""
    service = configuration.services["observer"]
    places = {
        name: place.model_copy(
            update={
                "triggers": place.triggers.model_copy(update=dict(TRIGGERS.get(name, {}))),
                "approval": place.approval.model_copy(update={"required": 1}),
            }
        )
        for name, place in service.environments.items()
    }
    home = service.repository.model_copy(update={"github": HOME})
    declared = service.model_copy(update={"environments": places, "repository": home})
    bot = configuration.shipmate.model_copy(update={"people": dict(people)})
    return configuration.model_copy(update={"services": {"observer": declared}, "shipmate": bot})


@dataclass
class Bench:
    """Pull requests that somebody looked at."""

    seen: list[tuple[str, int]] = field(default_factory=list)
    free: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.free.set()

    async def changed(self, repository: str, number: int) -> None:
        self.seen.append((repository, number))
        await self.free.wait()


@dataclass
class Yard:
    """A crew, the repository it releases from, and what GitHub says about it."""

    crew: Crew
    sources: Sources
    github: GitHubEmulator
    dispatcher: Dispatcher
    bench: Bench
    office: Office
    directory: Path
    _number: int = 0

    async def hears(self, event: GithubEvent, key: str = "") -> None:
        """Accept an event, as the doors do."""
        self._number += 1
        await self.crew.store.deliveries.accept(key or f"webhook/{self._number}", event)
        self.dispatcher.ring()

    def push(self, branch: str, text: str) -> str:
        """Commit to a branch."""
        self.sources.git("checkout", "--quiet", "-B", branch)
        commit = self.sources.commit(text, {"file": text.encode()})
        self.mirror()
        return commit

    def mirror(self) -> None:
        """Bring GitHub's repository up to date."""
        self.sources.git("push", "--quiet", "--mirror", str(self.directory / "hub.git"))

    @property
    def hub(self) -> Hub:
        """What GitHub remembers beside git."""
        return self.github[HOME]

    async def releases(self, environment: str = "staging") -> list[Release]:
        return list(reversed(await self.crew.store.releases.recent("observer", environment)))

    async def settled(self) -> None:
        """Wait until everything that was told is worked off."""
        await until(self._worked_off)

    async def _worked_off(self) -> bool:
        return not await self.crew.store.deliveries.open()

    async def stands(self, release: str, status: Status) -> Release:
        async def there() -> bool:
            found = await self.crew.store.releases.get(release)
            return found is not None and found.status is status

        await until(there)
        found = await self.crew.store.releases.get(release)
        assert found
        return found

    async def note(self) -> str:
        return (await self.crew.store.deliveries.recent(1))[0].note


async def until(found: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await found():  # noqa: ASYNC110 - what is awaited lies in files
            await asyncio.sleep(0.01)


@asynccontextmanager
async def yard_in(
    directory: Path, *, work: bool = True, people: Mapping[str, tuple[str, ...]] | None = None
) -> AsyncIterator[Yard]:
    """Set up a yard; a second one in the same directory goes on where the first was left."""
    office = Office()
    sources = Sources.__new__(Sources)
    sources.directory = directory / "work-tree"
    if not sources.directory.exists():
        sources = Sources(directory / "work-tree")
        sources.commit("Start", {"file": b"0"})
        sources.git("tag", "v1.2.2")
        sources.git("clone", "--quiet", "--mirror", ".", str(directory / "hub.git"))
    async with AsyncExitStack() as stack:
        github = await stack.enter_async_context(GitHubEmulator({HOME: directory / "hub.git"}))
        client = GithubClient(GithubAccess(github.token, github.url, politeness=False))
        stack.callback(client.close)
        crew = await stack.enter_async_context(crew_of(directory, office))
        known = {"ana": ("U0ANA", "github:ana"), "ben": ("U0BEN", "github:ben")} if people is None else people
        crew.configuration = triggered(crew.configuration, known)
        crew.ballots = replace(crew.ballots, configuration=crew.configuration)
        copies: dict[str, Repository] = {}

        def copy_of(service: Service) -> Repository:
            url, place = str(directory / "hub.git"), directory / "copy.git"
            return copies.setdefault(service.service, Repository(url, place))

        bench = Bench()
        dispatcher = Dispatcher(crew, copy_of, cast("PullRequests", bench), client)
        yard = Yard(crew, sources, github, dispatcher, bench, office, directory)
        if work:
            running = asyncio.create_task(dispatcher.run())
            stack.push_async_callback(_ended, running)
        yield yard


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    async with yard_in(tmp_path) as made:
        yield made


async def test_a_push_releases_the_newest_commit_of_its_branch(yard: Yard) -> None:
    yard.push("main", "1")
    newest = yard.push("main", "2")
    await yard.hears(Pushed(HOME, "main", "Ana"))
    await yard.settled()
    (release,) = await yard.releases()
    assert (release.version, release.commit, release.branch) == (newest[:12], newest, "main")
    assert (release.trigger, release.requested_by, release.named) == ("push", "github:ana", f"{newest[:12]} (main)")
    await yard.stands(release.id, Status.WAITING)


async def test_a_tag_is_released_once_whoever_tells_of_it(yard: Yard) -> None:
    yard.sources.git("tag", "v1.2.3")
    yard.mirror()
    for event in (Tagged(HOME, "v1.2.3", "ana"), Tagged(HOME, "v1.2.3", ""), Published(HOME, "v1.2.3", "ana")):
        await yard.hears(event)
    await yard.settled()
    assert [(one.version, one.trigger) for one in await yard.releases("production")] == [("v1.2.3", "tag")]
    assert [(one.version, one.trigger) for one in await yard.releases("lane2")] == [("v1.2.3", "release")]


async def test_a_commit_that_two_deliveries_tell_of_is_released_once(yard: Yard) -> None:
    yard.push("main", "1")
    for _ in range(5):
        await yard.hears(Pushed(HOME, "main", "ana"))
    await yard.settled()
    assert len(await yard.releases()) == 1
    assert "was released before" in await yard.note()


async def test_a_branch_that_goes_back_to_an_older_commit_releases_that_again(yard: Yard) -> None:
    first = yard.push("main", "1")
    await yard.hears(Pushed(HOME, "main", "ana"))
    await yard.settled()
    yard.push("main", "2")
    await yard.hears(Pushed(HOME, "main", "ana"))
    await yard.settled()
    yard.sources.git("reset", "--quiet", "--hard", first)
    yard.mirror()
    await yard.hears(Pushed(HOME, "main", "ana"))
    await yard.settled()
    releases = await yard.releases()
    assert [release.commit == first for release in releases] == [True, False, True]


async def test_a_newer_push_takes_the_place_of_one_that_waits_for_approval(yard: Yard) -> None:
    yard.push("main", "1")
    await yard.hears(Pushed(HOME, "main", "ana"))
    await yard.settled()
    (older,) = await yard.releases()
    await yard.stands(older.id, Status.WAITING)
    newer_commit = yard.push("main", "2")
    await yard.hears(Pushed(HOME, "main", "ana"))
    ended = await yard.stands(older.id, Status.FINISHED)
    newer = (await yard.releases())[-1]
    assert ended.outcome is Outcome.CANCELLED
    assert ended.cause == f"superseded by {newer.id}: {newer_commit[:12]} (main) came after it"
    await yard.stands(newer.id, Status.WAITING)
    answer = await yard.crew.decide(older.id, f"digest of {older.id}", HANA, "approved")
    assert getattr(answer, "code", "") == "no-question"


async def test_a_release_that_is_at_work_gives_way_only_where_it_would_ask(yard: Yard) -> None:
    async def meanwhile(_: Any) -> None:
        yard.office.on_asked = None
        yard.push("main", "2")
        await yard.hears(Pushed(HOME, "main", "ana"))
        await yard.settled()

    yard.office.on_asked = meanwhile
    yard.push("main", "1")
    await yard.hears(Pushed(HOME, "main", "ana"))

    async def both() -> bool:
        return len(await yard.releases()) == 2

    await until(both)
    older, newer = await yard.releases()
    assert "came after it" in (await yard.stands(older.id, Status.FINISHED)).cause
    await yard.stands(newer.id, Status.WAITING)


async def test_what_a_person_asked_for_is_never_superseded(yard: Yard) -> None:
    manual = await opened(yard.crew, order(environment="staging"))
    await yard.stands(manual, Status.WAITING)
    yard.push("main", "1")
    await yard.hears(Pushed(HOME, "main", "ana"))
    await yard.settled()
    (pushed,) = [release for release in await yard.releases() if release.trigger == "push"]
    await yard.stands(pushed.id, Status.QUEUED)
    await yard.stands(manual, Status.WAITING)


async def test_of_pushes_that_stand_in_line_only_the_newest_is_kept(yard: Yard) -> None:
    manual = await opened(yard.crew, order(environment="staging"))
    await yard.stands(manual, Status.WAITING)
    for text in "123":
        yard.push("main", text)
        await yard.hears(Pushed(HOME, "main", "ana"))
        await yard.settled()
    pushed = [release for release in await yard.releases() if release.trigger == "push"]
    assert [release.outcome for release in pushed] == [Outcome.CANCELLED, Outcome.CANCELLED, None]
    await yard.stands(pushed[-1].id, Status.QUEUED)


async def test_a_pushed_commit_waits_for_its_checks_and_holds_nothing_up(yard: Yard) -> None:
    commit = yard.push("checked", "1")
    suite = yard.github[HOME].begins_checks(commit)
    yard.github[HOME].checks(commit, "test", None)
    await yard.hears(Pushed(HOME, "checked", "ana"))
    await yard.settled()
    (release,) = await yard.releases("lane1")
    assert release.status is Status.PENDING
    told = await yard.crew.store.journal.of(release.id)
    assert ("checks-awaited", "0 of 1 check suites have ended.") in [(one.kind, one.body.get("detail")) for one in told]
    manual = await opened(yard.crew, order(environment="lane1"))
    await yard.stands(manual, Status.WAITING)
    assert yard.office.count("plan", release.id) == 0
    await yard.crew.decide(manual, f"digest of {manual}", HANA, "approved")
    await yard.stands(manual, Status.FINISHED)
    suite.status, suite.conclusion = "completed", "success"
    await yard.hears(ChecksEnded(HOME, commit))
    await yard.stands(release.id, Status.WAITING)


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out", "action_required"])
async def test_a_commit_whose_checks_fail_is_not_released(yard: Yard, conclusion: str) -> None:
    commit = yard.push("checked", "1")
    good, bad = yard.github[HOME].begins_checks(commit, "lint"), yard.github[HOME].begins_checks(commit)
    good.status, good.conclusion = "completed", "success"
    bad.status, bad.conclusion = "completed", conclusion
    await yard.hears(Pushed(HOME, "checked", "ana"))
    await yard.settled()
    (release,) = await yard.releases("lane1")
    assert (release.outcome, release.cause) == (
        Outcome.REFUSED,
        f"The checks of its commit have failed: github-actions: {conclusion}",
    )
    assert (await yard.crew.store.targets.get("observer", "lane1")).failures == 0


async def test_a_forged_success_of_checks_changes_nothing(yard: Yard) -> None:
    commit = yard.push("checked", "1")
    yard.github[HOME].begins_checks(commit).status = "in_progress"
    await yard.hears(Pushed(HOME, "checked", "ana"))
    await yard.hears(ChecksEnded(HOME, commit))
    await yard.settled()
    (release,) = await yard.releases("lane1")
    assert release.status is Status.PENDING


async def test_a_waiting_release_can_be_cancelled_and_makes_way_for_a_rollback(yard: Yard) -> None:
    for text, by in (("1", "cancel"), ("2", "rollback")):
        yard.push("checked", text)
        await yard.hears(Pushed(HOME, "checked", "ana"))
        await yard.settled()
        release = (await yard.releases("lane1"))[-1]
        assert release.status is Status.PENDING
        if by == "cancel":
            await yard.crew.cancel(release.id, HANA)
        else:
            await opened(yard.crew, order(environment="lane1", kind="rollback"))
        assert (await yard.stands(release.id, Status.FINISHED)).outcome is Outcome.CANCELLED


async def test_a_release_that_is_refused_is_told_as_one_that_ended(yard: Yard) -> None:
    await yard.crew.store.targets.lock("observer", "staging", "r0")
    yard.push("main", "1")
    await yard.hears(Pushed(HOME, "main", "ana"))
    await yard.settled()
    (release,) = await yard.releases()
    assert release.outcome is Outcome.REFUSED
    assert "takes no releases now" in release.cause


async def test_nobody_approves_what_may_be_their_own_push(tmp_path: Path) -> None:
    async with yard_in(tmp_path, people={"hana": (HANA.id, "github:Hana")}) as yard:
        yard.push("main", "1")
        await yard.hears(Pushed(HOME, "main", "stranger"))
        await yard.settled()
        (release,) = await yard.releases()
        await yard.stands(release.id, Status.WAITING)
        digest = f"digest of {release.id}"
        unknown = await yard.crew.decide(release.id, digest, Person(APPROVERS[3], "T0HOME"), "approved")
        assert getattr(unknown, "code", "") == "not-told-apart"
        assert not hasattr(await yard.crew.decide(release.id, digest, HANA, "approved"), "code")
        await yard.stands(release.id, Status.FINISHED)


async def test_nobody_approves_their_own_push_under_another_name(tmp_path: Path) -> None:
    async with yard_in(tmp_path, people={"hana": (HANA.id, "github:Hana")}) as yard:
        yard.push("main", "1")
        await yard.hears(Pushed(HOME, "main", "hana"))
        await yard.settled()
        (release,) = await yard.releases()
        await yard.stands(release.id, Status.WAITING)
        answer = await yard.crew.decide(release.id, f"digest of {release.id}", HANA, "approved")
        assert getattr(answer, "code", "") == "self-approval"


async def test_pull_requests_are_handed_on_and_hold_nothing_up(yard: Yard) -> None:
    await yard.hears(PullChanged(HOME, 7))
    await yard.hears(PullChanged(HOME, 8))
    await yard.settled()
    assert sorted(yard.bench.seen) == [(HOME, 7), (HOME, 8)]


async def test_p13_no_release_waits_for_pull_requests_that_take_long(yard: Yard) -> None:
    yard.bench.free.clear()
    for number in range(10):
        await yard.hears(PullChanged(HOME, number))
    yard.push("main", "1")
    await yard.hears(Pushed(HOME, "main", "ana"))

    async def released() -> bool:
        return len(await yard.releases()) == 1

    await until(released)
    yard.bench.free.set()
    await yard.settled()
    assert len(yard.bench.seen) == 10


async def test_a_branch_or_tag_that_is_gone_releases_nothing(yard: Yard) -> None:
    yard.push("main", "1")
    await yard.hears(Tagged(HOME, "v9.9.9", "ana"))
    await yard.settled()
    assert await yard.releases("production") == []
    assert "is gone" in await yard.note()


async def test_what_was_acknowledged_before_a_crash_begins_after_the_restart(tmp_path: Path) -> None:
    async with yard_in(tmp_path, work=False) as yard:
        yard.push("main", "1")
        await yard.hears(Pushed(HOME, "main", "ana"), "webhook/d1")
    async with yard_in(tmp_path) as yard:
        await yard.settled()
        (release,) = await yard.releases()
        await yard.stands(release.id, Status.WAITING)
    async with yard_in(tmp_path) as yard:
        await yard.hears(Pushed(HOME, "main", "ana"), "webhook/d1")
        await yard.hears(Pushed(HOME, "main", "ana"), "webhook/d2")
        await yard.settled()
        assert len(await yard.releases()) == 1


async def test_a_repository_that_does_not_answer_is_asked_again(yard: Yard) -> None:
    yard.push("main", "1")
    hub, away = yard.directory / "hub.git", yard.directory / "away.git"
    hub.rename(away)
    await yard.hears(Pushed(HOME, "main", "ana"))

    async def tried() -> bool:
        return (await yard.crew.store.deliveries.recent(1))[0].attempts > 0

    await until(tried)
    assert await yard.releases() == []
    away.rename(hub)
    await yard.settled()
    assert len(await yard.releases()) == 1


async def test_p13_what_cannot_be_written_down_is_not_done_over_and_over(yard: Yard) -> None:
    async with yard.crew.store.engine.begin() as connection:
        await connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE UPDATE ON github_deliveries BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
    await yard.hears(PullChanged(HOME, 7))
    for number in range(8, 20):  # each rings, so that there is a turn for each
        await yard.hears(PullChanged(HOME, number))

    async def seen() -> bool:
        return (HOME, 19) in yard.bench.seen

    await until(seen)
    assert yard.bench.seen.count((HOME, 7)) == 1
    assert len(await yard.crew.store.deliveries.open()) == 13  # all of them are done again later


async def test_p3_where_the_event_names_nobody_whoever_pushed_counts_and_not_whom_git_names(yard: Yard) -> None:
    """The commit says that hana wrote it; anybody can have git say so."""
    yard.push("main", "1")
    yard.hub.pushes("main", "ben")
    with conforming():
        await yard.hears(Pushed(HOME, "main", ""))
        await yard.settled()
    (release,) = await yard.releases()
    assert release.requested_by == "github:ben"


async def test_p3_where_github_does_not_tell_who_pushed_nobody_knows(yard: Yard) -> None:
    yard.push("main", "1")
    yard.hub.activity_readable = False
    with conforming():
        await yard.hears(Pushed(HOME, "main", ""))
        await yard.settled()
    (release,) = await yard.releases()
    assert (release.requested_by, release.outcome) == ("github", Outcome.REFUSED)
    assert "GitHub does not tell who set it off" in release.cause


async def test_p3_a_tag_that_was_found_by_asking_is_nobodys(yard: Yard) -> None:
    yard.sources.git("tag", "v1.2.3")
    yard.mirror()
    await yard.hears(Tagged(HOME, "v1.2.3", ""))
    await yard.settled()
    (release,) = await yard.releases("production")
    assert (release.requested_by, release.outcome) == ("github", Outcome.REFUSED)


async def test_p3_a_push_that_github_does_not_list_yet_waits_until_it_does(yard: Yard) -> None:
    yard.push("main", "1")
    await yard.hears(Pushed(HOME, "main", ""))

    async def tried() -> bool:
        return any(delivery.attempts for delivery in await yard.crew.store.deliveries.open())

    await until(tried)
    assert await yard.releases() == []
    yard.hub.pushes("main", "ben")
    await yard.settled()
    (release,) = await yard.releases()
    assert release.requested_by == "github:ben"
