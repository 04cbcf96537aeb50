"""The approver: waits until people, or time, have decided about the plan; `guardrails/approval.py` says who may."""

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from agents.endings import tell_decision
from agents.state import Next, State, end, proceed
from agents.toolbox import Toolbox
from tools.history.decisions import Question
from tools.history.releases import Outcome

_ENDS = {
    "rejected": Outcome.REJECTED,
    "expired": Outcome.EXPIRED,
    "cancelled": Outcome.CANCELLED,
    "superseded": Outcome.CANCELLED,
}


async def approve(state: State, *, runtime: Runtime[Toolbox]) -> Next:
    """Go on once the question about this plan is approved; end when it is decided otherwise.

    The decision is read from the store on every visit: what wakes this node
    says nothing.
    """
    question = await _question(state["question"], runtime.context)
    if question is None or question.choice is None:
        interrupt({"question": state["question"]})
        return proceed("approve", "running")
    if question.choice == "approved":
        return proceed("deploy")
    cause = f"{question.choice} by {question.decided_by}" + (f": {question.reason}" if question.reason else "")
    return end(_ENDS[question.choice], cause, "skipped")


async def _question(question_id: str, tools: Toolbox) -> Question | None:
    """Return the question; a release that was cancelled before its question was put has its answer already."""
    person = await tools.cancelled_by()
    if person:
        await tools.store.decisions.decide(question_id, "cancelled", person)
    return await tell_decision(tools.store, question_id)
