"""The deployer: carries out the approved plan, one component on one host per visit."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

from langgraph.runtime import Runtime

from agents.destinations.compose.draft import draft, redraw
from agents.destinations.compose.moves import move_forward, settle
from agents.destinations.compose.survey import survey_running
from agents.destinations.compose.wanted import wanted_by
from agents.discretion import told
from agents.events import Decided, Moved, Settled
from agents.state import Next, State, end, fail, proceed
from agents.toolbox import Toolbox
from guardrails.plan import Plan, PlannedStep, digest
from guardrails.plan_changes import differences
from tools.errors import ToolError
from tools.history.releases import Outcome

REFRESH_LIMIT = timedelta(seconds=5)
"""An approved release does not wait longer for a repository that does not answer."""


async def deploy(state: State, *, runtime: Runtime[Toolbox]) -> Next:
    """Move the next step of the plan, and go on only once it answers.

    A visit moves one step and may safely be repeated: the plan, not this node,
    remembers where every component came from. Before the first effect the plan is
    drawn up anew; if it is not the approved one any more, nothing is touched.
    """
    tools = runtime.context
    plan = await tools.plan()
    if state["done"] == 0 and state["kind"] == "deploy" and not state.get("touched"):
        drift = await _drift(state, plan, tools)
        if drift:
            return await _void(state, drift, tools)
    if not state.get("touched"):
        return proceed("deploy", "running", touched=1)
    return await _move(state, plan, plan.steps[state["done"]], tools)


async def _move(state: State, plan: Plan, step: PlannedStep, tools: Toolbox) -> Next:
    begun = tools.clock.monotonic()
    await move_forward(tools, plan, step)
    moved = tools.clock.monotonic() - begun
    before = step.before.tag or step.before.image if step.before else ""
    await tools.report(Moved(step.component, step.host, before, step.after.tag, round(moved, 3)))
    settled = await settle(tools, plan, step)
    waited = round(settled.waited.total_seconds(), 3)
    log = (await told(tools, tools.servers[step.host], settled.log_tail)).text if settled.log_tail else ""
    await tools.report(Settled(step.component, step.host, settled.healthy, waited, settled.cause, log))
    if not settled.healthy:
        cause = f"{step.component} on {step.host} did not become healthy: {settled.cause}"
        return fail("roll_back", "deploy", cause, log)
    done = state["done"] + 1
    if done < len(plan.steps):
        return proceed("deploy", "running", done=done, touched=done + 1)
    return proceed("verify", done=done)


async def _drift(state: State, approved: Plan, tools: Toolbox) -> tuple[str, ...]:
    """Draw up the plan again from the world as it is now, and tell what is different."""
    commit, text, images, surveyed = await asyncio.gather(
        _commit(state, tools),
        tools.repository.read(approved.commit, str(tools.environment.compose.file)),
        _images(state, tools),
        survey_running(tools),
    )
    same = commit == approved.commit and text == approved.compose_text.encode()
    if same and set(tools.service.components) <= set(images):  # what compose makes of the file needs no second reading
        now = redraw(approved, tools.service, images, surveyed)
    else:
        wanted = await wanted_by(State(**{**state, "commit": commit or "", "images": images}), tools)
        if isinstance(wanted, str):
            return (wanted,)
        now = draft(tools.service, tools.environment_name, wanted, surveyed, approved.expected_downtime)
    return () if digest(now) == digest(approved) else differences(approved, now)


async def _commit(state: State, tools: Toolbox) -> str | None:
    """Tell what the version stands for now; where the repository cannot be asked, what was fetched before stands."""
    with suppress(ToolError, TimeoutError):
        async with asyncio.timeout(REFRESH_LIMIT.total_seconds()):
            await tools.repository.refresh()
    return await tools.repository.resolve(state["version"])


async def _images(state: State, tools: Toolbox) -> dict[str, dict[str, Any]]:
    """Ask the registry what the tags mean now."""
    images = {}
    for name, image in state["images"].items():
        digest_now = await tools.registry.digest(image["image"], image["tag"])
        images[name] = {**image, "digest": digest_now or "absent"}
    return images


async def _void(state: State, drift: tuple[str, ...], tools: Toolbox) -> Next:
    cause = f"the approved plan is void, nothing was touched: {' '.join(drift)}"
    await tools.report(Decided(f"{state.get('question', '')}/void", "void", "shipmate", " ".join(drift)))
    return end(Outcome.REFUSED, cause)
