"""S1 end to end: conversations about a service on the bot's own machine, on real git, engine and registry."""

import asyncio
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.emulators.codecov import CodecovEmulator
from tests.stage.app.repository import FIRST, GOOD, NEWEST
from tests.stage.app.site import PLATFORMS, AppSite
from tests.stage.conversation import HANA, MAX, Conversation
from tests.stage.site import ROOT
from tests.stage.stage import Stage
from tools.registry import Registry

NAMES = "APP_GREETING, APP_PORT, APP_TOKEN"


@pytest.fixture
def app(stage: Stage, request: pytest.FixtureRequest) -> Iterator[AppSite]:
    """The app service with v1.0.0 running, started by hand."""
    place = AppSite(stage, stage.scratch(request.node.name[:40]))
    place.prepare()
    yield place
    place.clear()


@pytest.fixture
async def codecov() -> AsyncIterator[CodecovEmulator]:
    async with CodecovEmulator() as emulator:
        yield emulator


def account(codecov: CodecovEmulator) -> dict[str, str]:
    return {"CODECOV_TOKEN": codecov.token, "CODECOV_URL": codecov.url}


def reached(app: AppSite) -> bytes:
    """Read the env file on the machine, which is its owner's alone."""
    file = app.server_directory / ".env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return file.read_bytes()


async def test_a_release_passes_the_quality_gate_is_built_for_two_platforms_and_deployed_without_ssh(
    app: AppSite, codecov: CodecovEmulator
) -> None:
    async with Conversation(app, environ=account(codecov)) as chat:
        card = await chat.asks(f"/deploy app {GOOD}")
        asked = await chat.shows(card, "[Approve]")
        for fact in ("lint: passed", "format: passed", "unit: passed, 4 tests, coverage 9", "Coverage sent to Codecov"):
            assert fact in asked
        assert f"Env file: .env from ENV_FILE (new or changed): {NAMES}" in asked
        assert app.greets() == "by hand"
        chat.slack.clicks(HANA, "Approve", card)
        story = await chat.end(card)
        assert f"app {GOOD} in production runs" in story
        assert "✓ app on here: endpoints: as it should be" in story
        assert "✓ here: prune: " in story
        assert (app.running(), app.greets()) == (app.tag(GOOD), "hello")
        assert reached(app) == app.env_file.encode()
        (report,) = codecov.stored
        assert (report.slug, report.flags) == ("acme/app", ("unit",))
        assert report.commit.startswith(app.tag(GOOD))
        for place, told in chat.everything_told().items():
            assert app.secret not in told, place
            assert codecov.token not in told, place
    registry = Registry()
    digest = await registry.digest(app.image, app.tag(GOOD))
    assert digest is not None
    assert digest == await registry.digest(app.image, "latest")
    for platform in PLATFORMS:
        assert await registry.size_bytes(app.image, digest, platform) > 0


async def test_coverage_is_shown_as_it_went_a_codecov_that_refuses_holds_nothing_up_and_old_images_go(
    app: AppSite, codecov: CodecovEmulator
) -> None:
    async with Conversation(app, environ=account(codecov) | {"CODECOV_TOKEN": "x" * 36}) as chat:
        first = await chat.release(GOOD)
        assert "Coverage not uploaded. Codecov did not take the report: " in first
        assert "Not valid tokenless upload" in first
        second = await chat.release(NEWEST)
        assert f"app {NEWEST} in production runs" in second
        assert f"since {GOOD})" in second
        told = chat.slack.shows(await chat.answered("/deploy stats app"))
        assert "Coverage of unit: " in told
        assert f"since {GOOD}), {NEWEST}" in told
        kept = app.kept()
        assert app.tag(FIRST) not in kept
        assert {app.tag(GOOD), app.tag(NEWEST)} <= set(kept)
        assert not [tag for tag in kept if tag.endswith("arm64")]
        back = await chat.end(await chat.asks("/deploy rollback app", as_=MAX))
        assert f"Rollback of app to {GOOD} in production runs" in back
        assert (app.running(), app.greets()) == (app.tag(GOOD), "hello")


async def test_a_failed_release_brings_the_old_env_file_back_and_new_values_void_an_approval(app: AppSite) -> None:
    async with Conversation(app) as chat:
        assert f"app {GOOD} in production runs" in await chat.release(GOOD)
        before = reached(app)
        await given(chat, app.env_file.replace("hello", "good evening"))
        story = await chat.release("v1.1.4")
        assert "app v1.1.4 in production: failed and was rolled back" in story
        assert "answered 404" in story
        assert (app.running(), app.greets(), reached(app)) == (app.tag(GOOD), "hello", before)
        card = await chat.asks(f"/deploy app {NEWEST}")
        assert "(new or changed)" in await chat.shows(card, "[Approve]")
        await given(chat, app.env_file.replace("hello", "good night"))
        chat.slack.clicks(HANA, "Approve", card)
        assert "Env file: its content changed." in await chat.end(card)
        assert (app.running(), reached(app)) == (app.tag(GOOD), before)
        back = await chat.end(await chat.asks(f"/deploy rollback app to {app.tag(FIRST)}", as_=MAX))
        assert "in production runs" in back
        assert (app.running(), app.greets()) == (app.tag(FIRST), "by hand")
        for place, told in chat.everything_told().items():
            assert app.secret not in told, place
            assert app.secret[::-1] not in told, place


async def given(chat: Conversation[AppSite], env_file: str) -> None:
    """Start the bot again with another ENV_FILE, as its service manager does after a change."""
    await chat.bot.stop()
    chat.bot.given(ENV_FILE=env_file)
    await chat.bot.start()
    await chat.slack.connected()


async def test_what_fails_the_quality_gate_touches_nothing_and_a_second_release_waits_in_line(app: AppSite) -> None:
    app.failures = {"report_at": 2, "lock_at": 99}
    app.write_settings()
    async with Conversation(app) as chat:
        for version, told in {
            "v1.1.1": "lint: Its command ended with exit code 1.",
            "v1.1.2": "format: Its command ended with exit code 1.",
            "v1.1.3": "below the minimum of 80 %.",
        }.items():
            story = await chat.release(version)
            assert f"app {version} in production: failed" in story
            assert told in story
        assert app.greets() == "by hand"
        first = await chat.asks(f"/deploy app {GOOD}")
        await chat.shows(first, "[Approve]")
        second = await chat.asks(f"/deploy app {NEWEST}", as_=MAX)
        assert GOOD in await chat.shows(second, "waiting in line")
        chat.slack.clicks(HANA, "Approve", first)
        assert f"app {GOOD} in production runs" in await chat.end(first)
        await chat.shows(second, "[Approve]")
        chat.slack.clicks(HANA, "Approve", second)
        assert f"app {NEWEST} in production runs" in await chat.end(second)
        assert app.running() == app.tag(NEWEST)


async def test_without_the_env_file_to_write_a_release_is_refused_and_doctor_tells_what_to_set(app: AppSite) -> None:
    app.given = False
    async with Conversation(app) as chat:
        story = await chat.verdict(f"/deploy app {GOOD}")
        assert "ENV_FILE is not set, so" in story
        assert "Set ENV_FILE in the bot's environment" in story
        assert app.greets() == "by hand"
        looked = await asyncio.to_thread(doctor, chat)
        assert "here: env file" in looked
        assert "ENV_FILE is not set, so .env cannot be written" in looked
        assert "CODECOV_TOKEN is not set: no coverage report is sent" in looked


def doctor(chat: Conversation[AppSite]) -> str:
    """Ask the command line what is missing, in the same environment as the bot."""
    argv = (sys.executable, "-m", "agents", "doctor")
    return subprocess.run(argv, cwd=ROOT, env=chat.site.environ(), capture_output=True, text=True, check=False).stdout
