"""S3 `kodex`: strict rules for its image, two environments, a watch over what it uses; P9: no request is lost."""

import re
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest
from pydantic import SecretStr

from tests.emulators.github.webhooks import Webhook
from tests.stage.conversation import HANA, Conversation
from tests.stage.kodex.repository import FIRST, push
from tests.stage.kodex.site import STAGING, KodexSite
from tests.stage.kodex.traps import GOOD
from tests.stage.load import Load, Order
from tests.stage.observer.tree import replaced
from tests.stage.ports import free_port
from tests.stage.prometheus import Prometheus
from tests.stage.stage import Stage

HOME = "acme/kodex"
PATIENT = {"report_at": 2, "lock_at": 99}
"""Where tests share a site, one test's failures must not lock the target for the next."""
BUSY_PERCENT = 25
"""A burner has to reach this on a machine that is busy with others; the sample, asked by users too, stays below."""
UNWATCHED = {"cpu_percent": None, "memory_percent": None}
ERRORS = "sum(rate(kodex_errors_total[5s])) / sum(rate(kodex_requests_total[5s]))"


RATE = 10
"""Requests per second."""


def users(site: KodexSite) -> Load:
    """Let users ask production, at a constant rate."""
    return Load(site.directory / "users", Order(site.port, path="/health", post=0, rate=RATE))


def watched_by(prometheus: Prometheus) -> Mapping[str, Any]:
    """Watch everything that can be watched; the host has no GPU, and nobody answers at the second address."""
    metrics = {
        "errors": {"url": prometheus.url, "query": ERRORS, "maximum": 0.05},
        "elsewhere": {"url": f"http://127.0.0.1:{free_port()}", "query": "up", "maximum": 1},
    }
    return {"window": "4s", "every": "1s", "cpu_percent": BUSY_PERCENT, "gpu_percent": 95, "metrics": metrics}


@pytest.fixture(scope="module")
def site(stage: Stage) -> Iterator[KodexSite]:
    """The service with v0.9.9 running in production, and nothing in staging; Prometheus watches production."""
    place = KodexSite(
        stage,
        stage.scratch("kodex"),
        failures=PATIENT,
        environments={STAGING: {"watch": UNWATCHED}},
        bot={"webhooks": {"port": free_port()}, "people": {"ana": ["U0ANA", "github:ana"]}},
    )
    place.prepare()
    with Prometheus(place.directory / "prometheus", f"127.0.0.1:{place.port}") as prometheus:
        place.extra = {"watch": watched_by(prometheus)}
        place.write_settings()
        yield place
        place.clear()


@pytest.fixture(scope="module")
def secret() -> str:
    """What GitHub signs its webhooks with."""
    return secrets.token_hex(16)


@pytest.fixture(scope="module")
async def talk(site: KodexSite, secret: str) -> AsyncIterator[Conversation[KodexSite]]:
    async with Conversation(site, environ={"GITHUB_WEBHOOK_SECRET": secret}) as conversation:
        yield conversation


@pytest.fixture
async def chat(talk: Conversation[KodexSite]) -> AsyncIterator[Conversation[KodexSite]]:
    """The shared conversation, with nothing under way at the beginning and at the end of each test."""
    yield talk
    await talk.quiet()


@pytest.fixture
async def github(site: KodexSite, secret: str) -> AsyncIterator[Webhook]:
    """GitHub, as far as it sends webhooks."""
    async with Webhook(f"http://127.0.0.1:{site.bot['webhooks']['port']}/github", SecretStr(secret)) as hook:
        yield hook


@pytest.mark.parametrize(
    ("version", "rule", "way_out"),
    [
        ("v1.1.0", "user-root, Dockerfile", "USER appuser"),
        ("v1.1.1", "single-stage, Dockerfile", "COPY --from=build"),
        ("v1.1.2", "weights-in-context, voices/de.safetensors", "Add `**/*.safetensors` to .dockerignore"),
        ("v1.1.3", "package-missing, Dockerfile: ffmpeg", "apt-get install -y --no-install-recommends ffmpeg"),
        ("v1.1.4", "ignore-missing, .dockerignore: .env", "Add the line `.env`"),
        ("v1.1.5", "base-image, Dockerfile", "FROM python:3.11-slim"),
        ("v1.1.6", "mount-dropped, ./static -> /app/static", "Mount ./static at /app/static"),
        ("v1.1.7", "ignore-missing, .dockerignore: data/", "Take the line `!data/seed` away"),
    ],
)
async def test_a_version_that_breaks_a_rule_is_refused_before_anyone_is_asked(
    chat: Conversation[KodexSite], version: str, rule: str, way_out: str
) -> None:
    story = await chat.verdict(f"/deploy kodex {version}")
    assert f"kodex {version} in production: refused, nothing was touched" in story
    assert f"blocking {rule}" in story
    assert way_out in story
    assert chat.site.running() == FIRST


async def test_weights_under_an_innocent_name_are_found_in_a_lower_layer_and_the_image_is_not_pushed(
    chat: Conversation[KodexSite],
) -> None:
    story = await chat.verdict("/deploy kodex v1.2.0")
    assert "refused, nothing was touched" in story
    assert "blocking large-file-in-image" in story
    assert "/app/voices.cache (30.0 MB, layer " in story
    assert "A later layer removes it, but it is still downloaded with every pull." in story
    assert "Keep weights out of the image: mount them" in story
    assert chat.site.running() == FIRST


async def test_a_push_to_main_goes_to_staging_without_a_question_and_other_branches_go_nowhere(
    chat: Conversation[KodexSite], github: Webhook
) -> None:
    before = chat.cards()
    for branch in ("feature/voices", "fix/health"):
        commit = push(
            chat.site.bare, branch, replaced("README.md", "# kodex\n", f"# kodex, {branch}\n"), "Try something"
        )
        said = await github.pushes(HOME, branch, commit)
        assert said.told["status"] == "ignored"
        assert f"No environment of {HOME} names the branch {branch}" in said.told["reason"]
    commit = push(chat.site.bare, "main", replaced("README.md", "# kodex\n", "# kodex, staged\n"), "Say more")
    assert (await github.pushes(HOME, "main", commit)).told == {"status": "accepted"}
    card = await chat.card(shows=f"kodex {commit[:12]} (main) in staging")
    story = await chat.end(card)
    assert f"kodex {commit[:12]} (main) in staging runs" in story
    assert "approval needed" not in story
    assert [*before, card] == chat.cards()
    assert (chat.site.running(STAGING), chat.site.running()) == (commit[:12], FIRST)


async def test_a_tag_goes_to_production_once_it_was_approved_and_everything_watched_is_told(
    chat: Conversation[KodexSite], github: Webhook
) -> None:
    assert (await github.tags(HOME, GOOD, "")).told == {"status": "accepted"}
    card = await chat.card(shows="[Approve]")
    assert chat.site.running() == FIRST
    assert "Strategy: rolling, no downtime expected" in chat.slack.shows(card)
    assert "Both versions run side by side, behind haproxy, until 10 min after" in chat.slack.shows(card)
    with users(chat.site) as load:
        chat.slack.clicks(HANA, "Approve", card)
        story = await chat.end(card)
        load.counted(RATE)
    assert load.report().failed == 0, load.report().line()
    assert {one.version for one in load.samples()} == {FIRST.removeprefix("v"), GOOD.removeprefix("v")}
    assert f"kodex {GOOD} in production runs" in story
    assert re.search(r"CPU \d", story)
    assert f"(limit {BUSY_PERCENT})" in story
    assert "GPU not seen: kodex-1 has no nvidia-smi (limit 95)" in story
    assert "metric errors 0 to 0 (limit 0.05)" in story
    assert "metric elsewhere not seen: Prometheus at 127.0.0.1:" in story
    assert chat.site.running() == GOOD


@pytest.mark.parametrize(
    ("version", "sight"),
    [
        ("v1.3.0", f"CPU use, in percent of one CPU: above {BUSY_PERCENT} at "),
        ("v1.3.1", "Metric errors: above 0.05 at "),
        ("v1.3.2", "(limit 2 times)"),
    ],
)
async def test_a_version_that_uses_too_much_or_fails_unseen_is_rolled_back_by_the_watch(
    chat: Conversation[KodexSite], version: str, sight: str
) -> None:
    story = await chat.release(version)
    assert f"kodex {version} in production: failed and was rolled back" in story
    assert "\u2717 verify" in story
    assert sight in story
    assert f"kodex on kodex-1 is back at {GOOD}, healthy" in story
    assert chat.site.running() == GOOD


async def test_a_former_version_is_put_back_at_once_and_keeps_the_data(chat: Conversation[KodexSite]) -> None:
    spoken = {file.name for file in (chat.site.server_directory / "static" / "tts").iterdir()}
    with users(chat.site) as load:
        story = await chat.end(await chat.asks("/deploy rollback kodex to v0.9.9"))
        load.counted(RATE)
    assert load.report().failed == 0, load.report().line()
    assert "Rollback of kodex to v0.9.9 in production runs" in story
    assert chat.site.running() == FIRST
    assert chat.answer("/health") == (200, '{"status": "ok", "version": "0.9.9"}')
    assert spoken
    assert spoken <= {file.name for file in (chat.site.server_directory / "static" / "tts").iterdir()}


async def test_a_second_release_of_the_same_place_waits_for_the_first(chat: Conversation[KodexSite]) -> None:
    first = await chat.asks(f"/deploy kodex {GOOD}")
    second = await chat.asks("/deploy kodex v1.0.1")
    await chat.shows(second, f"Waits for {GOOD} ")
    await chat.shows(first, "[Approve]")
    assert "[Approve]" not in chat.slack.shows(second)
    chat.slack.clicks(HANA, "Approve", first)
    assert f"kodex {GOOD} in production runs" in await chat.end(first)
    await chat.shows(second, "[Approve]")
    chat.slack.clicks(HANA, "Approve", second)
    assert "kodex v1.0.1 in production runs" in await chat.end(second)
    assert chat.site.running() == "v1.0.1"
