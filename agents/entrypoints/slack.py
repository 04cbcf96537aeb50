"""Slack, and the only module that knows it: Socket Mode in, the Web API out.

Every gesture is acknowledged first and handed to our own tasks; nothing that can
fail stands between. Replies go to the one who asked; cards are the feed's.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from pydantic import SecretStr
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler, AsyncServerErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from agents.entrypoints import dialogs, door, gestures, replies
from agents.entrypoints.cards import readable
from agents.entrypoints.commands import Catalog, parse
from agents.entrypoints.door import Reply, Visit
from agents.entrypoints.gestures import Pressed, Said
from agents.entrypoints.posting import Pause
from agents.entrypoints.slack_board import Refused, SlackBoard
from agents.entrypoints.slack_client import slack_client
from agents.entrypoints.slack_pictures import SlackPictures
from agents.entrypoints.voice import Voice, slack_voice
from agents.remote import CrewCalls
from config.shipmate import Configuration
from tools.errors import Denied, Garbled, TimedOut, ToolError, Unreachable
from tools.redaction import Redactor

log = logging.getLogger(__name__)

SECONDS_PER_CALL = 15
PING_SECONDS = 5
DRAIN_SECONDS = 5
GESTURES_AT_ONCE = 8
"""More only get in the way of each other, and of the acknowledgements of those to come."""
Json = Mapping[str, Any]
_UNSURE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_BUSY = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_NO_GROUP = frozenset({"no_such_subteam", "subteam_not_found"})
_TOO_MANY, _SERVER_FAULT, _BUSY_SECONDS = 429, 500, 5.0


async def call(method: str, request: Awaitable[AsyncSlackResponse]) -> Json | Pause:
    """Wait for a Web API call; raises `Refused`, or `Unreachable`, `TimedOut`, `Garbled` where nobody knows."""
    try:
        answer = await request
    except SlackApiError as error:
        return _objection(method, error)
    except TimeoutError as error:
        raise TimedOut(f"Slack did not answer {method} within {SECONDS_PER_CALL} s.") from error
    except (aiohttp.ClientError, OSError) as error:
        raise Unreachable(f"Slack cannot be reached for {method} ({type(error).__name__}).") from error
    except (SlackClientError, ValueError) as error:
        raise Garbled(f"Slack's answer to {method} cannot be read ({type(error).__name__}).") from error
    return answer.data if isinstance(answer.data, dict) else {}


def _objection(method: str, error: SlackApiError) -> Pause:
    response = error.response
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)
    data = getattr(response, "data", None)
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    if status == _TOO_MANY or code in _BUSY:
        return Pause(_seconds(getattr(response, "headers", None) or {}))
    if status >= _SERVER_FAULT or code in _UNSURE:
        raise Unreachable(f"Slack has trouble with {method} ({code or status}).") from error
    if not code:
        raise Garbled(f"Slack's answer to {method} cannot be read (status {status}).") from error
    raise Refused(method, code) from error


def _seconds(headers: Mapping[str, str]) -> float:
    given = str(headers.get("Retry-After", ""))
    return float(given) if given.isdecimal() else _BUSY_SECONDS


@dataclass(slots=True)
class Slack:
    """The door in Slack; `open_slack` opens it."""

    crew: CrewCalls
    configuration: Configuration
    session: aiohttp.ClientSession
    client: AsyncWebClient
    """For replies: waits and tries again where Slack asks for it."""
    board: SlackBoard
    team: str
    address: str = ""
    """Of the workspace, as people open it."""
    handler: AsyncSocketModeHandler | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(GESTURES_AT_ONCE))

    @property
    def voice(self) -> Voice:
        """Speak as people in Slack hear it."""
        return slack_voice(self.configuration.shipmate.slack.command, door.people(self.configuration))

    @property
    def pictures(self) -> SlackPictures:
        """Show pictures in threads."""
        return SlackPictures(self.board.client, self.session, call)

    def permalink(self, channel: str, ts: str) -> str:
        """Give the address of a message; empty where the workspace did not tell its own."""
        return f"{self.address.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}" if self.address else ""

    def hand_over(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something after the acknowledgement; the task is kept until it ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("A gesture could not be read.", exc_info=error)

    async def close(self) -> None:
        """Stop listening, let what was begun end, and let go of every connection."""
        if self.handler is not None:
            await self.handler.close_async()  # type: ignore[no-untyped-call]  # untyped in the SDK
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=DRAIN_SECONDS)
            for task in late:
                task.cancel()
        await self.session.close()

    async def members(self, group: str) -> frozenset[str]:
        """Tell who is in a user group; nobody, where Slack knows no such group or has switched it off."""
        try:
            asked = self.board.client.usergroups_users_list(usergroup=group)
            answer = await call("usergroups.users.list", asked)
        except Refused as refused:
            if refused.error in _NO_GROUP:
                return frozenset()
            raise
        if isinstance(answer, Pause):
            raise Unreachable(f"Slack asks to wait {answer.seconds:.0f} s before it tells who is in {group}.")
        return frozenset(map(str, answer.get("users") or ()))

    async def said(self, read: Callable[[Json], Said], body: Json) -> None:
        """Answer a command line."""
        said = read(body)
        command = parse(said.text, Catalog.of(self.configuration.services, self.configuration.shipmate.slack.command))
        work = door.answer(command, said.person, said.origin, self.crew, self.configuration, said.key)
        await self._answer(said, work)

    async def pressed(self, body: Json) -> None:
        """Answer a click; a button whose value is none of ours means nothing."""
        pressed = gestures.press(body)
        if pressed is not None:
            asks = pressed.action == gestures.REJECT and pressed.trigger
            await self._answer(pressed, self._ask_why(pressed) if asks else self._do(pressed))

    async def submitted(self, body: Json) -> None:
        """Answer a dialog that was sent off."""
        pressed = gestures.submission(body)
        if pressed is not None:
            await self._answer(pressed, self._do(pressed))

    async def _do(self, pressed: Pressed) -> Reply:
        visit = Visit(pressed.person, pressed.origin, self.crew, self.configuration, self.voice, pressed.key)
        return await door.press(pressed, visit)

    async def _ask_why(self, pressed: Pressed) -> Reply:
        """Ask for the reason of a rejection where there is something left to reject; nothing is told then."""
        release = await self.crew.store.releases.get(pressed.release)
        question = await self.crew.store.decisions.latest(pressed.release)
        if release is None or question is None or question.choice or question.digest != pressed.digest:
            return await self._do(pressed)
        dialog = dialogs.rejection(release, pressed, self.voice)
        try:
            opened = await call("views.open", self.board.client.views_open(trigger_id=pressed.trigger, view=dialog))
        except ToolError as error:
            log.warning("Nobody could be asked for a reason: %s", error)
            opened = Pause(0)
        return Reply(replies.no_dialog(self.voice), done=False) if isinstance(opened, Pause) else Reply("")

    async def _answer(self, gesture: Said | Pressed, work: Coroutine[Any, Any, Reply]) -> None:
        reply = await self._once(gesture, work)
        if reply is not None and reply.text:
            await self._tell(gesture, reply)

    async def _once(self, gesture: Said | Pressed, work: Coroutine[Any, Any, Reply]) -> Reply | None:
        """Do what a gesture means, unless it was delivered before or a stranger made it."""
        try:
            if gesture.person.team != self.team:
                return await door.turned_away(gesture, self.crew, self.voice)
            async with self._turns:
                if not await self.crew.store.messages.first_seen(gesture.key):
                    return None
                return await work
        except Exception:
            # the last place before the person: whatever it was, they are told, and the log has the rest
            log.exception("The gesture %s could not be answered.", gesture.key)
            return Reply(replies.our_fault(gesture.key, self.voice), done=False)
        finally:
            work.close()

    async def _tell(self, gesture: Said | Pressed, reply: Reply) -> None:
        """Answer the person alone; an order that somebody mentioned publicly is answered in its thread."""
        text = readable(reply.text)
        try:
            if gesture.response_url:
                await self._respond(gesture.response_url, text)
            elif reply.ephemeral:
                await self._whisper(gesture, text)
            else:
                channel, thread = gesture.origin.channel, gesture.origin.thread or None
                post = self.client.chat_postMessage(
                    channel=channel, thread_ts=thread, text=text, unfurl_links=False, unfurl_media=False
                )
                await call("chat.postMessage", post)
        except ToolError as error:
            log.warning("The answer to %s could not be delivered: %s", gesture.key, error)

    async def _respond(self, url: str, text: str) -> None:
        """Use the gesture's own way back, which works in channels the bot is not in."""
        body = {
            "response_type": "ephemeral",
            "replace_original": False,
            "text": self.crew.store.redactor.outgoing(text),
        }
        try:
            async with self.session.post(url, json=body, proxy=self.client.proxy) as answer:
                if not answer.ok:
                    raise Refused("response_url", str(answer.status))
        except TimeoutError as error:
            raise TimedOut(f"Slack did not take an answer within {SECONDS_PER_CALL} s.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"Slack cannot be reached for an answer ({type(error).__name__}).") from error

    async def _whisper(self, gesture: Said | Pressed, text: str) -> None:
        channel, thread = gesture.origin.channel, gesture.origin.thread or None
        request = self.client.chat_postEphemeral(channel=channel, user=gesture.person.id, thread_ts=thread, text=text)
        await call("chat.postEphemeral", request)


async def check_tokens(configuration: Configuration) -> None:
    """Prove both tokens before anything is started; raises `Denied` where one is missing or wrong."""
    bot = _token(configuration.credentials.slack_bot_token, "SLACK_BOT_TOKEN")
    app = _token(configuration.credentials.slack_app_token, "SLACK_APP_TOKEN")
    told_apart(bot, app)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS_PER_CALL)) as session:
        client = slack_client(configuration.credentials.slack_api_url, session, bot, [], Redactor())
        await _accepted("SLACK_BOT_TOKEN", "auth.test", client.auth_test())
        await _accepted("SLACK_APP_TOKEN", "apps.connections.open", client.apps_connections_open(app_token=app))


def told_apart(bot: str, app: str) -> None:
    """Tell two tokens apart by how Slack begins them, before either is sent."""
    if bot.startswith("xapp-") or app.startswith("xoxb-"):
        raise Denied(
            "SLACK_BOT_TOKEN and SLACK_APP_TOKEN hold each other's kind of token.",
            standing="Nothing was started, and nothing was sent to Slack.",
            remedy="SLACK_BOT_TOKEN begins with xoxb-, SLACK_APP_TOKEN with xapp-.",
        )


async def open_slack(crew: CrewCalls, configuration: Configuration) -> Slack:
    """Check both tokens and start to listen; raises `Denied` with one clear line where a token is missing or wrong."""
    credentials = configuration.credentials
    bot = _token(credentials.slack_bot_token, "SLACK_BOT_TOKEN")
    app = _token(credentials.slack_app_token, "SLACK_APP_TOKEN")
    session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS_PER_CALL))
    try:
        return await _connected(crew, configuration, session, bot, app)
    except BaseException:
        await session.close()
        raise


async def _connected(
    crew: CrewCalls, configuration: Configuration, session: aiohttp.ClientSession, bot: str, app_token: str
) -> Slack:
    base, redactor = configuration.credentials.slack_api_url, crew.store.redactor
    patient = [AsyncRateLimitErrorRetryHandler(max_retry_count=3), AsyncServerErrorRetryHandler(max_retry_count=2)]
    talking = slack_client(base, session, bot, patient, redactor)
    me = await _accepted("SLACK_BOT_TOKEN", "auth.test", talking.auth_test())
    link = await _accepted(
        "SLACK_APP_TOKEN", "apps.connections.open", talking.apps_connections_open(app_token=app_token)
    )
    identity = AuthorizeResult(
        enterprise_id=None, team_id=me["team_id"], bot_user_id=me["user_id"], bot_id=me.get("bot_id"), bot_token=bot
    )
    slack = Slack(
        crew,
        configuration,
        session,
        talking,
        SlackBoard(slack_client(base, session, bot, [], redactor), call),
        team=str(me["team_id"]),
        address=str(me.get("url") or ""),
    )

    async def authorize(**_: Any) -> AuthorizeResult:
        return identity

    unused = "no-http-in-socket-mode"
    application = AsyncApp(
        client=slack_client(base, session, None, [], redactor), authorize=authorize, signing_secret=unused
    )
    listen(application, slack)
    ignore_the_rest(application)
    slack.handler = AsyncSocketModeHandler(application, app_token, web_client=talking, ping_interval=PING_SECONDS)
    slack.handler.client.proxy = talking.proxy
    slack.handler.client.wss_uri = str(link["url"])
    await _listening(slack.handler)
    return slack


async def _listening(handler: AsyncSocketModeHandler) -> None:
    try:
        async with asyncio.timeout(SECONDS_PER_CALL):
            await handler.connect_async()  # type: ignore[no-untyped-call]  # untyped in the SDK
    except BaseException as error:
        await handler.close_async()  # type: ignore[no-untyped-call]  # untyped in the SDK
        if isinstance(error, TimeoutError):
            raise Unreachable("Slack's Socket Mode cannot be reached.", remedy="Check network and proxy.") from error
        raise


def listen(application: AsyncApp, slack: Slack) -> None:
    """Tie gestures to what they mean. After `ack` a listener only hands over: whatever it raised would undo the ack."""

    async def on_command(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        slack.hand_over(slack.said(gestures.command, body))

    async def on_mention(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        slack.hand_over(slack.said(gestures.mention, body))

    async def on_press(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        slack.hand_over(slack.pressed(body))

    async def on_submission(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        slack.hand_over(slack.submitted(body))

    application.view(gestures.REJECT)(on_submission)
    application.command(slack.configuration.shipmate.slack.command)(on_command)
    application.event("app_mention")(on_mention)
    application.action(re.compile(r"approve|reject|acknowledge|unlock"))(on_press)


def ignore_the_rest(application: AsyncApp) -> None:
    """Acknowledge whatever else Slack sends, so that nobody sees a timeout."""

    async def ignore(ack: AsyncAck) -> None:
        await ack()

    kinds = (application.command, application.event, application.action, application.shortcut, application.view)
    for kind in kinds:
        kind(re.compile(r".*"))(ignore)


async def _accepted(name: str, method: str, request: Awaitable[AsyncSlackResponse]) -> Json:
    """Wait for the answer to a call that proves a token."""
    try:
        answer = await call(method, request)
    except Refused as refused:
        raise Denied(
            f"Slack does not accept {name} ({refused.error}).",
            standing="Nothing was started.",
            remedy=_TOKEN_REMEDIES[name],
        ) from refused
    if isinstance(answer, Pause):
        raise Unreachable(f"Slack asks to wait {answer.seconds:.0f} s before {method}.", remedy="Start again then.")
    return answer


_TOKEN_REMEDIES = {
    "SLACK_BOT_TOKEN": "Copy the bot token (xoxb-) from `OAuth & Permissions` of the Slack app.",
    "SLACK_APP_TOKEN": "Make an app-level token (xapp-) with the scope connections:write under `Basic Information`.",
}


def _token(secret: SecretStr | None, name: str) -> str:
    if secret is None or not secret.get_secret_value().strip():
        raise Denied(f"{name} is not set.", standing="Nothing was started.", remedy=_TOKEN_REMEDIES[name])
    return secret.get_secret_value().strip()
