"""People, the bot and its neighbours around one table: what is typed and clicked, and what everybody sees."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Generic, Self

from typing_extensions import TypeVar

from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.github import GitHubEmulator
from tests.emulators.slack import SlackEmulator
from tests.emulators.slack.world import BOT_USER, Message
from tests.stage.bot import Bot
from tests.stage.endings import undisturbed
from tests.stage.observer.pulls import remember_pull_request
from tests.stage.observer.site import ObserverSite
from tests.stage.site import Site

RELEASES, ON_CALL = "C0REL", "C0ONCALL"
ANA, HANA, MAX = "U0ANA", "U0HANA", "U0MAX"
PATIENCE = 180.0

Place = TypeVar("Place", bound=Site, default=ObserverSite)


@dataclass(slots=True)
class Conversation(Generic[Place]):
    """`async with Conversation(site) as chat:`, then what people say and click, and what they then see."""

    site: Place
    slack: SlackEmulator = field(default_factory=SlackEmulator)
    model: AnthropicEmulator = field(default_factory=AnthropicEmulator)
    environ: Mapping[str, str] = field(default_factory=dict)
    github: GitHubEmulator = field(init=False)
    bot: Bot = field(init=False)
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)
    _cards: int = 0

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._end()
            raise
        return self

    async def _start(self) -> None:
        self.github = GitHubEmulator(dict(self.site.github))
        for neighbour in (self.slack, self.github, self.model):
            await self._open.enter_async_context(neighbour)
        if "acme/observer" in self.site.github:
            remember_pull_request(self.github["acme/observer"])
        environment = self.site.environ(
            SLACK_BOT_TOKEN=self.slack.bot_token,
            SLACK_APP_TOKEN=self.slack.app_token,
            SLACK_API_URL=self.slack.url,
            GITHUB_TOKEN=self.github.token,
            GITHUB_API_URL=self.github.url,
            ANTHROPIC_API_KEY=self.model.key,
            ANTHROPIC_BASE_URL=self.model.url,
            **self.environ,
        )
        self.bot = Bot(environment, self.site.directory / "bot.log")
        self._open.push_async_callback(self.bot.stop)
        await self.bot.start()
        await self.slack.connected()

    async def _end(self) -> None:
        """End the bot and its neighbours; Ctrl-C once more does not leave any of them behind."""
        with undisturbed():
            await self._open.aclose()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    def says(self, text: str, as_: str = ANA) -> None:
        """Type something into the release channel."""
        self.slack.types(as_, RELEASES, text)

    async def card(self, *, shows: str, within: float = PATIENCE) -> Message:
        """Wait until the newest card shows a piece of text, and return it."""
        return await self.slack.until(lambda: self._newest(shows), within)

    async def clicks(self, button: str, as_: str = HANA, channel: str = RELEASES) -> None:
        """Press a button of the newest message that has one."""
        message = await self.slack.until(lambda: self._with_button(button, channel), PATIENCE)
        delivery = self.slack.clicks(as_, button, message)
        if delivery is not None:
            await delivery.settled()

    async def rejects(self, card: Message, reason: str = "", as_: str = HANA) -> None:
        """Press Reject on a card and say why."""
        self.slack.clicks(as_, "Reject", card)
        await self.slack.until(lambda: self.slack.view(as_) is not None, PATIENCE)
        await self.slack.submits(as_, {"reason": reason}).settled()

    async def whispered(self, text: str, to: str = ANA, within: float = PATIENCE) -> Message:
        """Wait until a person is told something that nobody else sees."""
        return await self.slack.until(
            lambda: next((m for m in self.slack.ephemerals(to) if text in self.slack.shows(m)), None), within
        )

    async def answered(self, text: str, as_: str = ANA) -> Message:
        """Type a command that is answered to its author alone, and return the answer."""
        before = len(self.slack.ephemerals(as_))
        self.says(text, as_)
        return await self.slack.until(lambda: next(iter(self.slack.ephemerals(as_)[before:]), None), PATIENCE)

    async def escalated(self, text: str, within: float = PATIENCE) -> Message:
        """Wait until the escalation channel shows a piece of text."""
        return await self.slack.until(
            lambda: next((m for m in self.slack.messages(ON_CALL) if text in self.slack.shows(m)), None), within
        )

    async def asks(self, text: str, as_: str = ANA) -> Message:
        """Type something that opens a release, and return its new card."""
        before = len(self.cards())
        self.says(text, as_)
        return await self.slack.until(lambda: next(iter(self.cards()[before:]), None), PATIENCE)

    async def shows(self, message: Message, text: str, within: float = PATIENCE) -> str:
        """Wait until a message shows a piece of text, and return all that it shows then."""
        await self.slack.until(lambda: text in self.slack.shows(message), within)
        return self.slack.shows(message)

    async def release(self, version: str, as_: str = ANA) -> str:
        """Ask for a version, let Hana approve it if anybody is asked, and return what the card and its thread tell."""
        card = await self.asks(f"/deploy {self.site.service} {version}", as_)
        await self.slack.until(lambda: self._asks(card) or self._over(card), PATIENCE)
        if self._asks(card):
            self.slack.clicks(HANA, "Approve", card)
        return await self.end(card)

    async def verdict(self, text: str, as_: str = ANA) -> str:
        """Type something that opens a release which ends without a question; return what its card tells."""
        card = await self.asks(text, as_)
        return await self.shows(card, "Took ")

    async def end(self, card: Message, within: float = PATIENCE) -> str:
        """Wait until a release has ended and everything is told; return what the card and its thread tell."""
        await self.slack.until(lambda: self._over(card) and "Ended: " in self.story(card), within)
        return self.story(card)

    def story(self, card: Message) -> str:
        """Tell what a card and its thread show now."""
        return "\n".join(map(self.slack.shows, (card, *self.slack.thread(card.ts))))

    async def runs(self, version: str) -> None:
        """Wait until the server runs a version, however well."""
        await self.comes_true(lambda: self.site.running() == version)

    async def marked_good(self, version: str) -> None:
        """Wait until a version is marked as good on the server."""
        mark = self.site.server_directory / "last_good_tag"
        await self.comes_true(lambda: mark.exists() and mark.read_text() == f"{version}\n")

    def answer(self, path: str = "/") -> Any:
        """Ask the running service, as its users do."""
        return self.site.answer(path)

    def cards(self) -> list[Message]:
        """List the cards of the release channel, oldest first."""
        return [m for m in self.slack.messages(RELEASES) if m.author == BOT_USER and not (m.thread_ts or m.only_for)]

    async def quiet(self) -> None:
        """Stop whatever is still under way, and wait until it has ended."""
        for card in self.cards():
            if not self._over(card):
                self.says(f"/deploy cancel {self.site.service}")
                await self.shows(card, "Took ")

    def everything_told(self) -> Mapping[str, str]:
        """Collect all that the bot said, sent, kept or logged so far, edits and private answers included."""
        slack = "\n".join(f"{v.text} {json.dumps(v.blocks)}" for m in self.slack.world.messages for v in m.versions)
        databases = [path for path in self.site.directory.glob("shipmate*") if path.is_file()]
        return {
            "Slack": slack,
            "GitHub": json.dumps(self.github.requests, default=str),
            "the model": json.dumps([request.body for request in self.model.requests]),
            "the log": self.bot.said(),
            **{path.name: path.read_bytes().decode(errors="replace") for path in databases},
        }

    async def comes_true(self, true: Callable[[], bool]) -> None:
        """Look at the world until it is as wanted; no event tells of it."""
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110 - another process changes it
                await asyncio.sleep(0.05)

    def _asks(self, card: Message) -> bool:
        return "[Approve]" in self.slack.shows(card)

    def _over(self, card: Message) -> bool:
        return "Took " in self.slack.shows(card)

    def _newest(self, text: str) -> Message | None:
        cards = self.cards()
        return cards[-1] if cards and text in self.slack.shows(cards[-1]) else None

    def _with_button(self, button: str, channel: str) -> Message | None:
        messages = reversed(self.slack.messages(channel))
        return next((m for m in messages if f"[{button}]" in self.slack.shows(m)), None)
