"""ArgoCD through the real client: an application that follows a real git repository, well and ill."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest
from pydantic import SecretStr

from config.targets import ArgoApplication
from tests.contract import deployment_repository as place
from tests.emulators.argocd import Application, ArgoCdEmulator, Workload
from tests.emulators.argocd.schema import objections, violations
from tests.emulators.github.git import BareGit, TreeEntry
from tools.argocd import ArgoCd
from tools.argocd_answers import Application as Seen
from tools.argocd_arrival import Aim, Arrival, Journey
from tools.clock import SystemClock
from tools.errors import Denied, Garbled, NotFound, TimedOut, ToolError, Unreachable

NAME = "astrago-dev"
TEXT = "core:\n  image: {tag: v1}\nweb:\n  image: {tag: v1}\n"
WORKLOADS = {name: Workload(f"{name}.image.tag", f"ghcr.io/acme/{name}") for name in ("core", "web")}
SHORTLY = timedelta(milliseconds=20)


class World:
    """The emulator, its application, and the git repository that it follows."""

    def __init__(self, argo: ArgoCdEmulator, git: BareGit) -> None:
        self.argo = argo
        self.application = argo[NAME]
        self.git = git
        self.changes: list[str] = []

    def commits(self, text: str) -> str:
        """Let a commit change the file."""
        parent = self.git.run("rev-parse", "main").strip()
        tree = self.git.tree(parent, [TreeEntry(place.FILE, sha=self.git.store(text.encode()))])
        sha = self.git.write_commit(tree, [parent], "Release")
        self.git.move("refs/heads/main", sha)
        return sha

    def client(self, token: str | None = "", timeout: float = 5.0, name: str = NAME) -> ArgoCd:
        secret = None if token is None else SecretStr(token or self.argo.token)
        return ArgoCd(self.settings(name), secret, timedelta(seconds=timeout))

    def settings(self, name: str = NAME, sync_timeout: float = 10, hard_refresh_after: float = 5) -> ArgoApplication:
        return ArgoApplication(
            url=self.argo.url,
            application=name,
            sync_timeout=timedelta(seconds=sync_timeout),
            hard_refresh_after=timedelta(seconds=hard_refresh_after),
        )

    async def contains(self, head: str, commit: str) -> bool:
        return commit in await asyncio.to_thread(self.git.log, head)

    async def arrives(self, commit: str, tag: str = "v2", sync_timeout: float = 10, hard: float = 5) -> Arrival:
        """Wait for a commit with the tag of `core` and what `web` had."""

        async def noted(seen: Seen) -> None:
            self.changes.append(seen.told)

        settings = self.settings(NAME, sync_timeout, hard)
        journey = Journey(
            self.client(), settings, SystemClock(), self.contains, noted, every=SHORTLY, patience=10 * SHORTLY
        )
        return await journey.arrive(Aim(commit, {f"ghcr.io/acme/core:{tag}", "ghcr.io/acme/web:v1"}))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    bare = place.bare_repository(tmp_path, {place.FILE: TEXT})
    application = Application(NAME, bare, PurePosixPath(place.FILE), WORKLOADS, SystemClock())
    async with ArgoCdEmulator(application) as argo:
        made = World(argo, BareGit(bare))
        head = made.git.run("rev-parse", "main").strip()
        assert (await made.arrives(head, "v1")).arrived
        made.argo.requests.clear()
        made.changes.clear()
        yield made


def released(world: World, tag: str = "v2") -> str:
    return world.commits(TEXT.replace("tag: v1", f"tag: {tag}", 1))


async def test_an_application_is_read_with_all_that_argocd_says(world: World) -> None:
    seen = await world.client().application()
    assert (seen.sync, seen.health, seen.settled) == ("Synced", "Healthy", True)
    assert seen.images == ("ghcr.io/acme/core:v1", "ghcr.io/acme/web:v1")
    assert seen.operation is not None
    assert (seen.operation.phase, seen.operation.revision) == ("Succeeded", seen.revision)
    assert seen.runs("mirror.example:5000/acme/core:v1")
    assert not seen.runs("ghcr.io/acme/core:v2")


@pytest.mark.parametrize("automated", [False, True], ids=["by hand", "by itself"])
async def test_a_commit_arrives_and_every_change_is_told(world: World, automated: bool) -> None:
    world.application.automated = automated
    commit = released(world)
    arrival = await world.arrives(commit)
    assert arrival.arrived, arrival.problem
    assert not arrival.hard_refreshed
    assert arrival.application is not None
    assert arrival.application.revision == commit
    assert world.changes[-1] == f"Synced at {commit[:8]}, Healthy, sync succeeded"
    assert len(world.changes) > 1
    asked = [request for request in world.argo.requests if request[0] == "POST"]
    assert len(asked) == (0 if automated else 1)


async def test_a_later_commit_of_somebody_else_counts_while_it_has_the_images(world: World) -> None:
    commit = released(world)
    later = world.commits(TEXT.replace("tag: v1", "tag: v2", 1) + "# more\n")
    arrival = await world.arrives(commit)
    assert arrival.arrived
    assert arrival.application is not None
    assert arrival.application.revision == later


async def test_a_commit_that_is_not_seen_is_forced_by_a_hard_refresh(world: World) -> None:
    world.application.stuck = True
    arrival = await world.arrives(released(world), hard=0.2)
    assert (arrival.arrived, arrival.hard_refreshed) == (True, True)
    assert [path for _, path in world.argo.requests if "hard" in path] == [f"/api/v1/applications/{NAME}?refresh=hard"]


async def test_an_earlier_sync_that_hangs_is_ended(world: World) -> None:
    released(world, "v7")
    await world.client().refresh()
    world.application.sync_for = timedelta(hours=1)
    assert await world.client().sync()
    world.application.sync_for = SHORTLY
    arrival = await world.arrives(released(world), hard=0.2)
    assert arrival.arrived, arrival.problem
    assert ("DELETE", f"/api/v1/applications/{NAME}/operation") in world.argo.requests


async def test_a_sync_that_the_cluster_refuses_is_told_in_argocd_s_words(world: World) -> None:
    world.application.refusal = 'admission webhook "policy" denied the request'
    arrival = await world.arrives(released(world))
    assert not arrival.arrived
    assert "failed: one or more objects failed to apply" in arrival.problem
    assert 'Deployment core: SyncFailed (admission webhook "policy" denied the request)' in map(str, arrival.unwell)


async def test_the_failure_of_an_earlier_sync_is_not_ours(world: World) -> None:
    world.application.refusal = "quota"
    assert not (await world.arrives(released(world, "v5"), "v5")).arrived
    world.application.refusal = ""
    assert (await world.arrives(released(world))).arrived


async def test_another_attempt_at_the_same_commit_is_not_judged_by_the_one_before(world: World) -> None:
    commit = released(world)
    world.application.refusal = "quota"
    assert not (await world.arrives(commit)).arrived
    world.application.refusal = ""
    arrival = await world.arrives(commit)
    assert arrival.arrived, arrival.problem


async def test_a_commit_without_the_images_has_not_arrived(world: World) -> None:
    arrival = await world.arrives(released(world), "v3", sync_timeout=0.5)
    assert not arrival.arrived
    assert "Synced" in arrival.problem
    assert arrival.problem.endswith("not running: ghcr.io/acme/core:v3")


async def test_an_image_that_cannot_be_pulled_is_told_with_the_pod(world: World) -> None:
    world.application.unpullable = frozenset({"v2"})
    arrival = await world.arrives(released(world))
    assert not arrival.arrived
    assert "Degraded" in arrival.problem
    told = [str(one) for one in arrival.unwell]
    assert any(one.startswith("Pod core-") and "ErrImagePull" in one for one in told)
    assert not any("web" in one for one in told)


async def test_going_back_from_a_degraded_version_waits_until_it_is_well(world: World) -> None:
    world.application.unpullable = frozenset({"v2"})
    assert not (await world.arrives(released(world))).arrived
    arrival = await world.arrives(world.commits(TEXT), "v1")
    assert arrival.arrived, arrival.problem


async def test_a_slow_start_is_late_and_says_what_is_missing(world: World) -> None:
    world.application.start_for = timedelta(hours=1)
    arrival = await world.arrives(released(world), sync_timeout=0.5)
    assert not arrival.arrived
    assert "is not there after 0:00:00.500000: Synced at" in arrival.problem
    assert "Progressing" in arrival.problem


async def test_a_file_that_cannot_be_rendered_is_told_with_argocd_s_condition(world: World) -> None:
    commit = world.commits("core: [\n")
    arrival = await world.arrives(commit, sync_timeout=0.5, hard=0.2)
    assert not arrival.arrived
    assert "ComparisonError: Failed to load target state" in arrival.problem


async def test_an_outage_is_waited_out(world: World) -> None:
    commit = released(world)
    world.argo.faults.fail(502, times=2)
    world.argo.faults.show_a_web_page(times=2)
    assert (await world.arrives(commit)).arrived


async def test_an_outage_that_lasts_is_raised_when_the_time_is_over(world: World) -> None:
    commit = released(world)
    await world.argo.down()
    with pytest.raises(Unreachable) as error:
        await world.arrives(commit, sync_timeout=0.3)
    assert error.value.remedy


async def test_a_missing_permission_is_told_at_once(world: World) -> None:
    journey = Journey(world.client(world.argo.weak_token), world.settings(), SystemClock(), world.contains)
    with pytest.raises(Denied, match="permission denied") as error:
        await journey.arrive(Aim(released(world), ()))
    assert "applications, sync" in error.value.remedy


async def test_ending_no_sync_is_no_error(world: World) -> None:
    await world.client().terminate()


async def test_a_second_sync_waits_for_the_first(world: World) -> None:
    released(world)
    await world.client().refresh()
    world.application.sync_for = timedelta(hours=1)
    assert await world.client().sync()
    assert not await world.client().sync()


@pytest.mark.parametrize(
    ("token", "name", "kind", "words"),
    [
        (None, NAME, Denied, "Set ARGOCD_TOKEN"),
        ("stolen", NAME, Denied, "invalid session"),
        ("", "nothing", NotFound, "Correct `argocd.application`"),
    ],
)
async def test_a_wrong_setting_is_told_with_the_way_out(
    world: World, token: str | None, name: str, kind: type[ToolError], words: str
) -> None:
    with pytest.raises(kind) as error:
        await world.client(token, name=name).application()
    assert words in str(error.value)


async def test_answers_that_are_none_are_told_apart(world: World) -> None:
    client = world.client(timeout=0.2)
    world.argo.faults.show_a_web_page()
    with pytest.raises(Garbled, match="no JSON"):
        await client.application()
    world.argo.faults.fail(200, body="[]")
    with pytest.raises(Garbled, match="no application"):
        await client.application()
    world.argo.faults.fail(503, body="upstream")
    with pytest.raises(Unreachable, match="503"):
        await client.application()
    world.argo.faults.hang()
    with pytest.raises(TimedOut):
        await client.application()
    world.argo.faults.fail(302, body="")
    with pytest.raises(Denied, match="302"):
        await client.application()


@pytest.mark.parametrize(
    ("body", "words"),
    [({"dry_run": True}, "dry_run"), ({"revision": 1}, "not of type"), ({"syncOptions": ["x=y"]}, "not of type")],
)
def test_a_question_that_argocd_would_not_understand_is_noticed(body: dict[str, object], words: str) -> None:
    assert words in "".join(objections("POST", "/api/v1/applications/x/sync", {}, body))


def test_an_answer_that_argocd_would_not_give_is_noticed() -> None:
    path = "/api/v1/applications/x"
    assert violations("GET", path, 200, {"status": {"helth": {}}})
    assert violations("GET", path, 200, {"status": {"health": {"status": 5}}})
    assert not violations("GET", path, 404, {"error": "x", "code": 5, "message": "x"})
