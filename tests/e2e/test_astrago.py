"""S2 `astrago`: four components from one repository, released through a deployment repository that ArgoCD follows."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.emulators.slack.world import Message
from tests.stage.astrago.history import BOTH_SIDES, CORE_ONLY, CRASHING, EVERYTHING, FIRST, WEB_ONLY
from tests.stage.astrago.repository import COMPONENTS
from tests.stage.astrago.site import AstragoSite
from tests.stage.commands import tell
from tests.stage.conversation import HANA, Conversation
from tests.stage.registry import Registry
from tests.stage.stage import Stage
from tests.stage.timing import Timing, timing

VERSION_AT = {"core": "/health", "batch": "/health", "monitor": "/", "web": "/"}
PATIENT = {"report_at": 2, "lock_at": 99}
Chat = Conversation[AstragoSite]


@pytest.fixture(scope="module")
def spare(stage: Stage) -> Iterator[Registry]:
    """A second registry, for images that the first does not take."""
    with Registry(stage.directory / "spare-registry", stage.toolset) as registry:
        yield registry


@pytest.fixture(scope="module")
def first(stage: Stage) -> Iterator[Registry]:
    """The registry that images go to, if it lets them."""
    with Registry(stage.directory / "first-registry", stage.toolset) as registry:
        yield registry


@pytest.fixture(scope="module")
def shared_site(stage: Stage, first: Registry, spare: Registry) -> AstragoSite:
    """The service with its first version running, for all tests of the module."""
    place = AstragoSite(stage, stage.scratch("astrago"), failures=PATIENT, registry=first, spare=spare)
    place.prepare()
    return place


@pytest.fixture(scope="module")
async def talk(shared_site: AstragoSite) -> AsyncIterator[Chat]:
    """One conversation for all tests of the module, which follow one another as releases do."""
    async with shared_site.open(), Conversation(shared_site, environ=shared_site.tokens) as conversation:
        yield conversation


@pytest.fixture
async def chat(talk: Chat) -> AsyncIterator[Chat]:
    """The shared conversation, with nothing under way at the beginning and at the end of each test."""
    yield talk
    await talk.quiet()


async def asked(chat: Chat, version: str) -> Message:
    """Ask for a version, and wait for its question."""
    card = await chat.asks(f"/deploy astrago {version}")
    await chat.shows(card, "[Approve]")
    return card


async def approved(chat: Chat, card: Message) -> str:
    """Approve a plan, and wait for the end."""
    chat.slack.clicks(HANA, "Approve", card)
    return await chat.end(card)


async def test_only_what_changed_is_built_and_one_commit_changes_its_tag_alone(chat: Chat) -> None:
    site = chat.site
    before, commits = site.values, site.commits
    story = await chat.release(CORE_ONLY)
    old, new = site.tag("core", FIRST), site.tag("core", CORE_ONLY)
    for told in (
        f"astrago {CORE_ONLY} in stage runs",
        "skip_web_build: web: nothing below web/ changed",
        f"core.image.tag changed ({site.image_of('astrago-core')}:{old} -> {site.image_of('astrago-core')}:{new})",
        "- disk: Does not apply: the cluster chooses its nodes.",
        "Rollback: possible, to ",
        "core on astrago-stage is healthy",
        "✓ astrago-stage: ArgoCD: as it should be",
        "- astrago-stage: paths: Does not apply",
    ):
        assert told in story
    assert story.count(" built in ") == 1
    assert site.values == before.replace(old, new)
    assert len(site.commits) == len(commits) + 1
    assert site.commits[0].startswith(f"Release astrago {CORE_ONLY} to stage\n\nShipmate-Release: ")
    assert CORE_ONLY in await site.answer_of("core", "/health")
    assert FIRST in await site.answer_of("web")
    await chat.slack.until(lambda: site.linear["BE-577"].moves == ["Done"], 30)


async def test_a_second_release_waits_in_line_and_front_and_back_end_go_at_once(chat: Chat) -> None:
    site = chat.site
    one = await asked(chat, WEB_ONLY)
    two = await chat.asks(f"/deploy astrago {EVERYTHING}")
    await chat.shows(two, "waiting in line")
    assert f"astrago {WEB_ONLY} in stage runs" in await approved(chat, one)
    await chat.shows(two, "[Approve]")
    before, commits = site.values, site.commits
    story = await approved(chat, two)
    assert f"astrago {EVERYTHING} in stage runs" in story
    assert story.count(" built in ") == len(COMPONENTS)
    after = before
    for name, ran in zip(COMPONENTS, (CORE_ONLY, FIRST, FIRST, WEB_ONLY), strict=True):
        after = after.replace(site.tag(name, ran), site.tag(name, EVERYTHING))
        assert EVERYTHING in await site.answer_of(name, VERSION_AT[name])
    assert site.values == after
    assert len(site.commits) == len(commits) + 1
    told = await timing(site.directory / "shipmate.db")
    tell(str(told))
    assert_on_time(told)


def assert_on_time(told: Timing) -> None:
    """Hold a release of everything to its goals: ten minutes for all, two for the sync."""
    assert told.whole < 600
    assert told.sync < 120
    assert told.share_in_stages > 0.9


async def test_an_image_that_does_not_start_is_taken_back_in_one_commit(chat: Chat) -> None:
    site = chat.site
    before, commits = site.values, site.commits
    story = await chat.release(CRASHING)
    assert f"astrago {CRASHING} in stage: failed and was rolled back" in story
    assert "CrashLoopBackOff" in story
    assert "monitor on astrago-stage is back at" in story
    assert site.values == before
    assert len(site.commits) == len(commits) + 2
    assert site.commits[0].startswith(f"Put astrago in stage back to what ran before {CRASHING}\n")
    assert site.application.health == "Healthy"


async def test_a_sync_that_the_cluster_refuses_is_taken_back(chat: Chat) -> None:
    site = chat.site
    before = site.values
    card = await asked(chat, BOTH_SIDES)
    site.application.refusal = 'admission webhook "quota" denied the request'
    chat.slack.clicks(HANA, "Approve", card)
    await chat.slack.until(lambda: site.application.sync and site.application.sync.phase == "Failed", 30)
    site.application.refusal = ""
    story = await chat.end(card)
    assert f"astrago {BOTH_SIDES} in stage: failed and was rolled back" in story
    assert 'admission webhook "quota" denied the request' in story
    await chat.slack.until(lambda: site.linear["BE-612"].moves == ["In Progress"], 30)
    assert site.values == before
    assert (site.application.sync_status, site.application.health) == ("Synced", "Healthy")


async def test_a_rollback_by_hand_writes_the_earlier_tags_back(chat: Chat) -> None:
    site = chat.site
    commits = site.commits
    story = await chat.end(await chat.asks("/deploy rollback astrago"))
    assert f"Rollback of astrago to {WEB_ONLY} in stage runs" in story
    for name, ran in zip(COMPONENTS, (CORE_ONLY, FIRST, FIRST, WEB_ONLY), strict=True):
        assert site.tag(name, ran) in site.values
    assert len(site.commits) == len(commits) + 1
    assert WEB_ONLY in await site.answer_of("web")
    told = chat.slack.shows(await chat.answered("/deploy status astrago"))
    assert f"core: {WEB_ONLY} at commit" in told


async def test_p2_what_somebody_else_commits_elsewhere_meanwhile_stays_and_stops_nothing(chat: Chat) -> None:
    site = chat.site
    card = await asked(chat, EVERYTHING)
    site.somebody_writes("  environment: stage\n", "  environment: stage  # the second of three\n")
    assert f"astrago {EVERYTHING} in stage runs" in await approved(chat, card)
    assert "# the second of three" in site.values
    assert site.tag("web", EVERYTHING) in site.values


async def test_p2_what_somebody_else_commits_to_our_tag_meanwhile_voids_the_approval(chat: Chat) -> None:
    site = chat.site
    ours, theirs = site.tag("web", EVERYTHING), "web-stage-hotfix"
    card = await asked(chat, BOTH_SIDES)
    site.somebody_writes(ours, theirs)
    story = await approved(chat, card)
    assert f"astrago {BOTH_SIDES} in stage: refused, nothing was touched" in story
    assert f"before: tag changed from {ours} to {theirs}" in story
    assert theirs in site.values
    assert site.tag("core", BOTH_SIDES) not in site.values
    site.somebody_writes(theirs, ours)


async def test_a_registry_that_is_away_is_replaced_by_the_fallback_in_plan_and_file(
    chat: Chat, first: Registry, spare: Registry
) -> None:
    site = chat.site
    first.stop()
    try:
        story = await chat.release(BOTH_SIDES)
    finally:
        first.start()
    assert f"astrago {BOTH_SIDES} in stage runs" in story
    assert "was not taken by its registry" in story
    for name in ("core", "web"):
        assert f"{spare.address}/astrago/{name}" in site.values
        assert site.application.images[name] == f"{spare.address}/astrago/{name}:{site.tag(name, BOTH_SIDES)}"
    assert site.image_of("astrago-batch") in site.values
    await chat.slack.until(lambda: site.linear["BE-612"].moves == ["In Progress", "Done"], 30)
    back = await chat.end(await chat.asks("/deploy rollback astrago"))
    assert f"Rollback of astrago to {EVERYTHING} in stage runs" in back
    assert spare.address not in site.values
