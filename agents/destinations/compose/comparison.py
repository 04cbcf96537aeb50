"""Two versions asked side by side while both serve, until it is clear that the new one is worse, or time is over."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from agents.destinations.compose.serving import route_to
from agents.events import Compared
from agents.toolbox import Server, Toolbox
from config.contracts import Probe
from guardrails.canary import Answers, Comparison, Requests, Side, Standing, compared, share_of
from tools.errors import ToolError
from tools.health import Standing as Stand
from tools.health import probe, wrong
from tools.tasks import side_by_side

TOLD_EVERY_SECONDS = 15


@dataclass(slots=True)
class Seat:
    """Where one side is asked: a host, or one instance beside another on it; and what each address answered so far."""

    server: Server
    requests: Sequence[Probe]
    at: Stand | None = None
    """The instance; None: whatever answers on the host."""
    answers: dict[str, Answers] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sides:
    """The new version, and the old one."""

    new: tuple[Seat, ...]
    old: tuple[Seat, ...]

    @property
    def all(self) -> tuple[Seat, ...]:
        """List both sides."""
        return (*self.new, *self.old)


async def compare(tools: Toolbox, begun: Compared, sides: Sides) -> str:
    """Ask both sides and tell how it stands; returns why the new version must go back, empty where it need not.

    Whoever cancels the release ends the comparison, too.
    """
    settings, clock = tools.environment.compose.canary, tools.clock
    await look(tools, sides)
    for seat in sides.all:
        seat.answers.clear()  # cold caches do not count
    before = await _users(tools, sides.new), await _users(tools, sides.old)
    started, told, looks = clock.monotonic(), 0.0, max(1, settings.window // settings.every)
    for number in range(1, looks + 1):
        if await tools.cancelled_by():
            return ""
        await look(tools, sides)
        seconds = clock.monotonic() - started
        last = number == looks or seconds >= settings.window.total_seconds()
        mine, theirs = await _side(tools, begun, sides.new, before[0]), await _side(tools, None, sides.old, before[1])
        result = compared(mine, theirs, settings, share_of(looks if last else number, looks))
        if last or result.standing is Standing.WORSE:
            return await _concluded(tools, begun, result, seconds)
        if seconds - told >= TOLD_EVERY_SECONDS:
            told = seconds
            await tools.report(replace(begun, told=result.told, seconds=round(seconds, 1)))
        await clock.sleep(max(timedelta(), number * settings.every - timedelta(seconds=seconds)))
    return ""


async def look(tools: Toolbox, sides: Sides) -> None:
    """Ask every address of every seat, all seats of both sides at the same time."""

    async def asked(seat: Seat) -> None:
        for request in seat.requests:
            answered = await _asked(tools, seat, request)
            seat.answers[request.url] = seat.answers.get(request.url, Answers()) + answered

    await side_by_side(sides.all, asked, len(sides.all))


def together(seats: Sequence[Seat]) -> dict[str, Answers]:
    """Add up by address."""
    added: dict[str, Answers] = {}
    for seat in seats:
        added |= {name: added.get(name, Answers()) + one for name, one in seat.answers.items()}
    return added


async def _concluded(tools: Toolbox, begun: Compared, result: Comparison, seconds: float) -> str:
    """Tell the verdict; not enough to tell is no alarm, and what follows then is the operator's to say."""
    unclear = result.standing is Standing.UNCLEAR
    back = result.standing is Standing.WORSE or (unclear and tools.environment.compose.canary.unclear == "go-back")
    await tools.report(
        replace(begun, standing=result.standing.value, goes_on=not back, told=result.told, seconds=round(seconds, 1))
    )
    how = "could not be told apart from" if unclear else "did worse than"
    return f"{', '.join(begun.canaries)} {how} {', '.join(begun.others)}: {result.told[0]}." if back else ""


async def _side(tools: Toolbox, begun: Compared | None, seats: Sequence[Seat], before: Requests) -> Side:
    """Sum one side up: the new one without what it was slower before, the old one without hosts that are away."""
    users, slower = await _users(tools, seats), begun.slower_before_ms if begun else {}
    if begun is None:
        seats = [seat for seat in seats if any(one.latencies_ms for one in seat.answers.values())]
    answers = {name: _eased(one, slower.get(name, 0.0)) for name, one in together(seats).items()}
    return Side(answers, Requests(max(0, users.asked - before.asked), max(0, users.failed - before.failed)))


def _eased(answers: Answers, milliseconds: float) -> Answers:
    return replace(answers, latencies_ms=tuple(max(0.0, one - milliseconds) for one in answers.latencies_ms))


async def _asked(tools: Toolbox, seat: Seat, request: Probe) -> Answers:
    times = tools.environment.compose.canary.requests
    answers = [await probe(seat.server.host, request, seat.at) for _ in range(times)]
    good = [one.latency.total_seconds() * 1000 for one in answers if not wrong(one, request)]
    return Answers(len(answers) - len(good), tuple(good))


async def _users(tools: Toolbox, seats: Sequence[Seat]) -> Requests:
    """Add up what the proxies of one side have counted so far; nothing where they do not tell."""
    counted = await side_by_side(seats, lambda seat: _users_of(tools, seat), len(seats) or 1)
    return Requests(sum(one.asked for one in counted), sum(one.failed for one in counted))


async def _users_of(tools: Toolbox, seat: Seat) -> Requests:
    proxy, asked, failed = seat.server.proxy, 0, 0
    if proxy is None:
        return Requests()
    for route in [name for name in tools.service.components if route_to(tools, name)]:
        try:
            serving = {seat.at.container[:12]} if seat.at else {one.name for one in await proxy.backends(route)}
            traffic = await proxy.traffic(route)
        except ToolError:  # what cannot be counted is no sample
            continue
        asked += sum(one.requests for name, one in traffic.items() if name in serving)
        failed += sum(one.errors for name, one in traffic.items() if name in serving)
    return Requests(asked, failed)
