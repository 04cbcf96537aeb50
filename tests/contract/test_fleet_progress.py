"""P12, P24: whoever asks for the status is told on how many hosts a release is done, as people and as machines."""

from pathlib import Path

from agents import events
from agents.entrypoints.replies import status_text
from agents.entrypoints.standing import standings, status_json
from agents.events import Event, dump
from tests.contract.crews import configuration
from tests.contract.histories import history, opened
from tests.unit.entrypoints.material import TERMINAL, planned
from tests.unit.entrypoints.test_fleet_told import HOSTS, fleet_of, moved
from tools.history.releases import Status


async def test_the_status_counts_the_hosts_that_are_done(tmp_path: Path) -> None:
    told: list[Event] = [planned(fleet_of(HOSTS, at_once=10)), events.Entered("deploy")]
    told += [event for host in HOSTS[:3] for event in moved(host)]
    services = {"observer": configuration().services["observer"]}
    async with history(tmp_path) as store:
        release = await opened(store)
        await store.releases.change(release.id, status=Status.RUNNING, stage="deploy")
        for event in told:
            await store.journal.record(release.id, event.key, event.KIND, dump(event))
        found = await standings(store, services, "observer", "production")
    assert "deploy of v1.0.1: deploy (3 of 50 hosts), asked for by" in status_text(found, TERMINAL)
    (under_way,) = status_json(found)["targets"][0]["under_way"]
    assert under_way["hosts"] == {"done": 3, "hosts": 50, "back": False}
