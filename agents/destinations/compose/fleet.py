"""One batch on its hosts, side by side: each comes to an end of its own, and every one that failed is named."""

from collections.abc import Sequence
from dataclasses import replace

from agents.destinations.compose import moves
from agents.destinations.port import Back, Trouble
from agents.discretion import hushed
from agents.toolbox import Toolbox
from guardrails.plan import Plan, PlannedStep
from tools.errors import Superseded, TimedOut, ToolError, Unreachable
from tools.tasks import side_by_side


async def move(tools: Toolbox, plan: Plan, steps: Sequence[PlannedStep]) -> Trouble | None:
    """Put each image on its host; raises what stopped the only host, or `Superseded` where a newer run holds one."""

    async def moved(step: PlannedStep) -> Trouble | None:
        try:
            return await moves.carry_out(tools, plan, step)
        except ToolError as error:
            if len(steps) == 1 or isinstance(error, Superseded):
                raise
            return Trouble(f"{step.component} on {step.place}: {await _hushed(tools, step, error)}")

    ended = await side_by_side(steps, moved, len(steps))
    return together([one for one in ended if one], len(steps))


async def put_back(tools: Toolbox, plan: Plan, steps: Sequence[PlannedStep]) -> list[Back]:
    """Start again what each host ran before; one that fails, or is away, does not hold the others up."""

    async def timed(step: PlannedStep) -> Back:
        begun = tools.clock.monotonic()
        back = await restored(step)
        return replace(back, seconds=round(tools.clock.monotonic() - begun, 3))

    async def restored(step: PlannedStep) -> Back:
        try:
            return await moves.restore(tools, plan, step)
        except ToolError as error:
            return Back(None if isinstance(error, Unreachable | TimedOut) else False, await _hushed(tools, step, error))

    return await side_by_side(steps, timed, len(steps))


def together(troubles: Sequence[Trouble], hosts: int) -> Trouble | None:
    """Make one trouble of those of a batch on so many hosts."""
    if not troubles:
        return None
    if len(troubles) == 1:
        return troubles[0]
    causes = "; ".join(one.cause.rstrip(".") for one in troubles)
    return Trouble(
        f"{len(troubles)} of {hosts} hosts failed: {causes}.", "\n".join(one.log for one in troubles if one.log)
    )


async def _hushed(tools: Toolbox, step: PlannedStep, error: ToolError) -> str:
    return await hushed(tools, [tools.servers[step.place]], error)
