"""A bot under fire: killed when something becomes true, started again, and held to what it must not have done."""

import asyncio
import fcntl
import shlex
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from agents import events
from agents.entrypoints.export import export
from agents.entrypoints.feed import THREADED
from tests.emulators.slack import Message
from tests.faults.witness import Deeds, Records
from tests.stage.commands import execute, tell
from tests.stage.conversation import Conversation
from tests.stage.observer.site import ObserverSite
from tools.clock import SystemClock
from tools.fence import STALE, fenced
from tools.history import open_store
from tools.process import run

PATIENCE = 180.0
LOOK_SECONDS = 0.01
STILL = ("waiting", "finished")


@dataclass(slots=True)
class Ordeal:
    """One service, its bot, and all that can be seen of both."""

    site: ObserverSite
    chat: Conversation
    records: Records
    server: Deeds
    deaths: list[tuple[str, float, float]] = field(default_factory=list)
    """(moment, seconds from the new start until it listened, seconds until the release went on)."""

    @property
    def release(self) -> str:
        """Name the newest release."""
        return str(self.records.newest().get("id", ""))

    async def asks(self, version: str) -> None:
        """Let Ana ask for a version, and wait until the release exists."""
        before = self.release
        self.chat.says(f"/deploy observer {version}")
        await self.until(lambda: self.release != before)

    def new_version(self, version: str, like: str = "v1.2.8") -> str:
        """Tag a commit that nobody has built yet: an image that is there already is taken over, not built."""
        repository = ("git", f"--git-dir={self.site.bare}")
        who = ("-c", "user.name=ana", "-c", "user.email=ana@acme.example")
        made = ("commit-tree", f"{like}^{{tree}}", "-p", f"{like}^{{commit}}", "-m", f"Release {version}")
        commit = execute((*repository, *who, *made)).strip()
        execute((*repository, "tag", version, commit))
        return version

    async def until(self, holds: Callable[[], object], within: float = PATIENCE) -> None:
        """Wait for something to be true outside of this process."""
        try:
            async with asyncio.timeout(within):
                while not holds():  # noqa: ASYNC110 - nobody outside sets our events
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise AssertionError(
                f"It never came true.\n{self.chat.slack.transcript()}\n{self.chat.bot.said()}"
            ) from None

    async def entered(self, stage: str) -> None:
        """Wait until the newest release is in a stage."""
        await self.until(lambda: self.records.stage() == stage)

    async def ended(self) -> str:
        """Wait until the newest release has ended, and return how."""
        await self.until(lambda: self.records.newest().get("outcome"))
        return str(self.records.newest()["outcome"])

    async def dies(self, moment: str) -> None:
        """Kill the bot without a warning, and start it again."""
        await self.chat.bot.kill()
        await self.starts(moment)

    async def starts(self, moment: str) -> None:
        """Start the bot again, and note how long it takes to listen, and to go on."""
        seen, begun = self.records.last_entry(), time.monotonic()
        goes_on = asyncio.create_task(self._goes_on(seen, begun))
        await self.chat.bot.start()
        listens = time.monotonic() - begun
        await self.chat.slack.connected()
        self.deaths.append((moment, round(listens, 2), round(await goes_on, 2)))

    def tell(self) -> None:
        """Say how long each return took since this was last asked."""
        while self.deaths:
            tell("{}: listened after {} s, went on after {} s".format(*self.deaths.pop(0)))

    async def _goes_on(self, seen: int, begun: float) -> float:
        """Wait for the next entry of the journal, unless there is nothing left to do but to wait for people."""
        await self.until(lambda: self.records.last_entry() > seen or self.records.newest().get("status") in STILL)
        return time.monotonic() - begun

    def scratch(self, pattern: str) -> list[Path]:
        """Find what a tool keeps in the newest release's directory while it works."""
        return list((self.site.directory / "work" / self.release).glob(pattern))

    def suite_runs(self) -> bool:
        """Tell whether a suite of the newest release runs on the bot's engine."""
        return bool(self.site.stage.bot.docker("ps", "--quiet", "--filter", f"name=shipmate-{self.release}"))

    def card(self) -> Message:
        """Return the only card of the newest release."""
        (card,) = self._cards()
        return card

    def _cards(self) -> list[Message]:
        return [card for card in self.chat.cards() if _marker(card) == f"{self.release} card"]

    async def quiet(self) -> None:
        """Stop what is still under way, and wait until it has ended."""
        await self.chat.slack.until(self._cards, PATIENCE)
        await self.chat.quiet()

    def story(self) -> str:
        """Tell what the card of the newest release and its thread show now."""
        shows, card = self.chat.slack.shows, self.card()
        return "\n".join(map(shows, (card, *self.chat.slack.thread(card.ts))))

    async def approves(self) -> None:
        """Let Hana approve the newest plan."""
        card = await self.chat.card(shows="[Approve]")
        delivery = self.chat.slack.clicks("U0HANA", "Approve", card)
        assert delivery is not None
        assert (await delivery.settled()).outcome == "acked"

    async def approves_if_asked(self) -> None:
        """Let Hana click where there is a button, whether or not anybody hears it."""
        cards = [card for card in self.chat.cards() if "[Approve]" in self.chat.slack.shows(card)]
        delivery = self.chat.slack.clicks("U0HANA", "Approve", cards[-1]) if cards else None
        if delivery is not None:
            await delivery.settled()

    async def told(self) -> str:
        """Wait until people see all that happened, and return it."""
        await self.chat.slack.until(self._told_completely, PATIENCE)
        return self.story()

    async def leaves_nothing_undone(self, version: str) -> None:
        """Hold the bot to the end of its newest release: told once, true everywhere, nothing held, nothing kept."""
        await self.told()
        assert self.records.undecided() == []
        assert self.site.running() == version
        assert self.site.answer("/health")[0] == 200
        await self.until(lambda: not (self.site.directory / "work" / self.release).exists())
        if self.server.done:
            assert _is_free(self.site.server_directory / ".shipmate.lock")
            await self._refuses_a_stale_number()
        await self._exports(version)

    async def comes_back_to(self, version: str) -> None:
        """Wait until a host that was away is settled: it runs a version again, and people are told in both places."""
        back = f"answers again: observer was put back to {version}"
        await self.until(lambda: back in self.story())
        assert self.site.running() == version
        assert self.site.answer("/health")[0] == 200
        assert "the lock may be taken off" in self.story()
        card = await self.chat.escalated("LOCKED")
        thread = self.chat.slack.thread
        await self.until(lambda: any(back in self.chat.slack.shows(one) for one in thread(card.ts)))

    def _told_completely(self) -> bool:
        """Tell whether card and thread show all that happened; something told twice is an error at once."""
        kinds = {kind.KIND for kind in THREADED}
        wanted = {
            f"{self.release} thread:{key}" for key, kind in self.records.kinds(self.release).items() if kind in kinds
        }
        told = [_marker(message) for message in self.chat.slack.thread(self.card().ts) if not message.files]
        assert len(told) == len(set(told)), told
        return set(told) == wanted and events.Finished.KIND in self.records.keys(self.release)

    async def _refuses_a_stale_number(self) -> None:
        """A bot that was frozen and comes back with an older number can change nothing."""
        directory = PurePosixPath(self.site.server_directory)
        touch = ("touch", str(directory / "stale"))
        known = self.records.target()["fence"]
        newer, older = (
            fenced(("true",), directory=directory, number=known + 1),
            fenced(touch, directory=directory, number=known),
        )
        for command, code in ((newer, 0), (older, STALE)):
            assert (await run(self.site.stage.ssh.command(shlex.join(command)))).exit_code == code
        assert not (self.site.server_directory / "stale").exists()

    async def _exports(self, version: str) -> None:
        """Find in the export what the server says, and every effect on record, before it and unbroken."""
        store = await open_store(f"sqlite:///{self.records.database}", SystemClock())
        try:
            exported = await export(store)
            fault, _ = await store.audit.examine()
            audited = [(one.action, one.outcome) for one in await store.audit.recent(None, None, 10_000)]
        finally:
            await store.close()
        pipelines = [one["pipeline_id"] for one in exported["pipelines"]]
        assert len(pipelines) == len(set(pipelines)) == len(self.chat.cards())
        assert exported["stats"]["total_runs"] == len([one for one in exported["pipelines"] if one["finished_at"]])
        assert fault is None, fault
        moved = [place for place, one in enumerate(audited) if one == ("moved", "done")]
        assert not moved or ("move", "intended") in audited[: moved[0]]
        running = exported["rollback_registry"]["services"].get("observer", {"current": f":{version}"})
        assert running["current"].endswith(f":{version}")


@asynccontextmanager
async def ordeal(site: ObserverSite) -> AsyncIterator[Ordeal]:
    """Open a conversation that can be watched from outside."""
    async with Conversation(site) as chat, Deeds(site.stage.server) as deeds:
        yield Ordeal(site, chat, Records(site.directory / "shipmate.db"), deeds)


def _marker(message: Message) -> str:
    payload = (message.metadata or {}).get("event_payload") or {}
    return str(payload.get("marker", ""))


def _is_free(lock: Path) -> bool:
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
