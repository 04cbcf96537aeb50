"""P12 all hosts or none: hosts move side by side, all that was touched goes back newest first, a crash converges."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from langgraph.runtime import Runtime

from agents.deployer import deploy
from agents.destinations.compose.fleet import together
from agents.destinations.port import Back, Trouble
from agents.events import Event, RolledBack
from agents.rollback import roll_back
from agents.state import Next, State
from agents.toolbox import Toolbox
from guardrails.plan import Intended, Plan, PlannedStep
from guardrails.plan_targets import Running
from guardrails.waves import waves
from tests.unit.entrypoints.material import plan as material
from tools.clock import SystemClock
from tools.errors import CommandFailed, Superseded, Unreachable
from tools.redaction import Redactor

HOSTS = tuple(f"web-{number}" for number in range(1, 8))
FRONT_AND_BACK = ("backend", "frontend")


class Killed(BaseException):
    """The process is gone."""


def plan_for(at_once: int, components: Sequence[str] = ("backend",), canaries: int = 0) -> Plan:
    def step(component: str, host: str) -> PlannedStep:
        before = Running(component, f"sha256:old-{component}", None, "v1", "services: {}", f"{component}-{host}")
        return PlannedStep(component, host, before, Intended(component, "v2", f"sha256:new-{component}"))

    steps = tuple(
        step(component, host) for wave in waves(HOSTS, at_once, canaries) for component in components for host in wave
    )
    target = replace(material().compose, hosts=HOSTS, at_once=at_once, canaries=canaries)
    return replace(material(), target=target, steps=steps)


@dataclass
class Fleet:
    """Hosts in memory, and the tools of a release that goes there."""

    drawn: Plan
    faults: dict[str, list[Exception | Trouble | type[Killed]]] = field(default_factory=dict)
    """What a host answers instead of moving, one after the other."""
    lost: dict[str, list[Exception | Back]] = field(default_factory=dict)
    """The same on the way back."""
    runs: dict[tuple[str, str], str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    reported: list[Event] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    busy: int = 0
    busiest: int = 0
    release_id: str = "r1"
    state: State = field(default_factory=lambda: cast("State", {"kind": "deploy", "done": 0, "question": ""}))
    """As LangGraph keeps it: of every visit that came to its end."""

    def __post_init__(self) -> None:
        self.runs = {(step.component, step.place): "v1" for step in self.drawn.steps}
        self.servers = {host: SimpleNamespace(name=host, host=self) for host in HOSTS}
        self.redactor, self.given_env = Redactor(), None
        target = SimpleNamespace(env_file=None)
        paths = SimpleNamespace(backup=None)
        self.environment = SimpleNamespace(target=target, compose=target, paths=paths)
        self.clock = self

    async def sleep(self, duration: timedelta) -> None:
        self.slept.append(duration.total_seconds())

    def monotonic(self) -> float:
        return SystemClock().monotonic()

    async def plan(self) -> Plan:
        return self.drawn

    async def report(self, event: Event) -> None:
        self.reported.append(event)

    async def intend(self, action: str, *what: str) -> None:
        self.log.append(f"{action}: {', '.join(what)}")

    async def carry_out(self, _tools: object, _plan: Plan, step: PlannedStep) -> Trouble | None:
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        await asyncio.sleep(0)
        self.busy -= 1
        fault = self._next(self.faults, step.place)
        if fault is not None and not isinstance(fault, Trouble):
            raise fault
        self.runs[step.component, step.place] = step.after.tag
        return fault

    async def restore(self, _tools: object, _plan: Plan, step: PlannedStep) -> Back:
        await asyncio.sleep(0)
        fault = self._next(self.lost, step.place)
        if isinstance(fault, Exception):
            raise fault
        self.runs[step.component, step.place] = "v1"
        return fault or Back(well=True)

    def _next(self, faults: dict[str, list[Any]], host: str) -> Any:
        return faults[host].pop(0) if faults.get(host) else None

    @property
    def where(self) -> dict[str, str]:
        """Tell what each host runs, where all its components agree."""
        return {
            host: " ".join(sorted({self.runs[step.component, host] for step in self.drawn.steps})) for host in HOSTS
        }

    async def deploys(self) -> str:
        """Visit the deployer until it sends the release elsewhere."""
        while (goes := await self._visits(deploy)) == "deploy":
            pass
        return goes

    async def goes_back(self) -> str:
        self.log.clear()
        return await self._visits(roll_back)

    async def _visits(self, node: Callable[..., Awaitable[Next]]) -> str:
        command = await node(self.state, runtime=Runtime(context=cast("Toolbox", self)))
        assert isinstance(command.update, dict)
        self.state = cast("State", {**self.state, **command.update})
        return str(command.goto)


@pytest.fixture(autouse=True)
def _held_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object) -> tuple[str, ...]:
        return ()

    monkeypatch.setattr("agents.deployer._void_by", nothing)
    monkeypatch.setattr("agents.deployer._held_since", nothing)


def fleet(monkeypatch: pytest.MonkeyPatch, drawn: Plan, **how: Any) -> Fleet:
    made = Fleet(drawn, **how)
    monkeypatch.setattr("agents.destinations.compose.moves.carry_out", made.carry_out)
    monkeypatch.setattr("agents.destinations.compose.moves.restore", made.restore)
    return made


async def test_p12_hosts_move_side_by_side_up_to_the_limit_and_components_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = fleet(monkeypatch, plan_for(3, FRONT_AND_BACK))
    goes = await world.deploys()
    assert (goes, world.state["done"], world.busiest) == ("verify", 14, 3)
    assert world.where == dict.fromkeys(HOSTS, "v2")
    assert world.log[:3] == [
        "move: backend on web-1 to v2, backend on web-2 to v2, backend on web-3 to v2",
        "move: frontend on web-1 to v2, frontend on web-2 to v2, frontend on web-3 to v2",
        "move: backend on web-4 to v2, backend on web-5 to v2, backend on web-6 to v2",
    ]


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        ({"web-5": [Trouble("backend on web-5 is not healthy")]}, "backend on web-5 is not healthy"),
        ({"web-5": [CommandFailed("No such image.")]}, "backend on web-5: No such image."),
        (
            {"web-4": [Unreachable("web-4 is away.")], "web-6": [Trouble("backend on web-6 is not healthy")]},
            "2 of 3 hosts failed: backend on web-4: web-4 is away; backend on web-6 is not healthy.",
        ),
    ],
)
async def test_p12_a_host_that_fails_is_waited_for_with_its_batch_and_everything_touched_goes_back_newest_first(
    monkeypatch: pytest.MonkeyPatch, faults: dict[str, Any], told: str
) -> None:
    world = fleet(monkeypatch, plan_for(3), faults=faults)
    goes = await world.deploys()
    assert (goes, world.state["cause"], world.state["touched"]) == ("roll_back", told, 6)
    assert world.busy == 0, "all of the batch has come to an end"
    goes = await world.goes_back()
    assert (goes, world.state["rolled_back"]) == ("escalate", True)
    assert world.where == dict.fromkeys(HOSTS, "v1")
    assert world.log == [
        "roll back: backend on web-4, backend on web-5, backend on web-6",
        "roll back: backend on web-1, backend on web-2, backend on web-3",
    ]
    back = [event for event in world.reported if isinstance(event, RolledBack)]
    assert [event.host for event in back] == ["web-6", "web-5", "web-4", "web-3", "web-2", "web-1"]
    assert all(event.seconds < 60 for event in back)


async def test_p12_a_component_that_fails_takes_back_all_components_of_the_hosts_before_it_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = fleet(monkeypatch, plan_for(1, FRONT_AND_BACK), faults={"web-2": [Trouble("no")]})
    await world.deploys()
    await world.goes_back()
    assert world.log == [
        "roll back: backend on web-2",
        "roll back: frontend on web-1",
        "roll back: backend on web-1",
    ], "the front end of web-2 was never touched"
    assert world.where == dict.fromkeys(HOSTS, "v1")


async def test_p12_a_host_that_dies_midway_is_named_and_tried_again_and_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    away = [Unreachable("web-5 is away.") for _ in range(9)]
    world = fleet(monkeypatch, plan_for(3), faults={"web-5": [away[0]]}, lost={"web-5": [*away]})
    goes = await world.deploys()
    world.runs["backend", "web-5"] = "v2"  # it died with the new version on it
    goes = await world.goes_back()
    assert (goes, world.state["rolled_back"], world.slept) == ("escalate", False, [2, 5, 15])
    assert world.where == {**dict.fromkeys(HOSTS, "v1"), "web-5": "v2"}
    told = {event.host: (event.healthy, event.detail) for event in world.reported if isinstance(event, RolledBack)}
    assert told["web-5"] == (False, "web-5 is away.")
    assert all(well for host, (well, _) in told.items() if host != "web-5")


async def test_p12_only_what_is_not_well_yet_is_put_back_again(monkeypatch: pytest.MonkeyPatch) -> None:
    lost: dict[str, Any] = {
        "web-2": [Unreachable("web-2 is away.")],
        "web-3": [Back(well=False, detail="unhealthy")] * 2,
    }
    world = fleet(monkeypatch, plan_for(3), faults={"web-3": [Trouble("no")]}, lost=lost)
    await world.deploys()
    await world.goes_back()
    assert world.log == [
        "roll back: backend on web-1, backend on web-2, backend on web-3",
        "roll back: backend on web-2, backend on web-3",
    ]
    assert world.state["rolled_back"] is False


async def test_p8_p12_a_bot_that_dies_in_a_batch_moves_the_whole_batch_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = fleet(monkeypatch, plan_for(3), faults={"web-5": [Killed]})
    with pytest.raises(Killed):
        await world.deploys()
    assert (world.state["done"], world.state["touched"]) == (3, 6), "the batch was on record before its first effect"
    assert world.where["web-5"] == "v1"
    goes = await world.deploys()
    assert (goes, world.where) == ("verify", dict.fromkeys(HOSTS, "v2"))


async def test_p8_p12_a_bot_that_dies_in_a_batch_and_then_fails_puts_the_whole_batch_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = fleet(monkeypatch, plan_for(3), faults={"web-5": [Killed, Trouble("no")]})
    with pytest.raises(Killed):
        await world.deploys()
    await world.deploys()
    await world.goes_back()
    assert (world.state["rolled_back"], world.where) == (True, dict.fromkeys(HOSTS, "v1"))


async def test_p7_a_newer_run_on_one_host_stops_the_batch_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    world = fleet(monkeypatch, plan_for(3), faults={"web-1": [Trouble("no")], "web-2": [Superseded("a newer run")]})
    with pytest.raises(Superseded):
        await world.deploys()


async def test_the_error_of_an_only_host_stays_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    world = fleet(monkeypatch, plan_for(1), faults={"web-1": [Unreachable("web-1 is away.")]})
    with pytest.raises(Unreachable, match="web-1 is away"):
        await world.deploys()


def test_troubles_of_a_batch_are_told_together_with_their_logs() -> None:
    assert together([], 3) is None
    assert together([Trouble("a.", "log a")], 3) == Trouble("a.", "log a")
    both = together([Trouble("a.", "log a"), Trouble("b", "")], 3)
    assert both == Trouble("2 of 3 hosts failed: a; b.", "log a")
