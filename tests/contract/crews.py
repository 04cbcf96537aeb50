"""A real crew on real files, with a small graph: a stand-in plans and deploys, everything else is the crew's own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import aiosqlite
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

from agents.answers import Accepted, Answer, Order, Origin, Person, Refusal
from agents.approver import approve
from agents.closer import close
from agents.crew import Crew
from agents.driver import Graph
from agents.memory import FencedSaver
from agents.stages import caught, staged
from agents.state import Next, State, call_off, proceed
from agents.toolbox import Toolbox, stopped_by
from config.freezes import Freeze
from config.service import Service
from config.shipmate import Configuration, Credentials, FailurePolicy, Shipmate
from tests.contract.histories import history
from tools.clock import Clock, SystemClock
from tools.history.releases import Release, Status
from tools.redaction import Redactor

ANA, STRANGER = Person("U0ANA", "T0HOME"), Person("U0EVE", "T0OTHER")
APPROVERS = tuple(f"U0APPROVER{number}" for number in range(8))
HANA, HUGO = Person(APPROVERS[0], "T0HOME"), Person(APPROVERS[1], "T0HOME")
_UNUSED = cast("Any", None)
Hook = Callable[[Toolbox], Awaitable[None]]


class HastyClock(SystemClock):
    """The machine's clock for somebody who never waits long."""

    async def sleep(self, duration: timedelta) -> None:
        """Wait, but a blink at most."""
        await asyncio.sleep(min(duration.total_seconds(), 0.02))


class Movable(HastyClock):
    """A clock that stands at a moment when it is made or moved, and runs from there."""

    def __init__(self, moment: datetime) -> None:
        self.move(moment)

    def now(self) -> datetime:
        """Tell the moment."""
        return super().now() + self._ahead

    def move(self, moment: datetime) -> None:
        """Put it forward or back."""
        self._ahead = moment - super().now()


@dataclass
class Office:
    """What the small graph did, and what it is told to do."""

    visits: list[tuple[str, str]] = field(default_factory=list)
    """(node, release), one per visit."""
    on_asked: Hook | None = None
    """Happens at the end of planning, after the question was put."""
    on_deploy: Hook | None = None
    """Happens in the second visit of the deploy node, when the release counts as having touched a host."""
    on_verify: Hook | None = None
    on_roll_back: Hook | None = None
    on_escalate: Hook | None = None
    on_equip: Hook | None = None
    """Happens before a toolbox is handed out."""
    drawn: str = ""
    """Digest of every plan; without one each release has its own."""

    on_stopped: Callable[[], Awaitable[None]] | None = None
    """Happens when the crew has stopped, before anything it used is closed."""

    def count(self, node: str, release: str | None = None) -> int:
        """Tell how often a node was visited."""
        return sum(visit == node and release in (None, of) for visit, of in self.visits)

    async def plan(self, state: State, *, runtime: Runtime[Toolbox]) -> Next:
        """Ask about a plan; a rollback asks nobody."""
        tools = runtime.context
        self.visits.append(("plan", state["release"]))
        if state["kind"] == "rollback":
            return proceed("deploy")
        question, digest = f"{state['release']}/plan", self.drawn or f"digest of {state['release']}"
        expires_at = tools.clock.now() + tools.environment.approval.expires
        await tools.store.decisions.save_plan(state["release"], digest, {})
        release = await tools.release()
        if release.break_glass is not None:
            await tools.store.reviews.owe(release)
            return proceed("deploy", plan=digest)
        await tools.store.decisions.ask(question, state["release"], digest, expires_at)
        if self.on_asked:
            await self.on_asked(tools)
        return proceed("approve", plan=digest, question=question)

    async def deploy(self, state: State, *, runtime: Runtime[Toolbox]) -> Next:
        """Touch a host: note it in the first visit, do it in the second."""
        if not state.get("touched"):
            return proceed("deploy", "running", touched=1)
        self.visits.append(("deploy", state["release"]))
        if self.on_deploy:
            await self.on_deploy(runtime.context)
        return proceed("verify")

    async def verify(self, state: State, *, runtime: Runtime[Toolbox]) -> Next:
        """Find everything well, unless somebody has cancelled meanwhile."""
        self.visits.append(("verify", state["release"]))
        if self.on_verify:
            await self.on_verify(runtime.context)
        if person := await stopped_by(state, runtime.context):
            return call_off("roll_back", person)
        return proceed("close")

    async def roll_back(self, state: State, *, runtime: Runtime[Toolbox]) -> Next:
        """Put everything back."""
        self.visits.append(("roll_back", state["release"]))
        if self.on_roll_back:
            await self.on_roll_back(runtime.context)
        return proceed("close" if state.get("outcome") else "escalate", rolled_back=True)

    async def escalate(self, state: State, *, runtime: Runtime[Toolbox]) -> Next:
        """Call nobody."""
        self.visits.append(("escalate", state["release"]))
        if self.on_escalate:
            await self.on_escalate(runtime.context)
        return proceed("close", "failed")

    def graph(self, saver: AsyncSqliteSaver) -> Graph:
        """Compile the small graph."""
        graph = StateGraph(State, context_schema=Toolbox)
        nodes = {"plan": self.plan, "deploy": self.deploy, "verify": self.verify, "roll_back": self.roll_back}
        ends = ("plan", "approve", "deploy", "verify", "roll_back", "escalate", "close", "__end__")
        for name, node in {**nodes, "approve": approve, "escalate": self.escalate, "close": close}.items():
            graph.add_node(name, staged(name, node), destinations=ends, error_handler=caught(name))
        graph.add_edge(START, "plan")
        return graph.compile(checkpointer=saver)


@asynccontextmanager
async def crew_of(
    directory: Path,
    office: Office,
    *,
    without: str = "",
    freezes: Sequence[Freeze] = (),
    clock: Clock | None = None,
    beside: bool = False,
) -> AsyncIterator[Crew]:
    """Let a crew work in a directory; the next one in it takes over what this one leaves.

    `without` is an environment that is not configured, or the whole service. A crew may also work `beside`
    another one, with wake-ups of its own.
    """
    settings = configuration(without, freezes)

    async with history(directory) as store, aiosqlite.connect(directory / "memory.db") as memory:

        async def equip(release: Release) -> Toolbox:
            toolbox = Toolbox(
                release_id=release.id,
                service=settings.services[release.service],
                environment_name=release.environment,
                failures=FailurePolicy(),
                workspace=directory / "work",
                store=store,
                clock=SystemClock(),
                redactor=Redactor(),
                repository=_UNUSED,
                images=_UNUSED,
                registry=_UNUSED,
                scanner=_UNUSED,
                servers={},
                github=None,
                narrator=None,
            )
            if office.on_equip:
                await office.on_equip(toolbox)
            return toolbox

        graph = office.graph(FencedSaver(memory, store))
        runs = "runs-beside.db" if beside else "runs.db"
        crew = Crew(settings, store, clock or HastyClock(), graph, equip, f"sqlite:///{directory}/{runs}")
        crew.membership.home = "T0HOME"
        if not beside:
            await store.leases.bury()
        crew.segments.poll = timedelta(milliseconds=20)
        await crew.start()
        try:
            yield crew
        finally:
            await crew.stop()
            if office.on_stopped:
                await office.on_stopped()


def configuration(without: str = "", freezes: Sequence[Freeze] = ()) -> Configuration:
    """Declare a service with an environment for every need of a test; what is named is left out."""
    approval = {"approvers": [*APPROVERS, "U0ANA"], "expires": "30m", "break_glass": ["U0ANA"]}
    policies: dict[str, dict[str, Any]] = {
        "production": approval,
        "staging": {**approval, "required": 2},
        "quick": {**approval, "expires": "1s"},
        "crew": {**approval, "approvers": ["S0CREW1"]},
        **{f"lane{number}": approval for number in range(10)},
    }
    target = {"hosts": [{"name": "here"}], "directory": "/srv/observer"}
    health = {"probe": {"url": "http://127.0.0.1:8080/health"}}
    service = Service.model_validate(
        {
            "service": "observer",
            "repository": {"url": "https://git.example.com/observer.git"},
            "components": {"observer": {"image": "registry.example.com/observer"}},
            "environments": {
                name: {"target": target, "health": health, "approval": policy}
                for name, policy in policies.items()
                if name != without
            },
        }
    )
    path = Path("shipmate.yaml")
    shipmate = Shipmate(services=path, workspace=path, freezes=tuple(freezes))
    services = {} if without == "observer" else {"observer": service}
    return Configuration(path=path, shipmate=shipmate, services=services, credentials=Credentials())


def order(key: str = "1", *, environment: str = "production", kind: str = "deploy", person: Person = ANA) -> Order:
    """Ask for a release."""
    return Order(kind, "observer", environment, f"v1.0.{key}", person, Origin(), f"slack:{environment}:{key}")


def code(answer: Answer) -> str:
    """Tell an answer by its code."""
    return answer.code if isinstance(answer, Refusal) else "accepted"


async def opened(crew: Crew, wanted: Order) -> str:
    """Open a release, and name it."""
    answer = await crew.open(wanted)
    assert isinstance(answer, Accepted), answer
    return answer.release


async def reaches(crew: Crew, release_id: str, status: Status) -> Release:
    """Wait until a release stands somewhere; one that ends elsewhere fails at once."""
    async with asyncio.timeout(90):
        while True:
            release = await crew.store.releases.get(release_id)
            assert release is not None
            if release.status is status:
                return release
            assert release.status is not Status.FINISHED, release
            await crew.store.journal.wait(0.02)


async def asked(crew: Crew, wanted: Order) -> tuple[str, str]:
    """Open a release and wait until it waits for people; returns its id and the digest of its plan."""
    release_id = await opened(crew, wanted)
    await reaches(crew, release_id, Status.WAITING)
    question = await crew.store.decisions.latest(release_id)
    assert question is not None
    return release_id, question.digest
