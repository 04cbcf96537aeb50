"""The deployer: carries out the approved plan, one batch of steps per visit."""

from langgraph.runtime import Runtime

from agents.destinations.choice import destination_of
from agents.events import Decided
from agents.holds import hold_on, is_exempt
from agents.state import Failure, Next, State, end, fail, proceed
from agents.toolbox import Toolbox
from guardrails.failures import UNSAVED
from guardrails.plan import Plan, digest
from guardrails.plan_changes import differences
from guardrails.verdict import Verdict
from tools.history.releases import Outcome

_MOVE = "move"
"""Stands in the audit before the first effect."""


async def deploy(state: State, *, runtime: Runtime[Toolbox]) -> Next:
    """Move the next batch of the plan, and go on only once it is well.

    A visit may safely be repeated: the plan, not this node, remembers where every
    component came from. Before the first effect the plan is drawn up anew; if it is
    not the approved one any more, nothing is touched.
    """
    tools = runtime.context
    plan = await tools.plan()
    batch = plan.batch(state["done"])
    if not state.get("touched"):
        void = await _void_by(state, plan, tools) if state["kind"] == "deploy" else ()
        return await _void(state, void, tools) if void else await _begin(state, plan, tools)
    if holding := await _held_since(state, tools):
        return await _void(state, holding, tools)
    await tools.intend(_MOVE, *(f"{step.component} on {step.place} to {step.after.tag}" for step in batch))
    trouble = await destination_of(tools).move(plan, batch)
    if trouble and trouble.untouched:
        return await _void(state, (trouble.cause,), tools)
    if trouble:
        return fail("roll_back", "deploy", trouble.cause, trouble.log)
    done = state["done"] + len(batch)
    if done < len(plan.steps):
        return proceed("deploy", "running", done=done, touched=done + len(plan.batch(done)))
    return proceed("verify", done=done)


async def _begin(state: State, plan: Plan, tools: Toolbox) -> Next:
    """Save what is to be saved, and note that the first batch may be touched from here on. No way back waits for it."""
    trouble = await destination_of(tools).save(plan) if state["kind"] == "deploy" else None
    if trouble:
        cause = f"{trouble.cause} Nothing was touched."
        failure = Failure(stage="deploy", cause=cause, log=trouble.log)
        return proceed("roll_back", "failed", failure=failure, cause=cause, error=UNSAVED)
    return proceed("deploy", "running", touched=len(plan.batch(state["done"])))


async def _void_by(state: State, plan: Plan, tools: Toolbox) -> tuple[str, ...]:
    """Tell why the stored plan must not be carried out."""
    return await _unapproved(plan, tools) or await _drift(state, plan, tools) or await held(tools)


async def _held_since(state: State, tools: Toolbox) -> tuple[str, ...]:
    """Ask once more what holds the target, for hours may lie between two visits; what has begun goes on to its end."""
    holding = () if state["done"] else await held(tools)
    return holding if holding and not await tools.store.audit.intended(tools.release_id, _MOVE) else ()


async def held(tools: Toolbox) -> tuple[str, ...]:
    """Tell what holds the target now; asked last, so that nothing comes between this and the first effect."""
    release, now = await tools.release(), tools.clock.now()
    if is_exempt(release):
        return ()
    freezes = (*tools.freezes, *tools.environment.freezes)
    hold = await hold_on(tools.store, freezes, release.service, release.environment, now)
    return (hold.told(release.service, release.environment),) if hold else ()


async def _unapproved(plan: Plan, tools: Toolbox) -> tuple[str, ...]:
    """Tell where the stored plan is not what people approved, or nobody approved it who had to."""
    release, question = await tools.release(), await tools.store.decisions.latest(tools.release_id)
    if question is None:
        unasked = release.break_glass is not None or tools.environment.approval.required == 0
        return () if unasked else ("nobody was asked about it.",)
    if question.choice == "approved" and question.digest == digest(plan):
        doubt = await tools.store.audit.doubt(question)
        return (f"{doubt.told} See ./shipmate audit verify.",) if doubt else ()
    return (f"{question.choice or 'nothing'} was decided about {question.digest[:12]}, this is {digest(plan)[:12]}.",)


async def _drift(state: State, approved: Plan, tools: Toolbox) -> tuple[str, ...]:
    """Draw up the plan again from the world as it is now, and tell what is different."""
    now = await destination_of(tools).redraw(state, approved)
    if isinstance(now, str):
        return (now,)
    if isinstance(now, Verdict):
        return tuple(finding.message for finding in now.findings)
    return () if digest(now) == digest(approved) else differences(approved, now)


async def _void(state: State, drift: tuple[str, ...], tools: Toolbox) -> Next:
    cause = f"the approved plan is void, nothing was touched: {' '.join(drift)}"
    await tools.report(Decided(f"{state.get('question', '')}/void", "void", "shipmate", " ".join(drift)))
    return end(Outcome.REFUSED, cause)
