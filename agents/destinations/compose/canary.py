"""The first hosts beside the others: both versions are asked side by side, and the new one goes back if it is worse."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from agents.destinations.compose import fleet
from agents.destinations.compose.serving import route_to
from agents.destinations.port import Trouble
from agents.events import Compared, load
from agents.toolbox import Server, Toolbox
from config.contracts import Probe
from guardrails.canary import Answers, Comparison, Requests, Side, Standing, compared, handicap, share_of
from guardrails.plan import Plan, PlannedStep
from tools.errors import ToolError
from tools.health import probe, wrong
from tools.tasks import side_by_side

OTHERS = 3
"""So many of the others are asked at least, where there are as many; and never fewer than canaries."""
LOOKS_BEFORE = 5
TOLD_EVERY_SECONDS = 15


@dataclass(slots=True)
class _Hosts:
    """One side: its hosts, and what each address of each has answered so far."""

    servers: Sequence[Server]
    answers: dict[str, dict[str, Answers]]

    @classmethod
    def of(cls, tools: Toolbox, names: Sequence[str]) -> "_Hosts":
        return cls([tools.servers[name] for name in names], {name: {} for name in names})

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.answers)

    def together(self, *, answering: bool = False) -> dict[str, Answers]:
        """Add up by address; with `answering` without hosts that never gave a good answer, for others are away, too."""
        added: dict[str, Answers] = {}
        for of_host in self.answers.values():
            if not answering or any(one.latencies_ms for one in of_host.values()):
                added |= {name: added.get(name, Answers()) + one for name, one in of_host.items()}
        return added


async def move(tools: Toolbox, plan: Plan, steps: Sequence[PlannedStep]) -> Trouble | None:
    """Carry out a batch; once the canaries run the new version, compare them with others that run the old one.

    A rollback somebody asked for is held up by no comparison.
    """
    asked_back = bool(plan.canaries) and (await tools.release()).kind == "rollback"
    others = () if asked_back else others_of(plan)
    if others and steps[0] == plan.steps[0]:
        await _known_before(tools, plan, others)
    trouble = await fleet.move(tools, plan, steps)
    if trouble or not others or not plan.completes_canaries(plan.steps.index(steps[-1]) + 1):
        return trouble
    return await _compare(tools, await _known_before(tools, plan, others))


def others_of(plan: Plan) -> tuple[str, ...]:
    """Name those that the canaries are compared with; nobody where nothing ran there before."""
    if not plan.canaries:
        return ()
    running = dict.fromkeys(step.place for step in plan.steps if step.before and step.place not in plan.canaries)
    return tuple(running)[: max(OTHERS, len(plan.canaries))]


async def _known_before(tools: Toolbox, plan: Plan, others: Sequence[str]) -> Compared:
    """Measure once how the hosts differ while all run the old version; after a crash the journal remembers it."""
    known = await tools.store.journal.of_many([tools.release_id], [Compared.KIND])
    if known and isinstance(event := load(known[-1].kind, known[-1].body), Compared):
        return replace(event, standing="", goes_on=True, told=())
    new, old = _Hosts.of(tools, plan.canaries), _Hosts.of(tools, others)
    for _ in range(LOOKS_BEFORE):
        await _look(tools, (new, old))
    settings = tools.environment.compose.canary
    begun = Compared(
        new.names,
        old.names,
        window_seconds=settings.window.total_seconds(),
        slower_before_ms=handicap(new.together(), old.together()),
    )
    await tools.report(begun)
    return begun


async def _compare(tools: Toolbox, begun: Compared) -> Trouble | None:
    """Ask both sides until the window is over, the new version is clearly worse, or somebody cancels."""
    settings, clock = tools.environment.compose.canary, tools.clock
    new, old = _Hosts.of(tools, begun.canaries), _Hosts.of(tools, begun.others)
    await _look(tools, (_Hosts.of(tools, begun.canaries), _Hosts.of(tools, begun.others)))  # cold caches do not count
    users = await _users(tools, new), await _users(tools, old)
    started, told, looks = clock.monotonic(), 0.0, max(1, settings.window // settings.every)
    for look in range(1, looks + 1):
        if await tools.cancelled_by():
            return None
        await _look(tools, (new, old))
        seconds = clock.monotonic() - started
        last = look == looks or seconds >= settings.window.total_seconds()
        sides = await _sides(tools, begun, new, old, users)
        result = compared(*sides, settings, share_of(looks if last else look, looks))
        if last or result.standing is Standing.WORSE:
            return await _concluded(tools, begun, result, seconds)
        if seconds - told >= TOLD_EVERY_SECONDS:
            told = seconds
            await tools.report(replace(begun, told=result.told, seconds=round(seconds, 1)))
        await clock.sleep(max(timedelta(), look * settings.every - timedelta(seconds=seconds)))
    return None


async def _concluded(tools: Toolbox, begun: Compared, result: Comparison, seconds: float) -> Trouble | None:
    """Tell the verdict; not enough to tell is no alarm, and what follows then is the operator's to say."""
    unclear = result.standing is Standing.UNCLEAR
    back = result.standing is Standing.WORSE or (unclear and tools.environment.compose.canary.unclear == "go-back")
    await tools.report(
        replace(begun, standing=result.standing.value, goes_on=not back, told=result.told, seconds=round(seconds, 1))
    )
    if not back:
        return None
    how = "could not be told apart from" if unclear else "did worse than"
    return Trouble(f"{', '.join(begun.canaries)} {how} {', '.join(begun.others)}: {result.told[0]}.")


async def _sides(
    tools: Toolbox, begun: Compared, new: _Hosts, old: _Hosts, before: tuple[Requests, Requests]
) -> tuple[Side, Side]:
    mine, theirs = await _users(tools, new), await _users(tools, old)
    answers = {name: _eased(one, begun.slower_before_ms.get(name, 0.0)) for name, one in new.together().items()}
    return Side(answers, _since(before[0], mine)), Side(old.together(answering=True), _since(before[1], theirs))


def _eased(answers: Answers, milliseconds: float) -> Answers:
    return replace(answers, latencies_ms=tuple(max(0.0, one - milliseconds) for one in answers.latencies_ms))


def _since(before: Requests, now: Requests) -> Requests:
    return Requests(max(0, now.asked - before.asked), max(0, now.failed - before.failed))


async def _look(tools: Toolbox, sides: Sequence[_Hosts]) -> None:
    """Ask every address of every host, all hosts of both sides at the same time."""
    requests = tools.environment.requests
    hosts = [(side, server) for side in sides for server in side.servers]

    async def asked(one: tuple[_Hosts, Server]) -> None:
        side, server = one
        known = side.answers[server.name]
        for request in requests:
            known[request.url] = known.get(request.url, Answers()) + await _asked(tools, server, request)

    await side_by_side(hosts, asked, len(hosts))


async def _asked(tools: Toolbox, server: Server, request: Probe) -> Answers:
    answers = [await probe(server.host, request) for _ in range(tools.environment.compose.canary.requests)]
    good = [one.latency.total_seconds() * 1000 for one in answers if not wrong(one, request)]
    return Answers(len(answers) - len(good), tuple(good))


async def _users(tools: Toolbox, hosts: _Hosts) -> Requests:
    """Add up what the proxies of one side have counted so far; nothing where they do not tell."""
    counted = await side_by_side(hosts.servers, lambda server: _users_of(tools, server), len(hosts.servers))
    return Requests(sum(one.asked for one in counted), sum(one.failed for one in counted))


async def _users_of(tools: Toolbox, server: Server) -> Requests:
    proxy, asked, failed = server.proxy, 0, 0
    routes = [name for name in tools.service.components if route_to(tools, name)]
    if proxy is None:
        return Requests()
    for route in routes:
        try:
            serving = {one.name for one in await proxy.backends(route)}
            traffic = await proxy.traffic(route)
        except ToolError:  # what cannot be counted is no sample
            continue
        asked += sum(one.requests for name, one in traffic.items() if name in serving)
        failed += sum(one.errors for name, one in traffic.items() if name in serving)
    return Requests(asked, failed)
