"""The way back: puts everything that the release touched to what ran before, newest first."""

from collections.abc import Sequence
from datetime import timedelta

from langgraph.runtime import Runtime

from agents.destinations.choice import destination_of
from agents.destinations.port import Back
from agents.events import RolledBack
from agents.state import Next, State, proceed
from agents.toolbox import Toolbox
from guardrails.plan import Plan, PlannedStep
from guardrails.plan_targets import ComposePlan
from tools.errors import TimedOut, ToolError, Unreachable

PAUSES = (timedelta(seconds=2), timedelta(seconds=5), timedelta(seconds=15))
"""Before each further attempt at a place: what cut the deploy off, and what it left under way, is often over soon."""


async def roll_back(state: State, *, runtime: Runtime[Toolbox]) -> Next:
    """Undo the touched steps in reverse, each as far as it can be; one that fails does not stop the others.

    Nothing asks for permission here, and nothing but the target itself is needed.
    """
    tools = runtime.context
    plan = await tools.plan()
    touched = plan.batches(max(state.get("touched", 0), state.get("done", 0)))
    restored: dict[PlannedStep, bool | None] = {}
    for batch in reversed(touched):
        restored |= await _undo(tools, plan, batch)
    for number, pause in enumerate(PAUSES):
        # A command cut off in mid-deploy may still have been at work: what did not get well is put back once more.
        again = {None, False} if number == 0 else {None}
        left = [tuple(step for step in batch if restored[step] in again) for batch in reversed(touched)]
        if any(left):
            await tools.clock.sleep(pause)
        for batch in filter(None, left):
            restored |= await _undo(tools, plan, batch)
    whole = all(restored.values())
    to = "close" if whole and state.get("outcome") else "escalate"
    return proceed(to, "passed" if whole else "failed", rolled_back=whole if touched else None)


async def _undo(tools: Toolbox, plan: Plan, batch: Sequence[PlannedStep]) -> dict[PlannedStep, bool | None]:
    """Put one batch back, and tell of each step whether it runs well; None where another attempt may help."""
    begun, destination = tools.clock.monotonic(), destination_of(tools)
    await tools.intend("roll back", *(f"{step.component} on {step.place}" for step in batch))
    try:
        backs = await destination.put_back(plan, batch)
    except ToolError as error:  # the others must still be put back
        well = None if isinstance(error, Unreachable | TimedOut) else False
        backs = [Back(well, await destination.hushed(error, batch))] * len(batch)
    seconds = round(tools.clock.monotonic() - begun, 3)
    for step, back in reversed([*zip(batch, backs, strict=True)]):
        to = step.before.called if step.before else "nothing"
        away = back.well is None and isinstance(plan.target, ComposePlan)
        took = seconds if back.seconds is None else back.seconds
        await tools.report(RolledBack(step.component, step.place, to, bool(back.well), took, back.detail, away))
    return {step: back.well for step, back in zip(batch, backs, strict=True)}
