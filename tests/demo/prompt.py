"""The prompt of `--keep`: a person types and presses, as one of the people of the workspace."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from tests.demo.audience import Audience, Kind, Shown
from tests.demo.reading import ended, read
from tests.demo.screen import YELLOW, Screen
from tests.emulators.slack.rendering import Renderer
from tests.emulators.slack.world import Message
from tests.stage.conversation import ANA, HANA, MAX, ON_CALL, RELEASES, Conversation

PEOPLE = {"ana": ANA, "hana": HANA, "max": MAX}
BUTTONS = ("approve", "reject", "acknowledge", "unlock")
BRIEFLY, PATIENTLY = 10.0, 120.0
HELP = """\
/deploy observer v1.2.3   any line that begins with / is typed into #releases; `/deploy help` lists them
as NAME                   be ana (asks for releases), hana (approver, on call) or max (neither)
approve, reject REASON    press the button of the newest message that has it
acknowledge, unlock       the same, in #on-call
show                      the newest card, as it looks now
status                    what runs and what is under way: `/deploy status`
wait                      until the newest release has ended
quit                      clear everything away (Ctrl-D too)
Versions: v1.2.2 v1.2.3 v1.2.8 are good; v1.2.4 is unhealthy, v1.2.5 drops a volume, v1.2.6 has a secret in it,
v1.2.7 crashes; v1.3.0 to v1.3.6 have other faults."""


class Prompt:
    """Reads lines and does what they say."""

    def __init__(self, chat: Conversation, screen: Screen, audience: Audience) -> None:
        self._chat = chat
        self._slack = chat.slack
        self._screen = screen
        self._audience = audience
        self._renderer = Renderer(chat.slack.world)
        self._person = ANA
        self._typed = False
        self._cards = 0
        """How many cards there were when something was typed last."""

    async def run(self, lines: AsyncIterator[str]) -> None:
        """Follow what is typed until `quit` or the end of the input."""
        self._screen.say("Type /deploy lines and press buttons; `help` tells how, `quit` ends.", YELLOW)
        self._ready()
        async for line in lines:
            if line.strip() in ("quit", "exit"):
                break
            await self._do(line.strip())
            self._audience.look()  # what a line brought about is shown before the next is read
            self._ready()
        self._screen.prompt("")

    def _ready(self) -> None:
        self._screen.prompt(f"{self._slack.world.name_of(self._person)}> ")

    async def _do(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if line.startswith("/"):
            self._typed, self._cards = True, len(self._chat.cards())
            await self._type(line)
        elif word in BUTTONS:
            await self._press(word.capitalize(), rest.strip())
        elif word == "as":
            self._become(rest.strip())
        elif word in self._words:
            await self._words[word]()
        elif line:
            self._screen.say(f"'{line}' means nothing here; `help` lists what does.", YELLOW)

    @property
    def _words(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        return {"show": self._newest, "status": self._status, "wait": self._wait, "help": self._help}

    def _become(self, name: str) -> None:
        self._person = PEOPLE.get(name, self._person)
        if name not in PEOPLE:
            self._screen.say(f"There is nobody called '{name}': {', '.join(PEOPLE)}.", YELLOW)

    async def _press(self, label: str, reason: str) -> None:
        """Press the newest button of a name; while a release is under way, it may still come."""
        await self._new_card(label)
        if self._moving():
            await self._until(lambda: self._with(label) is not None or not self._moving(), PATIENTLY)
        message = self._with(label)
        if message is None:
            self._screen.say(f"No message has a button [{label}] now.", YELLOW)
        elif delivery := self._slack.clicks(self._person, label, message):
            await delivery.settled()
            await self._explain(label, reason or "rejected at the prompt of the demo")

    async def _explain(self, label: str, reason: str) -> None:
        """Send off the dialog that a button opens, with what was typed behind `reject`."""
        if label != "Reject":
            return
        await self._until(lambda: self._slack.view(self._person) is not None, BRIEFLY)
        if self._slack.view(self._person):
            await self._slack.submits(self._person, {"reason": reason}).settled()

    async def _newest(self) -> None:
        cards = self._chat.cards()
        if cards:
            lines = read(cards[-1].versions[-1], self._renderer)
            self._screen.show(Shown(Kind.SAID, "releases", "shipmate", datetime.now(UTC), lines))
        else:
            self._screen.say("There is no card yet.", YELLOW)

    async def _status(self) -> None:
        await self._type("/deploy status")

    async def _type(self, line: str) -> None:
        """Type a line, and wait a little for the answer that only this person sees."""
        answers = len(self._slack.ephemerals(self._person))
        self._slack.types(self._person, RELEASES, line)
        await self._until(lambda: len(self._slack.ephemerals(self._person)) > answers, BRIEFLY)

    async def _wait(self) -> None:
        await self._new_card()
        await self._until(lambda: not self._moving(), PATIENTLY)

    async def _new_card(self, label: str = "") -> None:
        """Wait a little for the card of what was typed last, or a button that is there already."""
        there = self._with(label) is not None if label else self._moving()
        if not there and self._typed:
            await self._until(lambda: len(self._chat.cards()) > self._cards, BRIEFLY)
        self._typed = False

    async def _help(self) -> None:
        self._screen.say(HELP)

    def _moving(self) -> bool:
        cards = self._chat.cards()
        return bool(cards) and not ended(read(cards[-1].versions[-1], self._renderer))

    def _with(self, label: str) -> Message | None:
        messages = sorted((*self._slack.messages(RELEASES), *self._slack.messages(ON_CALL)), key=lambda one: one.ts)
        return next((one for one in reversed(messages) if f"[{label}]" in self._slack.shows(one)), None)

    async def _until(self, holds: Callable[[], bool], within: float) -> None:
        with suppress(AssertionError):  # the emulator's way to say that the time is over
            await self._slack.until(holds, within)
