"""What the crew itself costs: graph, journal, memory and wake-ups, around tools that do nothing (P22)."""

import tempfile
import time
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import yaml
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

from agents.approver import approve
from agents.closer import close
from agents.crew import Crew
from agents.driver import Graph
from agents.stages import Node, mishap, staged
from agents.state import Next, State, proceed
from agents.toolbox import Toolbox
from config.duration import parse_duration
from tests.bench.approval import ASKED, VERIFIED
from tests.bench.figures import Goal, Report, Series
from tests.contract.crews import HANA, Office, asked, crew_of, opened, order, reaches
from tests.stage.site import OVERRIDES, ROOT
from tools.history.releases import Status

STAGES = 40
LIMIT_MS = 50.0
LIMIT_PERCENT = 2.0
QUESTION = "order -> question, all stages doing nothing"
END = "approval -> end, all stages doing nothing"


@dataclass
class Idle(Office):
    """A crew whose release goes through many stages that do nothing."""

    entered: list[float] = field(default_factory=list)

    def graph(self, saver: AsyncSqliteSaver) -> Graph:
        """Put the stages in a row. Each is what a stage before the first effect is: the dearest kind."""
        graph = StateGraph(State, context_schema=Toolbox)
        names = [f"stage{number}" for number in range(STAGES)]
        for name, to in zip(names, [*names[1:], "close"], strict=True):
            graph.add_node(name, staged("plan", self._idle(to)), destinations=(to,), error_handler=mishap)
        graph.add_node("close", staged("close", close), destinations=("__end__",), error_handler=mishap)
        graph.add_edge(START, names[0])
        return graph.compile(checkpointer=saver)

    def _idle(self, to: str) -> Node:
        async def idle(state: State, *, runtime: Runtime[Toolbox]) -> Next:
            del state, runtime
            self.entered.append(time.perf_counter())
            return proceed(to)

        return idle


class Whole(Office):
    """A crew whose release goes through all nodes of the real graph, and none of them does anything."""

    def graph(self, saver: AsyncSqliteSaver) -> Graph:
        """Put the stages before the plan in front of the small graph."""
        graph = StateGraph(State, context_schema=Toolbox)
        nodes: dict[str, Node] = {
            "analyze": _on("test"),
            "test": _on("build"),
            "build": _on("plan"),
            "plan": self.plan,
            "approve": approve,
            "deploy": self.deploy,
            "verify": self.verify,
            "roll_back": self.roll_back,
            "escalate": self.escalate,
            "close": close,
        }
        for name, node in nodes.items():
            graph.add_node(name, staged(name, node), destinations=(*nodes, "__end__"), error_handler=mishap)
        graph.add_edge(START, "analyze")
        return graph.compile(checkpointer=saver)


def _on(to: str) -> Node:
    async def nothing(state: State, *, runtime: Runtime[Toolbox]) -> Next:
        del state, runtime
        return proceed(to)

    return nothing


async def bench(rounds: int) -> Report:
    """Measure stages in a row, then whole releases with one question, each in a fresh directory."""
    steps: list[float] = []
    questions: list[float] = []
    ends: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        idle, office = Idle(), Whole()
        async with crew_of(_room(scratch, "stages"), idle) as crew:
            for number in range(rounds):
                await reaches(crew, await opened(crew, order(str(number))), Status.FINISHED)
        async with crew_of(_room(scratch, "releases"), office) as crew:
            for number in range(rounds):
                await _whole(crew, str(number), questions, ends)
    for begin in range(0, len(idle.entered), STAGES):
        row = idle.entered[begin : begin + STAGES]
        steps += [(after - before) * 1000 for before, after in pairwise(row)]
    return _report(steps, questions, ends)


def share(overhead: Report, approval: Report) -> Report:
    """Tell what part of a real release the crew itself takes: with the shipped watchdog, without the waiting."""
    idle = sum(one.median for one in overhead.series if one.name in (QUESTION, END)) / 1000
    real = sum(one.median for one in approval.series if one.name in (ASKED, VERIFIED))
    real += (
        _window(ROOT / "config/services/observer.yaml") - parse_duration(OVERRIDES["watch"]["window"])
    ).total_seconds()
    percent = Series("of a real release, the crew itself", "%", (100 * idle / real,))
    return Report("share", (percent,), (Goal("the crew itself, percent", percent.median, LIMIT_PERCENT),))


def _window(settings: Path) -> timedelta:
    watch = yaml.safe_load(settings.read_text())["environments"]["production"]["watch"]
    return parse_duration(watch["window"])


async def _whole(crew: Crew, key: str, questions: list[float], ends: list[float]) -> None:
    begun = time.perf_counter()
    release_id, digest = await asked(crew, order(key))
    questions.append((time.perf_counter() - begun) * 1000)
    begun = time.perf_counter()
    await crew.decide(release_id, digest, HANA, "approved")
    await reaches(crew, release_id, Status.FINISHED)
    ends.append((time.perf_counter() - begun) * 1000)


def _room(scratch: str, name: str) -> Path:
    room = Path(scratch) / name
    room.mkdir()
    return room


def _report(steps: list[float], questions: list[float], ends: list[float]) -> Report:
    stage = Series("one stage that does nothing, journal and memory included", "ms", tuple(steps))
    return Report(
        "overhead",
        (
            stage,
            Series(QUESTION, "ms", tuple(questions)),
            Series(END, "ms", tuple(ends)),
        ),
        (Goal("per stage, ms", stage.median, LIMIT_MS),),
    )
