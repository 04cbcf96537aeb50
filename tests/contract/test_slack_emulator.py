"""The Slack emulator, driven by the real slack-bolt and slack-sdk."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from tests.emulators.slack import PUBLISHED_LIMITS, Channel, Message, Person, SlackEmulator
from tests.emulators.slack.blocks import block_errors

Json = dict[str, Any]


def card(
    text: str = "*observer* v1.2.3 to <#C0REL>", *, buttons: tuple[str, ...] = ("Approve", "Reject")
) -> list[Json]:
    """Build a card with buttons."""
    blocks: list[Json] = [
        {"type": "header", "text": {"type": "plain_text", "text": "Release"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": text}},
    ]
    elements = [
        {"type": "button", "action_id": name.lower(), "value": "r1", "text": {"type": "plain_text", "text": name}}
        for name in buttons
    ]
    return [*blocks, {"type": "actions", "elements": elements}] if elements else blocks


@dataclass
class Bot:
    """A small release bot: the real libraries around the least code."""

    client: AsyncWebClient
    app: AsyncApp
    handler: AsyncSocketModeHandler
    heard: list[Json] = field(default_factory=list)


@asynccontextmanager
async def web_client(slack: SlackEmulator, token: str | None = None, **options: Any) -> AsyncIterator[AsyncWebClient]:
    """Open a Web API client with one session and no proxy."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        options = {"retry_handlers": []} | options
        client = AsyncWebClient(token=token or slack.bot_token, base_url=slack.url, session=session, **options)
        client.proxy = None
        yield client


@asynccontextmanager
async def connected_bot(slack: SlackEmulator, *, listen: bool = True) -> AsyncIterator[Bot]:
    """Connect a bot that posts a card for each command and takes the buttons away at a click."""
    async with web_client(slack) as client:
        me = await client.auth_test()
        identity = AuthorizeResult(
            enterprise_id=None,
            team_id=me["team_id"],
            bot_user_id=me["user_id"],
            bot_id=me["bot_id"],
            bot_token=slack.bot_token,
        )

        async def authorize(**_: Any) -> AuthorizeResult:
            return identity

        app = AsyncApp(client=client, authorize=authorize, signing_secret="not used in Socket Mode")
        handler = AsyncSocketModeHandler(app, slack.app_token, web_client=client, ping_interval=1)
        handler.client.proxy = None
        bot = Bot(client, app, handler)
        if listen:
            answer_people(bot)
        await handler.connect_async()  # type: ignore[no-untyped-call]  # slack-bolt leaves it untyped
        await slack.connected()
        try:
            yield bot
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]  # slack-bolt leaves it untyped
            await handler.client.aiohttp_client_session.close()


def answer_people(bot: Bot) -> None:
    """Register the listeners."""

    async def deploy(ack: AsyncAck, command: Json) -> None:
        await ack()
        bot.heard.append(command)
        await bot.client.chat_postMessage(channel=command["channel_id"], text=command["text"], blocks=card())

    async def decide(ack: AsyncAck, body: Json) -> None:
        await ack()
        bot.heard.append(body)
        said = f"approved by <@{body['user']['id']}>"
        await bot.client.chat_update(
            channel=body["channel"]["id"], ts=body["message"]["ts"], text=said, blocks=card(said, buttons=())
        )

    async def mentioned(event: Json) -> None:
        bot.heard.append(event)

    bot.app.command("/deploy")(deploy)
    bot.app.action("approve")(decide)
    bot.app.event("app_mention")(mentioned)


async def first_card(slack: SlackEmulator) -> Message:
    """Ask for a release and wait for its card."""
    slack.types("U0ANA", "C0REL", "/deploy observer v1.2.3")
    await slack.until(lambda: slack.messages("C0REL"))
    return slack.messages("C0REL")[0]


async def refusal_of(call: Callable[[], Any]) -> str:
    """Return the error name that a call is refused with."""
    with pytest.raises(SlackApiError) as caught:
        await call()
    return str(caught.value.response["error"])


async def test_a_conversation_from_command_to_click_reads_like_one() -> None:
    async with SlackEmulator() as slack, connected_bot(slack):
        message = await first_card(slack)
        assert "[Approve] [Reject]" in slack.shows(message)
        slack.clicks("U0HANA", "Approve", message)
        await slack.until(lambda: "approved" in message.text)
        slack.types("U0MAX", "C0REL", "nice")
        assert slack.transcript("C0REL") == (
            "#releases\n"
            "ana> /deploy observer v1.2.3\n"
            "shipmate:\n"
            "  # Release\n"
            "  approved by @hana\n"
            "    | hana clicks [Approve]\n"
            "max:\n"
            "  nice"
        )


async def test_the_command_and_the_click_tell_who_acted_and_where() -> None:
    async with SlackEmulator() as slack, connected_bot(slack) as bot:
        message = await first_card(slack)
        slack.clicks("U0HANA", "approve", message)
        await slack.until(lambda: len(bot.heard) == 2)
        command, click = bot.heard
        assert (command["user_id"], command["text"], command["channel_id"]) == ("U0ANA", "observer v1.2.3", "C0REL")
        assert (click["user"]["id"], click["user"]["team_id"]) == ("U0HANA", "T0ACME")
        assert (click["actions"][0]["value"], click["container"]["message_ts"]) == ("r1", message.ts)


async def test_acks_are_recorded_with_their_latency() -> None:
    async with SlackEmulator() as slack, connected_bot(slack):
        delivery = slack.types("U0ANA", "C0REL", "/deploy observer v1.2.3")
        assert delivery is not None
        await delivery.settled()
        assert delivery.outcome == "acked"
        assert delivery.latency is not None
        assert timedelta() < delivery.latency < timedelta(seconds=1)
        await slack.until(lambda: slack.messages("C0REL"))


async def test_a_command_that_nobody_acks_times_out_in_sight_of_the_person() -> None:
    async with SlackEmulator(ack_within=0.2, commands=("/deploy", "/other")) as slack, connected_bot(slack):
        delivery = slack.types("U0ANA", "C0REL", "/other thing")
        assert delivery is not None
        assert (await delivery.settled()).outcome == "operation_timeout"
        assert 'only ana sees this): /other failed with the error "operation_timeout"' in slack.transcript()


async def test_a_command_while_no_bot_is_connected_fails_at_once() -> None:
    async with SlackEmulator() as slack:
        delivery = slack.types("U0ANA", "C0REL", "/deploy observer v1.2.3")
        assert delivery is not None
        assert (await delivery.settled()).outcome == "dispatch_failed"
        assert "dispatch_failed" in slack.transcript()


async def test_a_command_that_is_not_installed_never_reaches_the_bot() -> None:
    async with SlackEmulator() as slack:
        assert slack.types("U0ANA", "C0REL", "/unknown") is None
        assert "/unknown is not a valid command." in slack.transcript()


async def test_a_mention_is_delivered_and_can_be_redelivered_with_the_same_event_id() -> None:
    async with SlackEmulator() as slack, connected_bot(slack) as bot:
        delivery = slack.mentions("U0ANA", "C0REL", "status")
        assert delivery is not None
        await slack.until(lambda: bot.heard)
        again = await slack.redelivers(delivery).settled()
        await slack.until(lambda: len(bot.heard) == 2)
        assert again.envelope_id != delivery.envelope_id
        assert again.payload["event_id"] == delivery.payload["event_id"]
        assert bot.heard[0]["text"] == "<@U0SHIPMATE> status"


async def test_each_payload_goes_to_one_of_several_connections() -> None:
    async with SlackEmulator() as slack, connected_bot(slack) as one, connected_bot(slack) as other:
        await slack.connected(2)
        for number in range(6):
            slack.mentions("U0ANA", "C0REL", f"{number}")
        await slack.until(lambda: len(one.heard) + len(other.heard) == 6)
        assert (len(one.heard), len(other.heard)) == (3, 3)


async def test_a_bot_that_is_asked_to_reconnect_comes_back() -> None:
    async with SlackEmulator() as slack, connected_bot(slack) as bot:
        before = list(slack.sockets.connections)
        await slack.sockets.ask_to_reconnect()
        await slack.until(lambda: slack.sockets.connections and slack.sockets.connections != before)
        slack.mentions("U0ANA", "C0REL", "still there?")
        await slack.until(lambda: bot.heard)


async def test_a_bot_survives_an_outage_of_slack() -> None:
    async with SlackEmulator() as slack, connected_bot(slack) as bot:
        await slack.down()
        with pytest.raises(aiohttp.ClientConnectionError):
            await bot.client.auth_test()
        await slack.up()
        await slack.connected(timeout=20)
        slack.mentions("U0ANA", "C0REL", "still there?")
        await slack.until(lambda: bot.heard)


async def test_a_stale_click_on_an_edited_message_still_reaches_the_bot() -> None:
    async with SlackEmulator() as slack, connected_bot(slack) as bot:
        message = await first_card(slack)
        slack.clicks("U0HANA", "Approve", message)
        await slack.until(lambda: "approved" in message.text)
        with pytest.raises(AssertionError, match="No 'Approve' to click"):
            slack.clicks("U0MAX", "Approve", message)
        slack.clicks("U0MAX", "Approve", message, stale=True)
        await slack.until(lambda: len(bot.heard) == 3)


async def test_a_click_that_is_cancelled_at_the_confirmation_sends_nothing() -> None:
    async with SlackEmulator() as slack, web_client(slack) as client:
        blocks = card(buttons=("Approve",))
        texts = {"title": "Sure?", "text": "This deploys.", "confirm": "Yes", "deny": "No"}
        confirm = {key: {"type": "plain_text", "text": text} for key, text in texts.items()}
        blocks[-1]["elements"][0]["confirm"] = confirm
        await client.chat_postMessage(channel="C0REL", text="card", blocks=blocks)
        message = slack.messages("C0REL")[0]
        assert slack.clicks("U0HANA", "Approve", message, confirm=False) is None
        assert slack.deliveries == []
        assert "hana clicks [Approve], and then cancels" in slack.transcript()


async def test_a_response_url_posts_for_one_person_replaces_and_is_used_up_after_five_times() -> None:
    async with SlackEmulator() as slack, connected_bot(slack, listen=False) as bot:
        statuses: list[int] = []

        async def deploy(ack: AsyncAck, respond: AsyncRespond) -> None:
            await ack()
            respond.proxy = None
            statuses.extend([(await respond(f"note {number}")).status_code for number in range(6)])

        bot.app.command("/deploy")(deploy)
        slack.types("U0ANA", "C0REL", "/deploy observer v1.2.3")
        await slack.until(lambda: len(statuses) == 6)
        assert statuses == [200] * 5 + [404]
        assert [message.text for message in slack.ephemerals("U0ANA")] == [f"note {number}" for number in range(5)]
        assert slack.messages("C0REL") == []


async def test_a_dialog_opens_refuses_input_and_closes() -> None:
    async with SlackEmulator() as slack, connected_bot(slack, listen=False) as bot:
        label = {"type": "plain_text", "text": "Why?"}
        reason = {"type": "input", "block_id": "why", "label": label, "element": {"type": "plain_text_input"}}
        view = {"type": "modal", "callback_id": "reject", "title": label, "submit": label, "blocks": [reason]}

        async def deploy(ack: AsyncAck, command: Json) -> None:
            await ack()
            await bot.client.views_open(trigger_id=command["trigger_id"], view=view)
            with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
                await bot.client.views_open(trigger_id=command["trigger_id"], view=view)

        async def submitted(ack: AsyncAck, view: Json) -> None:
            (typed,) = view["state"]["values"]["why"].values()
            await (ack() if typed["value"] != "-" else ack(response_action="errors", errors={"why": "Say more"}))

        bot.app.command("/deploy")(deploy)
        bot.app.view("reject")(submitted)
        slack.types("U0ANA", "C0REL", "/deploy observer v1.2.3")
        shown = await slack.until(lambda: slack.view("U0ANA"))
        assert shown is not None
        await slack.submits("U0ANA", {"why": "-"}).settled()
        assert shown.errors == {"why": "Say more"}
        await slack.submits("U0ANA", {"why": "Disk is full"}).settled()
        assert slack.view("U0ANA") is None


async def test_threads_metadata_and_edits_survive_a_read_back() -> None:
    async with SlackEmulator() as slack, web_client(slack) as client:
        metadata = {"event_type": "release", "event_payload": {"id": "r1"}}
        root = await client.chat_postMessage(channel="C0REL", text="root", blocks=card(), metadata=metadata)
        await client.chat_postMessage(channel="C0REL", text="detail", thread_ts=root["ts"])
        await client.chat_update(channel="C0REL", ts=root["ts"], text="bare")
        history = await client.conversations_history(channel="C0REL", include_all_metadata=True)
        replies = await client.conversations_replies(channel="C0REL", ts=root["ts"])
        assert [message["text"] for message in history["messages"]] == ["bare"]
        assert history["messages"][0]["metadata"] == metadata
        assert "blocks" not in history["messages"][0]
        assert [message["text"] for message in replies["messages"]] == ["bare", "detail"]
        assert [message.text for message in slack.thread(root["ts"])] == ["detail"]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": "C0SECRET", "text": "x"}, "not_in_channel"),
        ({"channel": "C0REL"}, "no_text"),
        ({"channel": "C0REL", "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"channel": "C0REL", "text": "x", "blocks": card() * 18}, "invalid_blocks"),
        ({"channel": "C0REL", "text": "x", "blocks": card("y" * 3001)}, "invalid_blocks"),
        ({"channel": "C0REL", "text": "x", "blocks": card("y" * 2900, buttons=()) * 5}, "msg_blocks_too_long"),
    ],
)
async def test_a_post_that_slack_would_refuse_is_refused(args: Json, error: str) -> None:
    channels = (Channel("C0REL", "releases"), Channel("C0SECRET", "secret", has_app=False))
    async with SlackEmulator(channels=channels) as slack, web_client(slack) as client:
        assert await refusal_of(lambda: client.api_call("chat.postMessage", json=args)) == error
        assert slack.world.messages == []


async def test_an_update_is_refused_when_too_long_missing_or_somebody_elses() -> None:
    async with SlackEmulator() as slack, web_client(slack) as client:
        slack.types("U0ANA", "C0REL", "hello")
        theirs = slack.messages("C0REL")[0].ts
        ours = (await client.chat_postMessage(channel="C0REL", text="card"))["ts"]
        update = client.chat_update
        assert await refusal_of(lambda: update(channel="C0REL", ts=ours, text="x" * 4001)) == "msg_too_long"
        assert await refusal_of(lambda: update(channel="C0REL", ts="1.000001", text="x")) == "message_not_found"
        assert await refusal_of(lambda: update(channel="C0REL", ts=theirs, text="x")) == "cant_update_message"


async def test_a_wrong_token_is_refused_by_name() -> None:
    async with SlackEmulator() as slack:
        async with web_client(slack, "xo" + "xb-wrong") as client:
            assert await refusal_of(client.auth_test) == "invalid_auth"
        async with web_client(slack) as client:
            assert await refusal_of(lambda: client.apps_connections_open(app_token=slack.bot_token)) == (
                "not_allowed_token_type"
            )


async def test_people_groups_reactions_and_ephemerals() -> None:
    people = (Person("U0ANA", "ana", tz="Asia/Seoul", tz_offset=32400), Person("U0HANA", "hana"))
    async with SlackEmulator(people=people, groups={"S0OPS": ["U0HANA"]}) as slack, web_client(slack) as client:
        assert (await client.users_info(user="U0ANA"))["user"]["tz"] == "Asia/Seoul"
        assert (await client.usergroups_users_list(usergroup="S0OPS"))["users"] == ["U0HANA"]
        assert await refusal_of(lambda: client.usergroups_users_list(usergroup="S0X")) == "no_such_subteam"
        ts = (await client.chat_postMessage(channel="C0REL", text="done"))["ts"]
        await client.reactions_add(channel="C0REL", timestamp=ts, name="rocket")
        await client.chat_postEphemeral(channel="C0REL", user="U0ANA", text="not for you")
        assert [message.text for message in slack.ephemerals("U0ANA")] == ["not for you"]
        assert slack.ephemerals("U0HANA") == []
        assert "🚀1" in slack.transcript()


async def test_posting_too_fast_is_slowed_down_and_the_sdk_waits() -> None:
    retry = [AsyncRateLimitErrorRetryHandler(max_retry_count=3)]
    async with SlackEmulator(limits=PUBLISHED_LIMITS) as slack, web_client(slack, retry_handlers=retry) as client:
        await asyncio.gather(*(client.chat_postMessage(channel="C0REL", text=f"{number}") for number in range(2)))
        assert slack.meter.refused == 1
        assert len(slack.messages("C0REL")) == 2


async def test_faults_hit_the_calls_they_are_meant_for() -> None:
    async with SlackEmulator() as slack, web_client(slack) as client:
        slack.faults.fail(500, path="chat.postMessage", body="oops")
        assert (await client.auth_test())["ok"]
        with pytest.raises(SlackApiError):
            await client.chat_postMessage(channel="C0REL", text="one")
        slack.faults.show_a_web_page()
        with pytest.raises(SlackApiError, match="status: 200"):
            await client.chat_postMessage(channel="C0REL", text="two")
        slack.faults.lose_answers()
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.chat_postMessage(channel="C0REL", text="three")
        assert [message.text for message in slack.messages("C0REL")] == ["three"]


async def test_markup_is_shown_as_people_see_it_and_pings_are_known() -> None:
    async with SlackEmulator() as slack, web_client(slack) as client:
        text = "*bold* _and_ `a*b*c` <@U0HANA> <!channel> <https://x.test/a_b|here> &lt;b&gt; :rocket: 2*3*4"
        await client.chat_postMessage(channel="C0REL", text=text)
        message = slack.messages("C0REL")[0]
        assert slack.shows(message) == "bold and `a*b*c` @hana @channel here (https://x.test/a_b) <b> 🚀 2*3*4"
        assert slack.notified(message) == ["U0HANA", "channel"]


BUTTON = {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "Go"}}


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ({"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}, "less than 151"),
        ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "valid text type"),
        ({"type": "section"}, "missing required field: text"),
        ({"type": "section", "text": {"type": "mrkdwn", "text": ""}}, "more than 0"),
        ({"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}, "no more than 10"),
        ({"type": "actions", "elements": [BUTTON, BUTTON]}, "already exists"),
        ({"type": "actions", "elements": [BUTTON | {"value": "v" * 2001}]}, "less than 2001"),
        ({"type": "actions", "elements": [BUTTON | {"style": "green"}]}, "must be one of"),
        ({"type": "actions", "elements": []}, "at least 1"),
        ({"type": "plan", "title": "p", "tasks": [{"task_id": "1", "title": "t", "status": "completed"}]}, "one of"),
        ({"type": "alert"}, "unsupported type"),
        ({"type": "nonsense"}, "unsupported type"),
    ],
)
def test_blocks_that_slack_would_refuse_are_named(block: Json, complaint: str) -> None:
    assert re.search(complaint, json.dumps(block_errors([block])))


def test_a_card_within_the_limits_has_no_errors() -> None:
    assert block_errors(card()) == []
    assert block_errors([{"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}] * 2)
