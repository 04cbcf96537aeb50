"""The emulator as tests and the demo use it: `async with SlackEmulator() as slack:`."""

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.emulators.loopback import Faults, Loopback
from tests.emulators.slack.limits import RateLimit
from tests.emulators.slack.people import People
from tests.emulators.slack.rendering import Renderer, mentions, transcript
from tests.emulators.slack.responses import ResponseUrls
from tests.emulators.slack.server import Wire
from tests.emulators.slack.sockets import Delivery, Sockets
from tests.emulators.slack.views import Triggers, replace, view_methods
from tests.emulators.slack.world import BOT_USER, Channel, File, Message, Person, View, Workspace
from tools.clock import Clock

T = TypeVar("T")

PEOPLE = (Person("U0ANA", "ana"), Person("U0HANA", "hana"), Person("U0MAX", "max"))
CHANNELS = (Channel("C0REL", "releases"), Channel("C0ONCALL", "on-call"))


class SlackEmulator:
    """One workspace, one app, any number of people."""

    def __init__(  # noqa: PLR0913 - each is one independent trait of the workspace, all have defaults
        self,
        *,
        people: Iterable[Person] = PEOPLE,
        channels: Iterable[Channel] = CHANNELS,
        groups: Mapping[str, list[str]] | None = None,
        commands: Iterable[str] = ("/deploy",),
        limits: Mapping[str, RateLimit] | None = None,
        ack_within: float = 3.0,
        clock: Clock | None = None,
        port: int = 0,
    ) -> None:
        self.world = Workspace(people, channels, dict(groups or {}), clock)
        self.commands = frozenset(commands)
        self.sockets = Sockets(self.world, self._settled, ack_within)
        triggers, self._responses = Triggers(self.world), ResponseUrls(self.world)
        self._people = People(self.world, self.sockets, triggers, self._responses)
        self._wire = Wire(self.world, self.sockets, self._responses, view_methods(triggers), limits or {})
        self.meter = self._wire.meter
        self._server = Loopback(self._wire.application, port)
        self._renderer = Renderer(self.world)

    async def __aenter__(self) -> Self:
        await self.up()
        self._people.base_url = self.world.address = self._server.url
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.down()

    @property
    def url(self) -> str:
        """Tell the base URL of the Web API, as the SDK wants it: with a slash at the end."""
        return f"{self._server.url}/api/"

    @property
    def bot_token(self) -> str:
        """Tell the token that the Web API accepts."""
        return self._wire.bot_token

    @property
    def app_token(self) -> str:
        """Tell the token that opens Socket Mode connections."""
        return self._wire.app_token

    @property
    def faults(self) -> Faults:
        """Reach the switches for slow, failing and lost answers."""
        return self._server.faults

    @property
    def deliveries(self) -> list[Delivery]:
        """List everything that was sent to the app, with acks and latencies."""
        return self.sockets.deliveries

    async def down(self) -> None:
        """Refuse connections until `up`."""
        self.sockets.cut()
        await self._server.down()

    async def up(self) -> None:
        """Be reachable, on the same port as before."""
        await self._server.up()

    # what people do

    def types(self, person: str, channel: str, text: str, *, thread_ts: str | None = None) -> Delivery | None:
        """Let a person send a line: a slash command, or a message that may mention the app."""
        if not text.startswith("/"):
            return self._people.says(person, channel, text, thread_ts)
        assert thread_ts is None, "Slack has no slash commands in threads"
        if text.partition(" ")[0] not in self.commands:
            self._slackbot(channel, person, f"{text.partition(' ')[0]} is not a valid command.")
            return None
        return self._people.command(person, channel, text)

    def mentions(self, person: str, channel: str, text: str, *, thread_ts: str | None = None) -> Delivery | None:
        """Let a person address the app by name."""
        return self._people.says(person, channel, f"<@{BOT_USER}> {text}", thread_ts)

    def clicks(
        self, person: str, button: str, message: Message, *, confirm: bool = True, stale: bool = False
    ) -> Delivery | None:
        """Let a person press a button, by label or action id, and answer its confirmation.

        `stale` presses what an earlier version of the message showed, as a client does that has not heard of the edit.
        """
        return self._people.clicks(person, button, message, confirm=confirm, stale=stale)

    def chooses(self, person: str, action_id: str, option: str, message: Message) -> Delivery:
        """Let a person pick from a menu."""
        return self._people.chooses(person, action_id, option, message)

    def submits(self, person: str, values: dict[str, Any]) -> Delivery:
        """Let a person fill in the dialog on the screen, by block ids, and send it."""
        view = self.view(person)
        assert view is not None, f"{person} has no dialog open"
        return self._people.submits(person, view, values)

    def redelivers(self, delivery: Delivery) -> Delivery:
        """Send something to the app once more, as Slack does when it is unsure."""
        return self.sockets.redeliver(delivery)

    # what people see

    def messages(self, channel: str) -> list[Message]:
        """List what everybody sees in a channel, threads included, oldest first."""
        return list(self.world.visible(channel))

    def thread(self, ts: str) -> list[Message]:
        """List the replies below a message."""
        return [m for m in self.world.messages if m.thread_ts == ts and not m.deleted and m.only_for is None]

    def pictures(self, ts: str) -> list[File]:
        """List the files below a message."""
        return [file for message in self.thread(ts) for file in message.files]

    def ephemerals(self, person: str) -> list[Message]:
        """List what only one person sees."""
        return [message for message in self.world.messages if message.only_for == person and not message.deleted]

    def view(self, person: str) -> View | None:
        """Return the dialog on a person's screen."""
        mine = (view for view in reversed(self.world.views) if view.person == person and view.open)
        return next((view for view in mine if view.definition["type"] == "modal"), None)

    def shows(self, message: Message) -> str:
        """Tell what a message looks like now."""
        return self._renderer.message(message)

    def notified(self, message: Message) -> list[str]:
        """List whom a message pings: `channel`, `here`, user ids, group ids."""
        return mentions(f"{message.text} {list(message.blocks)}")

    def transcript(self, *channels: str) -> str:
        """Show the conversation as people see it now; all channels where none is named."""
        return transcript(self.world, channels or tuple(self.world.channels))

    async def until(self, found: Callable[[], T | None], timeout: float = 90.0) -> T:  # noqa: ASYNC109 - the limit is the point
        """Wait for something to be true of the workspace; fails with the transcript."""
        return await self.world.until(found, timeout, self.transcript)

    async def connected(self, count: int = 1, timeout: float = 90.0) -> None:  # noqa: ASYNC109 - same
        """Wait until the app holds this many connections."""
        await self.until(lambda: len(self.sockets.connections) >= count, timeout)

    # what Slack does about answers

    def _settled(self, delivery: Delivery) -> None:
        payload = delivery.payload
        if delivery.outcome in ("operation_timeout", "dispatch_failed"):
            self._complain(delivery)
        elif delivery.kind == "slash_commands" and delivery.answer:
            self._responses.answered_with_ack(payload["channel_id"], payload["user_id"], delivery.answer)
        elif payload.get("type") == "view_submission":
            self._close_or_object(payload["view"]["id"], delivery.answer or {})

    def _complain(self, delivery: Delivery) -> None:
        payload = delivery.payload
        if delivery.kind == "slash_commands":
            told = f'{payload["command"]} failed with the error "{delivery.outcome}"'
            self._slackbot(payload["channel_id"], payload["user_id"], told)
        elif payload.get("type") == "block_actions":
            name = self.world.name_of(payload["user"]["id"])
            told = f"({name} sees a warning sign beside the button: {delivery.outcome})"
            message = payload["message"]
            self.world.note(payload["channel"]["id"], told, message.get("thread_ts") or message["ts"])

    def _slackbot(self, channel: str, person: str, told: str) -> None:
        self.world.note(channel, f"Slackbot (only {self.world.name_of(person)} sees this): {told}")

    def _close_or_object(self, view_id: str, answer: dict[str, Any]) -> None:
        view = next(view for view in self.world.views if view.id == view_id)
        action = answer.get("response_action")
        if action == "errors":
            view.errors = dict(answer["errors"])
        elif action == "update":
            replace(self.world, view, answer["view"])
        else:
            view.open = False
