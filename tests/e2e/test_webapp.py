"""S4 `webapp`: front end and back end in one release, with only that done which a change concerns (P10, P12, P15)."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from agents.entrypoints.export import export
from agents.entrypoints.wiring import opened_store
from config.loading import load
from tests.stage.conversation import Conversation
from tests.stage.stage import Stage
from tests.stage.webapp.repository import API, BOTH, CONFIG, DEAD_PAGES, PAGES, SHARED, TIRING
from tests.stage.webapp.site import WebappSite

PATIENT = {"report_at": 2, "lock_at": 99}
"""Where tests share a site, one test's failures must not lock the target for the next."""
SUITES = ("backend", "frontend", "e2e", "performance", "security")
PINNED = {"text": "Water the plants", "likes": 0}
Chat = Conversation[WebappSite]


@pytest.fixture(scope="module")
def site(stage: Stage) -> Iterator[WebappSite]:
    """The service with v1.0.0 of both components running."""
    place = WebappSite(stage, stage.scratch("webapp"), failures=PATIENT)
    place.prepare()
    yield place
    place.clear()


@pytest.fixture(scope="module")
async def talk(site: WebappSite) -> AsyncIterator[Chat]:
    """One conversation for all tests of the module, which follow one another as releases do."""
    async with Conversation(site) as conversation:
        yield conversation


@pytest.fixture
async def chat(talk: Chat) -> AsyncIterator[Chat]:
    """The shared conversation, with nothing under way at the beginning and at the end of each test."""
    yield talk
    await talk.quiet()


def serves(site: WebappSite, backend: str, frontend: str) -> None:
    """Look at what people get: which version of each side runs, and that the note pinned at the beginning is there."""
    assert site.running() == f"{site.tag(backend)} {site.tag(frontend)}"
    status, page = site.answer("/")
    assert (status, f"Version {frontend}<" in page) == (200, True)
    status, notes = site.answer("/api/notes")
    assert (status, json.loads(notes)) == (200, [PINNED])


async def test_front_end_and_back_end_are_released_together_with_their_migration(chat: Chat) -> None:
    site = chat.site
    assert site.pin("Water the plants") == 201
    assert site.answer("/api/notes") == (200, '[{"text": "Water the plants"}]')
    story = await chat.release(BOTH)
    for told in (
        f"webapp {BOTH} in production runs",
        "run_everything: frontend (web/src/components/notes.js and 1 more), backend (server/board.py), database",
        "Suite backend: passed, 6 tests, coverage 100 %",
        "Suite frontend: passed, 3 tests, coverage 100 %",
        "Suite e2e: passed, 2 tests",
        "Suite performance: passed, score ",
        "Suite security: passed, ",
        "\u2713 image: 2 image(s) exist.",
        "\u2713 previous-image: webapp-1: previous image kept.",
        "backend on webapp-1 is healthy",
        "frontend on webapp-1 is healthy",
    ):
        assert told in story
    for component in ("backend", "frontend"):  # by commit, and by the time beside it
        assert {len(tag) for tag in site.published(component)} == {len("a1b2c3d"), len("20260206-160000")}
    serves(site, BOTH, BOTH)


async def test_a_change_of_pages_alone_leaves_the_back_end_untested_unbuilt_and_unmoved(chat: Chat) -> None:
    container = chat.site.container("backend")
    story = await chat.release(PAGES)
    assert f"webapp {PAGES} in production runs" in story
    assert "skip_backend_test: Only frontend (web/src/pages/index.html) changed." in story
    assert "skip_backend_build: Nothing that backend is made of changed." in story
    assert "backend: not run. Only frontend (web/src/pages/index.html) changed." in story
    assert story.count(" built in ") == 1
    assert chat.site.container("backend") == container
    serves(chat.site, BOTH, PAGES)


@pytest.mark.parametrize(
    ("version", "decided"),
    [
        (API, ("skip_performance_test: Only backend (server/board.py) changed.", "skip_frontend_build: Nothing that")),
        (SHARED, ("run_everything: Only shared (shared/limits.json) changed.", "suites: backend, frontend, e2e, ")),
        (PAGES, ("skip_pipeline: Nothing changed.",)),
    ],
)
async def test_what_a_change_needs_is_decided_by_rules_and_told_with_the_reason(
    chat: Chat, version: str, decided: tuple[str, ...]
) -> None:
    card = await chat.asks(f"/deploy webapp {version} --dry-run")
    story = await chat.end(card)
    assert [told for told in decided if told not in story] == []
    serves(chat.site, BOTH, PAGES)


async def test_a_change_of_configuration_alone_is_looked_at_by_the_other_suites_and_not_built_or_deployed(
    chat: Chat,
) -> None:
    story = await chat.end(await chat.asks(f"/deploy webapp {CONFIG}"))
    for action in ("skip_unit_test", "skip_build", "skip_deploy"):
        assert f"{action}: Only config (audit/advisories.json and 1 more) changed." in story
    assert [name for name in SUITES if f"Suite {name}: passed" in story] == ["e2e", "performance"]
    assert "Suite security: warning, " in story
    assert "1 advisory below high" in story
    assert "Nothing to build or deploy. Suites that look at the change: warning." in story
    assert " built in " not in story
    serves(chat.site, BOTH, PAGES)


async def test_p12_pages_that_do_not_start_take_the_back_end_of_their_release_back_with_them(chat: Chat) -> None:
    story = await chat.release(DEAD_PAGES)
    assert f"webapp {DEAD_PAGES} in production: failed and was rolled back" in story
    assert "backend on webapp-1 is healthy" in story
    assert "frontend on webapp-1 did not become healthy" in story
    assert f"frontend on webapp-1 is back at {chat.site.tag(PAGES)}" in story
    assert f"backend on webapp-1 is back at {chat.site.tag(BOTH)}" in story
    assert "NOT mounted" not in story
    serves(chat.site, BOTH, PAGES)


async def test_p12_an_api_that_fails_only_under_load_is_seen_by_the_watchdog_and_both_sides_go_back(
    chat: Chat,
) -> None:
    story = await chat.release(TIRING)
    assert f"webapp {TIRING} in production: failed and was rolled back" in story
    assert "\u2717 verify" in story
    assert "met a server error: GET http://127.0.0.1:" in story
    assert f"frontend on webapp-1 is back at {chat.site.tag(PAGES)}" in story
    assert f"backend on webapp-1 is back at {chat.site.tag(BOTH)}" in story
    serves(chat.site, BOTH, PAGES)


async def test_the_export_tells_every_pipeline_with_its_decisions_and_what_each_side_ran_before(chat: Chat) -> None:
    site = chat.site
    async with opened_store(load(site.config, {})) as store:
        exported = await export(store, "webapp")
    released: dict[str, Any] = next(one for one in exported["pipelines"] if one["version"] == PAGES)
    assert released["status"] == "success"
    assert [(stage["name"], stage["status"]) for stage in released["stages"]][:3] == [
        ("analyze", "passed"),
        ("test", "passed"),
        ("build", "passed"),
    ]
    assert released["changes"]["categories"] == {"frontend": ["web/src/pages/index.html"], "backend": []}
    assert {"action": "skip_backend_test", "reason": "Only frontend (web/src/pages/index.html) changed."} in released[
        "decisions"
    ]
    registry = exported["rollback_registry"]["services"]
    assert registry["frontend"]["current"] == f"{site.image('frontend')}:{site.tag(PAGES)}"
    assert registry["frontend"]["previous"] == f"{site.image('frontend')}:{site.tag(BOTH)}"
    assert registry["backend"]["current"] == f"{site.image('backend')}:{site.tag(BOTH)}"
    assert exported["stats"]["consecutive_failures"] == 2
