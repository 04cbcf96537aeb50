"""The way back: puts every host that the release touched to what it ran before, newest first."""

from collections.abc import Sequence
from datetime import timedelta

from langgraph.runtime import Runtime

from agents.destinations.compose.moves import move_back, settle, take_away
from agents.discretion import hushed
from agents.events import RolledBack
from agents.state import Next, State, proceed
from agents.toolbox import Toolbox
from guardrails.mounts import is_under_any
from guardrails.plan import Plan, PlannedStep
from tools.errors import ToolError, Unreachable
from tools.inspection import Container

PAUSES = (timedelta(seconds=2), timedelta(seconds=5), timedelta(seconds=15))
"""Before each further attempt on a host: what cut the deploy off, and what it left under way, is often over soon."""


async def roll_back(state: State, *, runtime: Runtime[Toolbox]) -> Next:
    """Undo the touched steps in reverse, each as far as it can be; one that fails does not stop the others.

    Nothing asks for permission here, and nothing but the hosts themselves is needed.
    """
    tools = runtime.context
    plan = await tools.plan()
    touched = plan.steps[: max(state.get("touched", 0), state.get("done", 0))]
    restored = [(step, await _undo(tools, plan, step)) for step in reversed(touched)]
    for number, pause in enumerate(PAUSES):
        # A command cut off in mid-deploy may still have been at work: what did not get well is put back once more.
        again = {None, False} if number == 0 else {None}
        if any(back in again for _, back in restored):
            await tools.clock.sleep(pause)
            restored = [(step, await _undo(tools, plan, step) if back in again else back) for step, back in restored]
    whole = all(back for _, back in restored)
    to = "close" if whole and state.get("outcome") else "escalate"
    return proceed(to, "passed" if whole else "failed", rolled_back=whole if touched else None)


async def _undo(tools: Toolbox, plan: Plan, step: PlannedStep) -> bool | None:
    """Put one step back, and tell whether it runs well; None where another attempt may help."""
    begun = tools.clock.monotonic()
    try:
        back, detail = await _restore(tools, plan, step)
    except ToolError as error:  # the other hosts must still be put back
        back = None if isinstance(error, Unreachable) else False
        detail = await hushed(tools, [tools.servers[step.host]], error)
    to = (step.before.tag or step.before.image) if step.before else "nothing"
    seconds = round(tools.clock.monotonic() - begun, 3)
    await tools.report(RolledBack(step.component, step.host, to, bool(back), seconds, detail))
    return back


async def _restore(tools: Toolbox, plan: Plan, step: PlannedStep) -> tuple[bool | None, str]:
    if step.before is None:
        await take_away(tools, plan, step)
        return True, "first deploy: the container is stopped, it and its volumes are kept"
    await move_back(tools, plan, step, step.before)
    settled = await settle(tools, plan, step)
    if settled.container and settled.container.status == "exited":  # by a stop that was cut off with the deploy
        return None, settled.cause
    return settled.healthy, settled.cause or _volumes(settled.container, tools.environment.paths.persist)


def _volumes(container: Container | None, persist: Sequence[str]) -> str:
    """Tell whether what must outlive a container is mounted again; the version before may have known less of it."""
    mounted = (
        sorted(mount.target for mount in container.mounts if mount.kind in {"bind", "volume"}) if container else []
    )
    lost = [path for path in persist if not is_under_any(path, mounted)]
    if lost:
        return f"NOT mounted: {', '.join(lost)}."
    return f"Volumes checked, mounted: {', '.join(mounted)}." if mounted else ""
