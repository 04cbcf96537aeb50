"""What every stage has in common: it is announced and timed, stops when asked to, and its mishaps become failures."""

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable

from langgraph.errors import NodeError
from langgraph.runtime import Runtime

from agents.discretion import hushed
from agents.events import Left
from agents.state import Failure, Next, State, call_off, proceed, stops_early
from agents.toolbox import Toolbox, stopped_by
from guardrails.failures import FAULT_OF_OURS
from tools.errors import ToolError

Node = Callable[..., Awaitable[Next]]
Mishap = Callable[..., Awaitable[Next]]
log = logging.getLogger(__name__)

UNTOUCHED = frozenset({"analyze", "test", "build", "plan"})
"""Stages before the first effect: they may be cut short at any moment."""
RUNNING = "running"
"""Status of a stage that goes on with another visit."""
TOUCHING = frozenset({"deploy", "verify"})
"""Stages in or after the first effect: stopping them means putting everything back."""


def staged(name: str, node: Node) -> Node:
    """Announce a node's beginning and end, time it, and stop it when somebody cancelled the release."""

    @functools.wraps(node)
    async def run(state: State, *, runtime: Runtime[Toolbox]) -> Next:
        tools = runtime.context
        begun = tools.clock.monotonic()
        await tools.enter(name)
        person = await stopped_by(state, tools)
        if person and name in UNTOUCHED | TOUCHING:
            command = _cancelled(name, person)
        elif name in UNTOUCHED:
            command = await _unless_cancelled(name, node(state, runtime=runtime), tools)
        else:
            command = await node(state, runtime=runtime)
        left = _left(name, command, tools.clock.monotonic() - begun)
        if left.status != RUNNING:
            await tools.report(left)
        return command

    return run


def caught(name: str) -> Mishap | None:
    """Tell what takes care of a stage's mishaps; of the end nothing does, so that the driver tries it again."""
    return None if name == "close" else mishap


async def mishap(state: State, error: NodeError, *, runtime: Runtime[Toolbox]) -> Next:
    """Turn an exception of a node into a failure, and go where that failure is taken care of."""
    tools = runtime.context
    cause = await hushed(tools, tools.servers.values(), error.error)
    remembered = isinstance(error.error, str)  # an exception that LangGraph read back after a crash
    if not remembered and not isinstance(error.error, ToolError):
        log.error("release %s: %s failed", state.get("release"), error.node, exc_info=error.error)
        cause = f"Shipmate itself failed in {error.node} ({type(error.error).__name__}: {cause})."
    await tools.report(Left(error.node, "failed", 0, cause))
    update = {"failure": state.get("failure") or Failure(stage=error.node, cause=cause, log=""), "cause": cause}
    if not state.get("failure"):
        update["error"] = _code(error.error)
    if stops_early(state):  # what was never to be deployed is no failure of the target
        return proceed("close", "failed", **update)
    if error.node in TOUCHING:
        return proceed("roll_back", "failed", **update)
    if error.node == "roll_back":
        return proceed("escalate", "failed", **update, rolled_back=False)
    return proceed("close" if error.node == "escalate" else "escalate", "failed", **update)


async def _unless_cancelled(name: str, work: Awaitable[Next], tools: Toolbox) -> Next:
    """Run a stage that has not touched anything, and cut it short as soon as somebody cancels."""
    stage = asyncio.ensure_future(work)
    bell = asyncio.ensure_future(tools.until_cancelled())
    try:
        await asyncio.wait({stage, bell}, return_when=asyncio.FIRST_COMPLETED)
        return await stage if stage.done() else _cancelled(name, bell.result())
    finally:
        for task in (stage, bell):
            task.cancel()
        await asyncio.gather(stage, bell, return_exceptions=True)


def _code(error: object) -> str:
    """Name the kind of an exception; nobody knows it of one that LangGraph read back after a crash."""
    if isinstance(error, str):
        return ""
    return error.code if isinstance(error, ToolError) else FAULT_OF_OURS


def _cancelled(name: str, person: str) -> Next:
    return call_off("roll_back" if name in TOUCHING else "close", person)


def _left(name: str, command: Next, seconds: float) -> Left:
    update = command.update if isinstance(command.update, dict) else {}
    status = str(update.get("status", "passed"))
    return Left(name, status, round(seconds, 3), str(update.get("cause", "")) if status == "failed" else "")
