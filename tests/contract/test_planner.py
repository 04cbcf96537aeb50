"""What a rollback needs is on the hosts: neither the registry nor a host that is away stands in its way."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from langgraph.runtime import Runtime

from agents.briefing import Briefing
from agents.destinations.compose.survey import Surveyed
from agents.events import Asked, Event, Objected, Planned
from agents.planner import plan
from agents.state import Next, State
from agents.toolbox import Toolbox
from agents.wanted import Wanted
from config.shipmate import FailurePolicy
from guardrails.verdict import Verdict
from tests.contract.histories import history, opened
from tests.unit.agents.test_draft import HOSTS, SERVICE, WANTED
from tools.clock import SystemClock
from tools.errors import TimedOut
from tools.history.releases import Release
from tools.host_images import HostImage, Stock
from tools.manifests import PlatformImage

AWAY = Surveyed("web-2", fault="no route to host")


class Undescribed:
    """A registry that does not tell what its images are made of."""

    async def platforms(self, image: str, digest: str) -> tuple[PlatformImage, ...]:
        raise TimedOut(f"{image}@{digest}: no answer within 30 s.")


class SilentRegistry(Undescribed):
    """A registry that never answers."""

    async def exists(self, image: str, digest: str) -> bool:
        raise TimedOut(f"{image}@{digest}: no answer within 30 s.")


class FullRegistry(Undescribed):
    """A registry that has everything."""

    async def exists(self, image: str, digest: str) -> bool:
        return bool(image and digest)


class EmptyRegistry(Undescribed):
    """A registry that has nothing."""

    async def exists(self, image: str, digest: str) -> bool:
        return not (image and digest)


class Shelf:
    """The images of a host."""

    def __init__(self, *, kept: bool) -> None:
        self._kept = kept

    async def image(self, reference: str) -> HostImage | None:
        assert "@sha256:" in reference
        return HostImage("sha256:1") if self._kept else None

    async def stock(self) -> Stock:
        raise TimedOut("The engine does not answer.")


async def planned(
    directory: Path,
    hosts: tuple[Surveyed, ...],
    *,
    kept: bool = True,
    kind: str = "rollback",
    registry: object = None,
    break_glass: str | None = None,
) -> tuple[Next, list[Event]]:
    reported: list[Event] = []

    async def report(event: Event) -> None:
        reported.append(event)

    async def deployed() -> Mapping[str, Any]:
        return {}

    async with history(directory) as store:
        asked = await opened(store)
        origin = {} if break_glass is None else {"break_glass": break_glass}
        asked = replace(asked, origin=origin)

        async def asked_for() -> Release:
            return asked

        tools = SimpleNamespace(
            release_id="r1",
            service=SERVICE,
            environment_name="production",
            environment=SERVICE.environments["production"],
            failures=FailurePolicy(),
            store=store,
            clock=SystemClock(),
            registry=registry or SilentRegistry(),
            release=asked_for,
            given_env=None,
            servers={
                host.name: SimpleNamespace(host=host.name, name=host.name, images=Shelf(kept=kept)) for host in HOSTS
            },
            surveyed=hosts,
            deployed=deployed,
            report=report,
        )
        state = cast("State", {"kind": kind, "version": "v1.2.3", "release": "r1", "tested": "passed"})
        return await plan(state, runtime=Runtime(context=cast("Toolbox", tools))), reported


@pytest.fixture(autouse=True)
def _looked_at_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the hosts be as a test says, and the plan go without words."""

    def answering(value: object) -> Callable[..., Awaitable[object]]:
        async def answer(*_: object) -> object:
            return value

        return answer

    async def survey(tools: Any) -> object:
        return tools.surveyed

    async def rehearsed(_: Any, surveyed: object) -> object:
        return surveyed

    wanted = Wanted(WANTED.version, WANTED.commit, WANTED.images)
    monkeypatch.setattr("agents.planner.wanted_by", answering(wanted))
    monkeypatch.setattr("agents.planner.brief", answering(Briefing((), {})))
    monkeypatch.setattr("agents.destinations.compose.shipping.ship", answering(Verdict()))
    monkeypatch.setattr("agents.destinations.compose.proposal.readiness", answering(Verdict()))
    looks = {"composed": answering(WANTED), "used_now": answering({}), "survey": survey, "behaved": answering({})}
    looks |= {"found_failing": answering([]), "rehearsed": rehearsed, "migrations_of": answering(())}
    for name, stand in looks.items():
        module = "expectation" if name == "migrations_of" else "proposal"
        monkeypatch.setattr(f"agents.destinations.compose.{module}.{name}", stand)


@pytest.mark.parametrize(("kept", "met"), [(True, True), (False, False)])
async def test_a_rollback_asks_the_hosts_for_its_images_and_no_registry(tmp_path: Path, kept: bool, met: bool) -> None:
    went, reported = await planned(tmp_path, HOSTS, kept=kept)
    (told,) = (event for event in reported if isinstance(event, Planned))
    assert went.goto == "deploy"
    assert {line.name: line.met for line in told.gate}["image"] is met


async def test_a_deploy_waits_for_the_registry(tmp_path: Path) -> None:
    with pytest.raises(TimedOut):
        await planned(tmp_path, HOSTS, kind="deploy")


async def test_a_host_that_is_away_is_named_and_the_others_go_back(tmp_path: Path) -> None:
    went, reported = await planned(tmp_path, (AWAY, HOSTS[0]))
    (told,) = (event for event in reported if isinstance(event, Planned))
    assert isinstance(went.update, dict)
    assert (went.goto, went.update["cause"]) == ("deploy", "not reached, and left as it is: web-2")
    assert {step["place"] for step in told.plan["steps"]} == {"web-1"}
    assert told.plan["notes"] == ["not reached, and left as it is: web-2"]


async def test_nothing_is_rolled_back_where_no_host_is_reached(tmp_path: Path) -> None:
    went, reported = await planned(tmp_path, (AWAY,))
    assert went.goto == "close"
    assert any(isinstance(event, Objected) for event in reported)


@pytest.mark.parametrize(("why", "goes"), [(None, "approve"), ("the shop is down", "deploy")])
async def test_p3_a_release_without_an_approval_asks_nobody_and_owes_a_review(
    tmp_path: Path, why: str | None, goes: str
) -> None:
    went, reported = await planned(tmp_path, HOSTS, kind="deploy", registry=FullRegistry(), break_glass=why)
    assert went.goto == goes
    assert any(isinstance(event, Asked) for event in reported) is (why is None)
    async with history(tmp_path) as store:
        owed = [(one.release, one.reason) for one in await store.reviews.owed()]
    assert owed == ([("r1", why)] if why else [])


async def test_p3_no_emergency_opens_the_gate(tmp_path: Path) -> None:
    went, reported = await planned(tmp_path, HOSTS, kind="deploy", registry=EmptyRegistry(), break_glass="now")
    assert went.goto == "close"
    assert any(isinstance(event, Objected) for event in reported)
    async with history(tmp_path) as store:
        assert await store.reviews.owed() == ()
