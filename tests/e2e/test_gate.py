"""S1 before any release: what is pushed or proposed passes the suites, and the result stands beside the commit."""

import secrets
import subprocess
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from tests.emulators.github.webhooks import Webhook
from tests.stage.app.repository import GOOD
from tests.stage.app.site import AppSite
from tests.stage.conversation import Conversation
from tests.stage.ports import free_port
from tests.stage.stage import Stage

HOME, UNTESTED = "acme/app", "v1.1.3"


@pytest.fixture
def app(stage: Stage, request: pytest.FixtureRequest) -> Iterator[AppSite]:
    """The app service, of which nothing runs yet."""
    place = AppSite(stage, stage.scratch(request.node.name[:40]), bot={"webhooks": {"port": free_port()}})
    place.prepare(running="")
    yield place
    place.clear()


def branch(app: AppSite, name: str, version: str) -> str:
    """Push a version as a branch; returns its commit."""
    subprocess.run(("git", "update-ref", f"refs/heads/{name}", f"{version}^0"), cwd=app.bare, check=True)
    told = subprocess.run(("git", "rev-parse", name), cwd=app.bare, check=True, capture_output=True, text=True)
    return told.stdout.strip()


async def test_a_push_and_a_pull_request_pass_the_gate_and_no_release_begins(app: AppSite) -> None:
    secret = secrets.token_hex(16)
    address = f"http://127.0.0.1:{app.bot['webhooks']['port']}/github"
    async with (
        Conversation(app, environ={"GITHUB_WEBHOOK_SECRET": secret}) as chat,
        Webhook(address, SecretStr(secret)) as hook,
    ):
        there = chat.github[HOME]

        def verdict(commit: str) -> str:
            found = [one for one in there.check_runs.values() if (one.sha, one.name) == (commit, "shipmate tests")]
            return str(found[-1].fields.get("conclusion", "")) if found else ""

        def told(commit: str) -> str:
            found = [one for one in there.check_runs.values() if (one.sha, one.name) == (commit, "shipmate tests")]
            return str(found[-1].fields["output"])

        good, bad = branch(app, "good", GOOD), branch(app, "bad", UNTESTED)
        await hook.pushes(HOME, "good", good)
        await chat.github.until(lambda: verdict(good) != "", 120)
        assert verdict(good) == "success"
        for fact in ("3 passed", "**lint** passed", "**unit** passed: 4 tests, coverage 9"):
            assert fact in told(good)
        await hook.opens_pull(HOME, there.opens_pull("bad", "Tell the spread").number)
        await chat.github.until(lambda: verdict(bad) != "", 120)
        assert verdict(bad) == "failure"
        assert "below the minimum of 80 %" in told(bad)
        assert chat.cards() == []
        for place, words in chat.everything_told().items():
            assert app.secret not in words, place
