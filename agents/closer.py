"""The closer: writes down how the release ended, and steps the ladder of failures down after a success."""

from langgraph.runtime import Runtime
from langgraph.types import Command

from agents.endings import take_back
from agents.events import Finished
from agents.state import Next, State, stops_early
from agents.toolbox import Toolbox
from tools.history.releases import Outcome


async def close(state: State, *, runtime: Runtime[Toolbox]) -> Next:
    """End the release with one outcome; repeating it changes nothing."""
    tools = runtime.context
    outcome = _outcome(state)
    cause = state.get("cause", "")
    if outcome is Outcome.SUCCEEDED and state["kind"] == "deploy":
        warned = state.get("tested") == "warning"
        await tools.store.targets.succeed(state["service"], state["environment"], state["release"], warned=warned)
    release = await tools.release()
    await take_back(tools.store, release, tools.redactor.redact(cause))
    elapsed = tools.clock.now() - release.requested_at
    audited = (await tools.store.audit.head()).told
    await tools.report(Finished(outcome, cause, round(elapsed.total_seconds(), 3), audited))
    await tools.store.releases.finish(release.id, outcome, cause)
    return Command(goto="__end__", update={"outcome": outcome.value, "status": "passed"})


def _outcome(state: State) -> Outcome:
    if state.get("rolled_back") is False:
        return Outcome.IN_DOUBT  # whatever ended the release, nobody knows what runs now
    if state.get("outcome"):
        return Outcome(state["outcome"])
    if not state.get("failure"):
        return Outcome.SUCCEEDED
    if stops_early(state):
        return Outcome.REFUSED  # it was never to be deployed: no failure of the target
    return Outcome.ROLLED_BACK if state.get("rolled_back") else Outcome.FAILED
