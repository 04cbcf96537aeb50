"""The deployment repository written through the real client, with real git behind it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.targets import GitopsTarget
from tests.contract import deployment_repository as place
from tests.contract.github_schema import conforming
from tests.emulators.github import GitHubEmulator
from tools.clock import SystemClock
from tools.errors import Denied, Garbled, NotFound, TimedOut, ToolError, Unreachable
from tools.github_client import GithubClient
from tools.gitops import Change, Conflict, DeploymentRepository, Written, message
from tools.gitops_pins import Pin

WRITERS = 20
TEXT = """\
# Which images run in dev. Written by the release bot; comments stay.
core: &backend
  image:
    tag: core-stage-00000000   # the API
  replicas: 2
batch:
  image: {tag: 'batch-stage-00000000', pullPolicy: Always}
web:
  image:
    tag: "web-stage-00000000"
"""
MANY = "\n".join(f"part{number}:  # {number}\n  image: {{tag: v0}}" for number in range(WRITERS)) + "\n"
IMAGES = {name: f"{name}.image.tag" for name in ("core", "batch", "web")}
FILES = {place.FILE: TEXT, "many.yaml": MANY, "broken.yaml": "core: [\n", "README.md": "x\n"}


@pytest.fixture(autouse=True)
def conformity() -> Iterator[None]:
    with conforming():
        yield


@pytest.fixture
async def github(tmp_path: Path) -> AsyncIterator[GitHubEmulator]:
    async with GitHubEmulator({place.NAME: place.bare_repository(tmp_path, FILES)}) as emulator:
        yield emulator


@pytest.fixture
async def client(github: GitHubEmulator) -> AsyncIterator[GithubClient]:
    connected = place.client(github)
    yield connected
    connected.close()


@pytest.fixture
def deployments(client: GithubClient) -> DeploymentRepository:
    return place.repository(client, place.target(IMAGES))


def moved(component: str, before: str = "00000000", after: str = "11111111") -> dict[str, Change]:
    stage = f"{component}-stage"
    return {component: Change(Pin(f"{stage}-{before}"), Pin(f"{stage}-{after}"))}


async def test_what_stands_is_read_with_its_commit(deployments: DeploymentRepository, github: GitHubEmulator) -> None:
    standing = await deployments.standing()
    assert standing.commit == github[place.NAME].git.resolve("main")
    assert standing.pins == {name: Pin(f"{name}-stage-00000000") for name in IMAGES}


async def test_a_release_is_one_commit_that_changes_nothing_but_its_tags(
    deployments: DeploymentRepository, github: GitHubEmulator
) -> None:
    written = await deployments.write("r-1", "Release astrago abc to dev", moved("core") | moved("web"))
    assert isinstance(written, Written)
    assert (written.attempts, written.fresh) == (1, True)
    expected = TEXT.replace("core-stage-00000000", "core-stage-11111111")
    assert place.shown(github) == expected.replace("web-stage-00000000", "web-stage-11111111")
    assert place.messages(github) == [message("r-1", "Release astrago abc to dev").strip(), "Start"]
    assert written.commit == github[place.NAME].git.resolve("main")
    assert (await deployments.standing(f"{written.commit}~1")).pins["core"] == Pin("core-stage-00000000")


async def test_a_repeated_write_finds_its_own_commit(deployments: DeploymentRepository, github: GitHubEmulator) -> None:
    first = await deployments.write("r-1", "Release", moved("core"))
    await deployments.write("r-2", "Release", moved("batch"))
    again = await deployments.write("r-1", "Release", moved("core"))
    assert isinstance(first, Written)
    assert again == Written(first.commit, 1, fresh=False)
    assert len(place.messages(github)) == 3


async def test_a_rollback_writes_the_earlier_tags_back_and_leaves_other_changes(
    deployments: DeploymentRepository, github: GitHubEmulator
) -> None:
    forward = moved("core") | moved("web")
    await deployments.write("r-1", "Release", forward)
    await deployments.write("r-2", "Release", moved("batch"))
    back = {name: Change(change.after, change.before) for name, change in forward.items()}
    written = await deployments.write("r-1/rollback", "Put back what ran before", back)
    assert isinstance(written, Written)
    assert place.shown(github) == TEXT.replace("batch-stage-00000000", "batch-stage-11111111")
    assert len(place.messages(github)) == 4


async def test_somebody_elses_change_of_the_same_image_is_told_and_kept(
    deployments: DeploymentRepository, github: GitHubEmulator
) -> None:
    by_hand = await deployments.write("by-hand", "Try something", moved("core", after="22222222"))
    assert isinstance(by_hand, Written)
    before = place.shown(github)
    met = await deployments.write("r-1", "Release", moved("core") | moved("web"))
    assert isinstance(met, Conflict)
    assert (met.component, met.expected, met.found) == ("core", Pin("core-stage-00000000"), Pin("core-stage-22222222"))
    assert met.commit == by_hand.commit
    assert "Release again" in met.told
    assert place.shown(github) == before


async def test_a_commit_of_ours_that_somebody_took_back_is_not_made_again(
    deployments: DeploymentRepository, github: GitHubEmulator
) -> None:
    await deployments.write("r-1", "Release", moved("core"))
    await deployments.write("by-hand", "No", moved("core", before="11111111", after="00000000"))
    met = await deployments.write("r-1", "Release", moved("core"))
    assert isinstance(met, Conflict)
    assert (met.expected, met.found) == (Pin("core-stage-11111111"), Pin("core-stage-00000000"))
    assert len(place.messages(github)) == 3


async def test_what_stands_there_already_needs_no_commit(
    deployments: DeploymentRepository, github: GitHubEmulator
) -> None:
    await deployments.write("by-hand", "By hand", moved("core"))
    written = await deployments.write("r-1", "Release", moved("core"))
    assert isinstance(written, Written)
    assert not written.fresh
    assert len(place.messages(github)) == 2


async def test_a_lost_answer_does_not_write_twice(deployments: DeploymentRepository, github: GitHubEmulator) -> None:
    github.faults.lose_answers(path="/contents/", method="PUT")
    written = await deployments.write("r-1", "Release", moved("core"))
    assert isinstance(written, Written)
    assert len(place.messages(github)) == 2


async def test_twenty_writers_from_two_processes_all_land(github: GitHubEmulator) -> None:
    """Two connections stand for two bots; each of them has ten releases under way."""
    both = [place.client(github) for _ in range(2)]
    await _all_land(github, [place.repository(both[number % 2], _part(number)) for number in range(WRITERS)])
    for connected in both:
        connected.close()


async def test_twenty_writers_who_know_nothing_of_each_other_all_land(github: GitHubEmulator) -> None:
    every = [place.client(github) for _ in range(WRITERS)]
    await _all_land(github, [place.repository(one, _part(number)) for number, one in enumerate(every)])
    for connected in every:
        connected.close()


def _part(number: int) -> GitopsTarget:
    return place.target({f"part{number}": f"part{number}.image.tag"}, "many.yaml")


async def _all_land(github: GitHubEmulator, writers: list[DeploymentRepository]) -> None:
    written = await asyncio.gather(
        *(
            writer.write(f"r-{number}", "Release", {f"part{number}": Change(Pin("v0"), Pin(f"v{number + 1}"))})
            for number, writer in enumerate(writers)
        )
    )
    landed = [one for one in written if isinstance(one, Written) and one.fresh]
    assert len({one.commit for one in landed}) == WRITERS
    expected = MANY
    for number in range(WRITERS):
        expected = expected.replace(f"# {number}\n  image: {{tag: v0}}", f"# {number}\n  image: {{tag: v{number + 1}}}")
    assert place.shown(github, "many.yaml") == expected
    assert len(place.messages(github)) == WRITERS + 1


async def test_a_race_that_never_ends_is_given_up_in_time(client: GithubClient, github: GitHubEmulator) -> None:
    raced = json.dumps({"message": f"{place.FILE} does not match {'0' * 40}", "status": "409"})
    github.faults.fail(409, path="/contents/", method="PUT", body=raced, times=1000)
    limit = timedelta(seconds=0.3)
    hurried = DeploymentRepository(client, place.target(IMAGES), SystemClock(), limit, jitter=lambda: 0.5)
    with pytest.raises(TimedOut, match="kept changing") as error:
        await hurried.write("r-1", "Release", moved("core"))
    assert "Nothing was written" in error.value.standing
    assert len(place.messages(github)) == 1


@pytest.mark.parametrize(
    "said",
    [
        (409, "Could not update file: Changes must be made through a pull request."),
        (409, "Repository rule violations found\n\nCannot update this protected ref."),
        (422, "refusing to allow: protected branch hook declined"),
        (403, "Resource not accessible by integration"),
    ],
)
async def test_a_refusal_is_told_with_the_way_out(
    deployments: DeploymentRepository, github: GitHubEmulator, said: tuple[int, str]
) -> None:
    status, words = said
    github.faults.fail(status, path="/contents/", method="PUT", body=json.dumps({"message": words}))
    with pytest.raises(Denied) as error:
        await deployments.write("r-1", "Release", moved("core"))
    assert error.value.remedy
    assert error.value.standing == "Nothing was written."
    assert len(place.messages(github)) == 1


@pytest.mark.parametrize(
    ("file", "images", "kind"),
    [
        ("nothing.yaml", IMAGES, NotFound),
        ("astrago", IMAGES, Garbled),
        ("broken.yaml", IMAGES, Garbled),
        (place.FILE, {"core": "core.tag"}, NotFound),
        (place.FILE, {"core": "core.image"}, Garbled),
    ],
)
async def test_a_file_or_place_that_is_not_there_is_told_with_the_way_out(
    client: GithubClient, file: str, images: dict[str, str], kind: type[ToolError]
) -> None:
    with pytest.raises(kind) as error:
        await place.repository(client, place.target(images, file)).standing()
    assert error.value.remedy
    assert error.value.standing == "Nothing was written."


async def test_an_outage_is_no_conflict(deployments: DeploymentRepository, github: GitHubEmulator) -> None:
    await github.down()
    with pytest.raises(Unreachable):
        await deployments.write("r-1", "Release", moved("core"))
