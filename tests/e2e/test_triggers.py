"""Releases that nobody typed: what GitHub tells sets them off, on the real observer, even across a crash of the bot."""

import secrets
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from tests.emulators.github.webhooks import Webhook
from tests.stage.conversation import HANA, Conversation
from tests.stage.observer.site import ObserverSite
from tests.stage.observer.tree import replaced
from tests.stage.ports import free_port
from tests.stage.stage import Stage
from tests.stage.versions import publish

HOME = "acme/observer"
PEOPLE = {"ana": ["U0ANA", "github:ana"], "hana": ["U0HANA", "github:hana"]}


def staging(port: int) -> Mapping[str, Any]:
    """Describe an environment that every push to main is released to, beside production on the same server."""
    return {
        "triggers": {"branches": ["main"], "tags": []},
        "health": {"probe": {"url": f"http://127.0.0.1:{port}/health"}},
    }


@pytest.fixture
def place(stage: Stage, request: pytest.FixtureRequest) -> Iterator[ObserverSite]:
    """The observer with v1.2.2 in production and nothing in staging yet."""
    port = free_port()
    bot = {"webhooks": {"port": free_port()}, "people": PEOPLE}
    site = ObserverSite(stage, stage.scratch(request.node.name), environments={"staging": staging(port)}, bot=bot)
    site.prepare()
    settings = site.server_directory.with_name("staging") / ".env"
    settings.write_text(settings.read_text().replace(f"OBSERVER_PORT={site.port}", f"OBSERVER_PORT={port}"))
    yield site
    site.clear()
    left = stage.server.docker(
        "ps", "--all", "--quiet", "--filter", "label=com.docker.compose.project=observer-staging"
    )
    if left.split():
        stage.server.docker("rm", "--force", "--volumes", *left.split())


@asynccontextmanager
async def told_by_github(site: ObserverSite) -> AsyncIterator[tuple[Conversation, Webhook]]:
    """Talk to a bot that GitHub sends webhooks to."""
    secret = secrets.token_hex(16)
    async with (
        Conversation(site, environ={"GITHUB_WEBHOOK_SECRET": secret}) as chat,
        Webhook(f"http://127.0.0.1:{site.bot['webhooks']['port']}/github", SecretStr(secret)) as hook,
    ):
        yield chat, hook


def push(site: ObserverSite, version: str, *, on: str = "v1.2.3") -> str:
    """Commit a version to main and tag it."""
    change = replaced("src/observer/__init__.py", on.removeprefix("v"), version.removeprefix("v"))
    commit = publish(site.bare, version, on=on, change=change, subject=f"Tell version {version}")
    subprocess.run(("git", "update-ref", "refs/heads/main", commit), cwd=site.bare, check=True)
    return commit


async def test_a_push_is_released_to_staging_and_a_tag_to_production(place: ObserverSite) -> None:
    async with told_by_github(place) as (chat, hook):
        first = push(place, "v1.3.0")
        assert (await hook.pushes(HOME, "main", first)).told == {"status": "accepted"}
        card = chat.slack.shows(await chat.card(shows="[Approve]"))
        for fact in (f"observer {first[:12]} (main) in staging", "Set off by a push of ana (GitHub) to main"):
            assert fact in card
        await chat.clicks("Approve", as_=HANA)
        await chat.card(shows=f"{first[:12]} (main) in staging runs")
        second = push(place, "v1.4.0", on="v1.3.0")
        await hook.pushes(HOME, "main", second)
        await chat.card(shows=f"{second[:12]} (main) in staging: waiting for approval")
        overtaken = chat.cards()[-1]
        third = push(place, "v1.5.0", on="v1.4.0")
        await hook.pushes(HOME, "main", third)
        assert f"{third[:12]} (main) came after it" in await chat.shows(overtaken, "superseded by")
        await chat.card(shows=f"{third[:12]} (main) in staging: waiting for approval")
        await chat.clicks("Approve", as_=HANA)
        await chat.card(shows=f"{third[:12]} (main) in staging runs")
        back = await chat.asks(f"/deploy rollback observer to {first[:12]} in staging")
        assert f"Rollback of observer to {first[:12]} in staging runs" in await chat.end(back)
        await chat.bot.kill()
        assert (await hook.tags(HOME, "v1.4.0", second)).status == 0
        await chat.bot.start()
        assert (await hook.again()).told == {"status": "accepted"}
        await chat.bot.kill()
        await chat.bot.start()
        assert (await hook.again()).told["status"] == "ignored"
        card = chat.slack.shows(await chat.card(shows="[Approve]"))
        for fact in ("observer v1.4.0 in production", "Set off by a new tag of ana (GitHub)"):
            assert fact in card
        await chat.clicks("Approve", as_=HANA)
        await chat.card(shows="v1.4.0 in production runs")
        assert '"1.4.0"' in place.answer()[1]
