"""P16 at each way out: a canary in plain is masked, one in disguise is withheld, and what was to be told goes on."""

import asyncio
import base64
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from dbos import DBOSClient, EnqueueOptions
from langgraph.types import Command, Interrupt
from pydantic import SecretStr

from agents import events
from agents.entrypoints.github_login import outgoing_body
from agents.entrypoints.memory import DiscreetSerializer
from agents.entrypoints.slack_client import slack_client
from agents.segments import APPLICATION, REQUESTS, VERSION, Segments
from tests.canaries import canary, sightings
from tests.contract.entrypoints.house import RELEASES, House, living_in
from tests.contract.test_github_tool import NAME, SEVEN, bare, git, github
from tests.emulators.github import GitHubEmulator
from tests.emulators.linear import Issue, LinearEmulator, Team
from tests.emulators.slack import SlackEmulator
from tools.clock import SystemClock
from tools.errors import Denied
from tools.github import GithubRepository
from tools.github_checks import Annotation, Check, GithubChecks
from tools.github_client import GithubAccess, GithubClient
from tools.github_proposals import GithubProposals, Proposal
from tools.history import open_store
from tools.history.messages import Message
from tools.linear import Linear
from tools.redaction import Redactor

__all__ = ["bare", "github"]

ROOT = Path(__file__).parents[2]
SECRET = canary()
PLAIN, DISGUISED = f"the key is {SECRET}", f"the key is {SECRET[::-1]}"
MASKED, WITHHELD = "the key is [redacted:KEY]", "Withheld: KEY stands here in disguise. "
NOTHING: list[str] = []


def seen(value: object) -> list[str]:
    return sightings(str(value), {"KEY": SECRET})


def content_of(directory: Path) -> str:
    return b"".join(file.read_bytes() for file in directory.iterdir()).decode(errors="replace")


@pytest.fixture
def redactor() -> Redactor:
    knowing = Redactor()
    assert knowing.register("KEY", SECRET) is None
    return knowing


@pytest.fixture
async def slack() -> AsyncIterator[SlackEmulator]:
    async with SlackEmulator() as running:
        yield running


@pytest.fixture
async def house(slack: SlackEmulator, tmp_path: Path) -> AsyncIterator[House]:
    async with living_in(slack, tmp_path / "shipmate.db") as house:
        assert house.store.redactor.register("KEY", SECRET) is None
        yield house


def test_the_search_itself_sees_a_canary_in_every_form() -> None:
    for text in (PLAIN, DISGUISED, SECRET.upper(), SECRET.encode().hex(), SECRET[3:16], " ".join(SECRET)):
        assert seen(text)
    for shift in range(3):
        assert seen(base64.b64encode(b"u" * shift + SECRET.encode() + b"x").decode())
    assert seen(MASKED) == NOTHING


async def test_every_call_of_slacks_client_is_guarded(slack: SlackEmulator, redactor: Redactor) -> None:
    async with aiohttp.ClientSession() as session:
        client = slack_client(slack.url, session, slack.bot_token, [], redactor)
        blocks: list[dict[str, Any]] = [
            {"type": "section", "text": {"type": "mrkdwn", "text": DISGUISED}},
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "approve",
                        "text": {"type": "plain_text", "text": "Approve"},
                        "value": "1",
                    }
                ],
            },
        ]
        posted = await client.chat_postMessage(channel=RELEASES, text=PLAIN, blocks=blocks)
        await client.chat_update(channel=RELEASES, ts=str(posted["ts"]), text=DISGUISED)
        await client.chat_postEphemeral(channel=RELEASES, user="U0ANA", text=PLAIN)
    calls = [arguments for _, arguments in slack.world.calls]
    assert seen(calls) == NOTHING
    assert calls[0]["text"] == MASKED
    assert WITHHELD in str(calls[0]["blocks"])
    assert "approve" in str(calls[0]["blocks"])
    assert WITHHELD in calls[1]["text"]
    assert calls[2]["text"] == MASKED


async def test_an_answer_that_repeats_what_was_typed_does_not_repeat_a_secret(house: House) -> None:
    for typed in (SECRET, SECRET[::-1]):
        assert seen(await house.asks(f"/deploy observer {typed}")) == NOTHING
    assert seen([message.versions for message in house.emulator.world.messages]) == NOTHING


async def test_a_reason_with_a_secret_in_disguise_is_withheld_and_the_release_goes_on(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.asks()
    release = await house.release()
    digest = await house.crew.ask(release.id)
    await house.shown()
    question = await house.store.decisions.latest(release.id)
    assert question is not None
    assert await house.store.decisions.decide(question.id, "approved", "U0HANA", "")
    await house.crew.report(release.id, events.Decided(question.id, "approved", "U0HANA", DISGUISED))
    await house.shown()
    (card,) = house.cards()
    assert seen(house.thread(card)) == NOTHING
    assert WITHHELD in house.thread(card)
    assert digest[:12] in house.emulator.shows(card) + house.thread(card)
    assert "it holds KEY in disguise" in caplog.text
    assert seen(caplog.text) == NOTHING


async def test_everything_told_to_github_is_guarded(bare: Path, github: GitHubEmulator, redactor: Redactor) -> None:
    outgoing = partial(outgoing_body, redactor)
    limit = timedelta(seconds=20)
    client = GithubClient(GithubAccess(github.token, github.url, politeness=False, limit=limit, outgoing=outgoing))
    try:
        await GithubRepository(client, NAME).sticky_comment(SEVEN, "plain", PLAIN)
        await GithubRepository(client, NAME).sticky_comment(SEVEN, "disguised", DISGUISED)
        told = [comment.body for comment in github[NAME].comments.values()]
        note = Annotation("README.md", 1, "failure", PLAIN, DISGUISED)
        check = Check("shipmate summary", "failure", PLAIN, DISGUISED, (note,))
        await GithubChecks(client, NAME).bring(git(bare, "rev-parse", "main"), check)
        with pytest.raises(Denied, match="A file for GitHub holds a secret"):
            await GithubProposals(client, NAME).propose(Proposal("ci", {"a.yaml": PLAIN}, "m", "t", "b"))
    finally:
        client.close()
    assert seen(github.requests) == NOTHING
    assert MASKED in told[0]
    assert WITHHELD in told[1]


async def test_what_linear_is_told_is_guarded(redactor: Redactor) -> None:
    async with LinearEmulator(Issue("BE-577", Team("BE"))) as emulator:
        outgoing = redactor.outgoing_values
        linear = Linear(SecretStr(emulator.key), emulator.url, timedelta(seconds=20), outgoing=outgoing)
        issue = await linear.issue("BE-577")
        assert issue is not None
        await linear.link(issue, "https://github.com/acme/astrago/commit/1a2b", PLAIN, DISGUISED)
        (link,) = emulator["BE-577"].attachments.values()
    assert link.title == MASKED
    assert link.subtitle.startswith(WITHHELD)


async def test_no_file_of_the_database_holds_a_secret_whoever_wrote_it(tmp_path: Path, redactor: Redactor) -> None:
    """Its write-ahead log neither; searched as raw bytes while everything is open."""
    encoded = base64.b64encode(SECRET.encode()).decode()
    async with asyncio.timeout(60):
        store = await open_store(f"sqlite:///{tmp_path / 'shipmate.db'}", SystemClock(), redactor)
        await store.messages.put("r1", PLAIN, Message(RELEASES, "1.0", encoded))
        await store.targets.fail("observer", "production", {"release": "r1", "version": "v1", "cause": PLAIN})
        await store.targets.fail("observer", SECRET, {"release": "r1", "cause": f'{{"a": "{SECRET}"}}'})
        failures = (await store.targets.get("observer", "production")).recent_failures
        written = content_of(tmp_path)
        await store.close()
    assert seen(written) == NOTHING
    assert [failure["cause"] for failure in failures] == [MASKED]


@pytest.mark.parametrize(
    "remembered",
    [
        {"cause": PLAIN, "failure": {"log": PLAIN, "lines": [SECRET]}},
        ValueError(PLAIN),
        Command(update={"cause": PLAIN}, goto="close"),
        (Interrupt(value={"question": PLAIN}),),
        PLAIN,
        PLAIN.encode(),
    ],
    ids=["state", "exception", "command", "interrupt", "text", "bytes"],
)
def test_what_a_run_remembers_holds_no_secret_and_can_be_read_back(remembered: Any, redactor: Redactor) -> None:
    serializer = DiscreetSerializer(redactor)
    kind, content = serializer.dumps_typed(remembered)
    assert seen(content.decode(errors="replace")) == NOTHING
    assert seen(serializer.loads_typed((kind, content))) == NOTHING
    assert "the key is" in str(serializer.loads_typed((kind, content)))


async def test_what_wakes_releases_writes_down_no_secret_of_an_answer_or_an_error(
    tmp_path: Path, redactor: Redactor
) -> None:
    """DBOS pickles what workflows return and raise, and encodes it."""

    async def fail(release: str) -> None:
        raise ValueError(f"{release}: {PLAIN}")

    async def serve(call: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"call": call, "told": PLAIN, **arguments}

    runs = f"sqlite:///{tmp_path}/runs.db"
    segments = Segments(runs, fail, fail, serve, redactor, poll=timedelta(milliseconds=20))
    await segments.start()
    client = await asyncio.to_thread(DBOSClient, system_database_url=runs)
    try:
        options = EnqueueOptions(
            workflow_name="serve", queue_name=REQUESTS, app_version=VERSION, application_name=APPLICATION
        )
        answer: dict[str, Any] = await (await client.enqueue_async(options, "open", {})).get_result()
        await segments.wake("r1", "start", "observer/production")
        with pytest.raises(RuntimeError, match=r"ValueError: r1: the key is \[redacted:KEY\]"):
            await (await client.retrieve_workflow_async("r1/start")).get_result()
        written = content_of(tmp_path)
    finally:
        await asyncio.to_thread(client.destroy)
        await segments.stop()
    assert answer["told"] == MASKED
    assert seen(written) == NOTHING


PROGRAM = """
import asyncio, gc, logging, os, sys, threading, warnings
early = logging.StreamHandler()
logging.getLogger("early").addHandler(early)
from agents.entrypoints import own_secrets
from tools.outlets import guard_process
guard_process(own_secrets.of_environment(os.environ))
secret = os.environ["PARTNER_TOKEN"]
class Lost:
    def __del__(self):
        raise ValueError("lost " + secret)
async def forgotten():
    async def fail():
        raise ValueError("task " + secret)
    task = asyncio.ensure_future(fail())
    await asyncio.sleep(0)
    del task
    gc.collect()
def fail():
    raise ValueError("thread " + secret)
print("print", secret)
for sign in "signs " + secret + "\\n":
    sys.stdout.write(sign)
    sys.stdout.flush()
logging.warning("log %s", secret)
logging.getLogger("early").warning("early %s", secret)
late = logging.getLogger("late")
late.propagate = False
late.addHandler(logging.StreamHandler())
try:
    fail()
except ValueError:
    late.exception("late %s", secret)
warnings.warn("warned of " + secret)
thread = threading.Thread(target=fail)
thread.start()
thread.join()
asyncio.run(forgotten())
Lost()
raise SystemError("end " + secret)
"""


def test_whatever_a_process_writes_by_itself_is_guarded_until_it_has_died() -> None:
    """Output, logs of others, warnings, and what threads, tasks, finalizers and the process itself die of."""
    environment = {**os.environ, "PARTNER_TOKEN": SECRET, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"}
    done = subprocess.run(
        (sys.executable, "-c", PROGRAM), env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    told = done.stdout + done.stderr
    assert done.returncode == 1
    assert seen(told) == NOTHING
    for way in ("print", "signs", "log", "early", "late", "warned of", "thread", "task", "lost", "end"):
        assert f"{way} [redacted:PARTNER_TOKEN]" in told, told
