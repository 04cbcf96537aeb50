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
from tools.errors import ToolError, Unreachable

PAUSES = (timedelta(seconds=2), timedelta(seconds=5), timedelta(seconds=15))
"""Before each further attempt at a place: what cut the deploy off, and what it left under way, is often over soon."""


async def roll_back(state: State, *, runtime: Runtime[Toolbox]) -> Next:
    """Undo the touched steps in reverse, each as far as it can be; one that fails does not stop the others.

    Nothing asks for permission here, and nothing but the target itself is needed.
    """
    tools = runtime.context
    plan = await tools.plan()
    touched = plan.batches(max(state.get("touched", 0), state.get("done", 0)))
    restored = [(batch, await _undo(tools, plan, batch)) for batch in reversed(touched)]
    for number, pause in enumerate(PAUSES):
        # A command cut off in mid-deploy may still have been at work: what did not get well is put back once more.
        again = {None, False} if number == 0 else {None}
        if any(back in again for _, back in restored):
            await tools.clock.sleep(pause)
            restored = [(batch, await _undo(tools, plan, batch) if back in again else back) for batch, back in restored]
    whole = all(back for _, back in restored)
    to = "close" if whole and state.get("outcome") else "escalate"
    return proceed(to, "passed" if whole else "failed", rolled_back=whole if touched else None)


async def _undo(tools: Toolbox, plan: Plan, batch: Sequence[PlannedStep]) -> bool | None:
    """Put one batch back, and tell whether it runs well; None where another attempt may help."""
    begun, destination = tools.clock.monotonic(), destination_of(tools)
    await tools.intend("roll back", *(f"{step.component} on {step.place}" for step in batch))
    try:
        back = await destination.put_back(plan, batch)
    except ToolError as error:  # the others must still be put back
        back = Back(None if isinstance(error, Unreachable) else False, await destination.hushed(error, batch))
    seconds = round(tools.clock.monotonic() - begun, 3)
    for step in reversed(batch):
        to = step.before.called if step.before else "nothing"
        await tools.report(RolledBack(step.component, step.place, to, bool(back.well), seconds, back.detail))
    return back.well
