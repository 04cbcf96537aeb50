"""The first hosts beside the others: both versions are asked side by side, and the new one goes back if it is worse."""

from collections.abc import Sequence
from dataclasses import replace

from agents.destinations.compose import fleet
from agents.destinations.compose.comparison import Seat, Sides, compare, look, together
from agents.destinations.port import Trouble
from agents.events import Compared, load
from agents.toolbox import Toolbox
from guardrails.canary import handicap
from guardrails.plan import Plan, PlannedStep

OTHERS = 3
"""So many of the others are asked at least, where there are as many; and never fewer than canaries."""
LOOKS_BEFORE = 5


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
    begun = await _known_before(tools, plan, others)
    worse = await compare(tools, begun, _sides(tools, begun.canaries, begun.others))
    return Trouble(worse) if worse else None


def others_of(plan: Plan) -> tuple[str, ...]:
    """Name those that the canaries are compared with; nobody where nothing ran there, or each is with its old self."""
    if not plan.canaries or plan.compose.share_percent:
        return ()
    running = dict.fromkeys(step.place for step in plan.steps if step.before and step.place not in plan.canaries)
    return tuple(running)[: max(OTHERS, len(plan.canaries))]


async def _known_before(tools: Toolbox, plan: Plan, others: Sequence[str]) -> Compared:
    """Measure once how the hosts differ while all run the old version; after a crash the journal remembers it."""
    known = await tools.store.journal.of_many([tools.release_id], [Compared.KIND])
    if known and isinstance(event := load(known[-1].kind, known[-1].body), Compared):
        return replace(event, standing="", goes_on=True, told=())
    sides = _sides(tools, plan.canaries, others)
    for _ in range(LOOKS_BEFORE):
        await look(tools, sides)
    begun = Compared(
        plan.canaries,
        tuple(others),
        window_seconds=tools.environment.compose.canary.window.total_seconds(),
        slower_before_ms=handicap(together(sides.new), together(sides.old)),
    )
    await tools.report(begun)
    return begun


def _sides(tools: Toolbox, new: Sequence[str], old: Sequence[str]) -> Sides:
    requests = tools.environment.requests
    return Sides(
        tuple(Seat(tools.servers[name], requests) for name in new),
        tuple(Seat(tools.servers[name], requests) for name in old),
    )
