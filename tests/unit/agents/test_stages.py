"""What every stage has in common: announced, timed, stopped when asked, and no mishap without a way on."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from secrets import token_hex
from types import SimpleNamespace
from typing import Any, cast

import pytest
from langgraph.errors import NodeError
from langgraph.runtime import Runtime

from agents.events import Event, Left
from agents.stages import Node, mishap, staged
from agents.state import Next, State, fail, proceed
from agents.toolbox import Toolbox
from tools.clock import SystemClock
from tools.errors import CommandFailed, Unreachable
from tools.local import LocalHost
from tools.redaction import Redactor

STATE = State(release="r1", service="observer", environment="production", kind="deploy")


@dataclass
class Desk:
    """A toolbox that keeps what is reported, and knows whether somebody cancelled."""

    cancelled: str | None = None
    clock: SystemClock = field(default_factory=SystemClock)
    redactor: Redactor = field(default_factory=Redactor)
    servers: dict[str, Any] = field(default_factory=dict)
    environment: Any = None
    given_env: None = None
    entered: list[str] = field(default_factory=list)
    reported: list[Event] = field(default_factory=list)
    bell: asyncio.Event = field(default_factory=asyncio.Event)

    async def enter(self, stage: str) -> None:
        self.entered.append(stage)

    async def report(self, event: Event) -> None:
        self.reported.append(event)

    async def cancelled_by(self) -> str | None:
        return self.cancelled

    async def until_cancelled(self) -> str:
        await self.bell.wait()
        return "U0ANA"

    @property
    def left(self) -> list[tuple[str, str, str]]:
        return [(event.stage, event.status, event.cause) for event in self.reported if isinstance(event, Left)]


def runtime(desk: Desk) -> Runtime[Toolbox]:
    return Runtime(context=cast("Toolbox", desk))


async def visit(name: str, node: Node, desk: Desk) -> Next:
    return await staged(name, node)(STATE, runtime=runtime(desk))


def gives(command: Next) -> Node:
    async def node(_: State, *, runtime: Runtime[Toolbox]) -> Next:
        del runtime
        return command

    return node


async def never(_: State, *, runtime: Runtime[Toolbox]) -> Next:
    await runtime.context.enter("never")
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize(
    ("command", "left"),
    [
        (proceed("plan"), [("build", "passed", "")]),
        (proceed("plan", "warning"), [("build", "warning", "")]),
        (fail("escalate", "build", "the registry refused"), [("build", "failed", "the registry refused")]),
        (proceed("build", "running"), []),
    ],
)
async def test_a_stage_is_announced_and_its_end_told_with_the_cause_of_a_failure(
    command: Next, left: list[tuple[str, str, str]]
) -> None:
    desk = Desk()
    assert await visit("build", gives(command), desk) is command
    assert (desk.entered, desk.left) == (["build"], left)


@pytest.mark.parametrize("name", ["analyze", "test", "build", "plan"])
async def test_a_cancelled_release_does_not_begin_another_stage(name: str) -> None:
    command = await visit(name, never, Desk(cancelled="U0ANA"))
    assert command.goto == "close"
    assert command.update == {"status": "skipped", "outcome": "cancelled", "cause": "cancelled by U0ANA"}


@pytest.mark.parametrize("name", ["deploy", "verify"])
async def test_a_release_cancelled_after_its_first_effect_is_put_back(name: str) -> None:
    command = await visit(name, never, Desk(cancelled="U0ANA"))
    assert command.goto == "roll_back"
    assert cast("dict[str, Any]", command.update)["outcome"] == "cancelled"


@pytest.mark.parametrize("name", ["deploy", "verify"])
async def test_p5_a_rollback_is_stopped_only_before_its_first_effect(name: str) -> None:
    command, desk = proceed("close"), Desk(cancelled="U0ANA")
    touched = State(**{**STATE, "kind": "rollback", "touched": 1})
    assert await staged(name, gives(command))(touched, runtime=runtime(desk)) is command
    untouched = State(**{**touched, "touched": 0})
    assert (await staged(name, never)(untouched, runtime=runtime(desk))).goto == "roll_back"


@pytest.mark.parametrize("name", ["approve", "roll_back", "escalate", "close"])
async def test_nothing_stops_the_way_back_or_the_end(name: str) -> None:
    command = proceed("close")
    assert await visit(name, gives(command), Desk(cancelled="U0ANA")) is command


@pytest.mark.parametrize("name", ["analyze", "test", "build", "plan"])
async def test_a_stage_before_the_first_effect_is_cut_short_and_cleans_up(name: str) -> None:
    desk, cleaned = Desk(), []

    async def long(state: State, *, runtime: Runtime[Toolbox]) -> Next:
        desk.bell.set()
        try:
            return await never(state, runtime=runtime)
        finally:
            cleaned.append(name)

    async with asyncio.timeout(30):
        command = await visit(name, long, desk)
    assert (command.goto, cleaned, desk.left) == ("close", [name], [(name, "skipped", "")])


async def test_the_end_of_a_stage_is_not_lost_to_a_cancellation_at_the_same_moment() -> None:
    desk = Desk()
    desk.bell.set()
    command = fail("escalate", "test", "two tests failed")
    assert await visit("test", gives(command), desk) is command


async def test_a_stage_that_raises_still_raises() -> None:
    async def broken(_: State, *, runtime: Runtime[Toolbox]) -> Next:
        del runtime
        raise Unreachable("web-1 does not answer.")

    with pytest.raises(Unreachable):
        await visit("build", broken, Desk())


@pytest.mark.parametrize(
    ("node", "goes", "rolled_back"),
    [
        ("analyze", "escalate", None),
        ("test", "escalate", None),
        ("build", "escalate", None),
        ("plan", "escalate", None),
        ("approve", "escalate", None),
        ("deploy", "roll_back", None),
        ("verify", "roll_back", None),
        ("roll_back", "escalate", False),
        ("escalate", "close", None),
    ],
)
async def test_a_mishap_goes_where_it_is_taken_care_of(node: str, goes: str, rolled_back: bool | None) -> None:
    desk = Desk()
    command = await mishap(STATE, NodeError(node, Unreachable("web-1 is gone.")), runtime=runtime(desk))
    update = cast("dict[str, Any]", command.update)
    assert command.goto == goes
    assert update.get("rolled_back") is rolled_back
    assert update["failure"] == {"stage": node, "cause": "web-1 is gone.", "log": ""}
    assert update["error"] == "unreachable"
    assert desk.left == [(node, "failed", "web-1 is gone.")]


async def test_a_mishap_on_the_way_back_does_not_hide_the_first_failure() -> None:
    state = State(**STATE, failure={"stage": "verify", "cause": "answers 500", "log": ""})
    command = await mishap(state, NodeError("roll_back", Unreachable("web-1 is gone.")), runtime=runtime(Desk()))
    update = cast("dict[str, Any]", command.update)
    assert update["failure"]["cause"] == "answers 500"
    assert "error" not in update


async def test_a_fault_of_our_own_is_called_so_and_keeps_known_secrets_to_itself() -> None:
    desk, secret = Desk(), token_hex(12)
    desk.redactor.register("KIS_API_KEY", secret)
    command = await mishap(STATE, NodeError("deploy", ValueError(f"bad {secret}")), runtime=runtime(desk))
    cause = str(cast("dict[str, Any]", command.update)["cause"])
    assert cause.startswith("Shipmate itself failed in deploy (ValueError: bad ")
    assert secret not in cause


async def test_a_mishap_is_told_without_the_values_on_the_hosts(tmp_path: Path) -> None:
    secret = token_hex(12)
    (tmp_path / ".env").write_text(f"DB_PASSWORD={secret}\n")
    target = SimpleNamespace(directory=PurePosixPath(tmp_path), env_file=PurePosixPath(".env"))
    host = SimpleNamespace(host=LocalHost("web-1"), name="web-1")
    desk = Desk(servers={"web-1": host}, environment=SimpleNamespace(compose=target))
    await mishap(STATE, NodeError("deploy", CommandFailed(f"bad {secret}")), runtime=runtime(desk))
    assert desk.left == [("deploy", "failed", "bad [redacted:DB_PASSWORD]")]


async def test_a_mishap_read_back_after_a_crash_is_told_as_it_was() -> None:
    remembered = NodeError("deploy", cast("BaseException", "web-1 is gone."))
    command = await mishap(STATE, remembered, runtime=runtime(Desk()))
    assert cast("dict[str, Any]", command.update)["cause"] == "web-1 is gone."
