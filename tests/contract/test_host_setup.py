"""`host setup` by whoever may lock the target, while nobody is at work on these hosts, and on record (P2, P4)."""

import io
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agents.answers import Person
from agents.entrypoints.by_hand import stands_for
from agents.entrypoints.host_setup import Errand, set_up
from agents.tenure import Tenure
from config.rollout import ReverseProxy
from config.service import Service
from config.shipmate import Configuration
from tests.contract.crews import configuration
from tests.contract.histories import address, history
from tools.clock import SystemClock
from tools.errors import Denied, Superseded, Unreachable
from tools.history import open_store
from tools.history.lease import Lease
from tools.history.leases import PATIENCE
from tools.proxies.setting_up import Setup
from tools.proxies.surroundings import Surroundings

HANA, STRANGER = Person("terminal:hana"), Person("terminal:eve")
PROXY = ReverseProxy.model_validate({"routes": {"observer": {"port": 8000, "listen": 80}}})


def house(directory: Path) -> Configuration:
    """Configure two services on this machine, of which one has a proxy."""
    settings = configuration()
    service = settings.services["observer"]
    production = service.environments["production"]
    target = production.compose.model_copy(update={"proxy": PROXY})
    approval = production.approval.model_copy(update={"approvers": (HANA.id,)})
    environment = production.model_copy(update={"target": target, "approval": approval})
    services: dict[str, Service] = {
        "observer": service.model_copy(update={"environments": {"production": environment}}),
        "blog": service.model_copy(update={"service": "blog", "environments": {"production": production}}),
    }
    shipmate = settings.shipmate.model_copy(update={"database": address(directory), "workspace": directory})
    return settings.model_copy(update={"services": services, "shipmate": shipmate})


async def told(settings: Configuration, person: Person = HANA, *, dry_run: bool = False) -> str:
    out = io.StringIO()
    await set_up(Errand("observer", "production", person, dry_run=dry_run), settings, out)
    return out.getvalue()


class World:
    """A host on which only the network is missing."""

    applied = 0
    fails = False

    def __init__(self, *_: object) -> None:
        pass

    async def look(self) -> tuple[Setup, Surroundings]:
        return Setup(network="10.231.57.0/24"), Surroundings()

    async def apply(self, *_: object) -> None:
        type(self).applied += 1
        if self.fails:
            raise Unreachable("The engine went away.")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> type[World]:
    class OneWorld(World):
        """What one test sees."""

    monkeypatch.setattr("agents.entrypoints.host_setup.HostSetup", OneWorld)
    return OneWorld


async def recorded(directory: Path) -> list[tuple[str, str, str, str]]:
    async with history(directory) as store:
        entries = await store.audit.recent("observer", None, 10)
        assert await store.leases.of("observer", "production") is None
    return [(entry.person, entry.action, entry.environment, entry.outcome) for entry in entries]


@pytest.mark.parametrize(("fails", "outcome"), [(False, "done"), (True, "failed")])
async def test_what_is_done_to_a_host_is_on_record_with_who_did_it_also_where_nothing_was_released_before(
    tmp_path: Path, world: type[World], fails: bool, outcome: str
) -> None:
    world.fails = fails
    said = await told(house(tmp_path))
    assert said.startswith("here: The engine went away." if fails else "here: done:")
    about = (HANA.id, "host setup", "production")
    assert await recorded(tmp_path) == [(*about, "intended"), (*about, outcome)]


async def test_only_whoever_may_lock_the_target_sets_its_hosts_up_and_everybody_may_look(
    tmp_path: Path, world: type[World]
) -> None:
    settings = house(tmp_path)
    with pytest.raises(Denied, match="Ask an approver or owner"):
        await told(settings, STRANGER)
    assert (await told(settings, STRANGER, dry_run=True)).startswith("here: would:")
    assert world.applied == 0
    assert await recorded(tmp_path) == []


@pytest.mark.parametrize("service", ["observer", "blog"])
async def test_nothing_is_set_up_while_a_release_of_any_service_is_at_work_on_the_host(
    tmp_path: Path, world: type[World], service: str
) -> None:
    async with history(tmp_path) as store:
        await store.leases.take(service, "production", "r7", "a run")
    with pytest.raises(Superseded, match=f"r7 is at work there: {service} in production"):
        await told(house(tmp_path))
    assert world.applied == 0


async def test_a_release_takes_over_from_work_by_hand_that_was_killed(tmp_path: Path) -> None:
    class Later(SystemClock):
        def now(self) -> datetime:
            return super().now() + PATIENCE + timedelta(seconds=1)

    held: list[Lease] = []

    async def work(lease: Lease) -> None:
        held.append(lease)

    where, clock = ("observer", "production"), Later()
    async with history(tmp_path) as store:
        await store.leases.take(*where, stands_for("host-setup", where, HANA, clock).id, "killed")
    store = await open_store(address(tmp_path), clock)
    try:
        assert await Tenure(store, clock).during(stands_for("deploy", where, HANA, clock), work)
    finally:
        await store.close()
    assert len(held) == 1
