"""What the verifier writes down of a good release, and that no mishap there takes it back."""

from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any, cast

import pytest
from langgraph.runtime import Runtime

from agents.destinations.port import Examination
from agents.events import Checked, Event
from agents.state import State
from agents.toolbox import Toolbox
from agents.verifier import verify
from guardrails.plan import Plan
from guardrails.verdict import Verdict
from tests.contract.histories import history, opened
from tests.unit.entrypoints.material import plan
from tools.clock import SystemClock
from tools.errors import CommandFailed
from tools.history import Store
from tools.local import LocalHost
from tools.redaction import Redactor

STATE = State(release="r1", service="observer", environment="production", kind="deploy", version="v1.2.3")


@pytest.fixture(autouse=True)
def _well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every component be found well."""

    async def examine(*_: object) -> Examination:
        return Examination(Verdict(), (), "")

    monkeypatch.setattr("agents.destinations.compose.adapter.examine", examine)


class Desk:
    """A toolbox with one real host, whose archive is full."""

    def __init__(self, store: Store, directory: Path) -> None:
        host = SimpleNamespace(host=LocalHost("alpha"), images=self)
        self.store, self.clock, self.redactor = store, SystemClock(), Redactor()
        self.servers = {"alpha": host}
        target = SimpleNamespace(directory=PurePosixPath(directory), archive=3, prune=False)
        self.environment = SimpleNamespace(target=target, compose=target)
        self.reported: list[Event] = []

    async def archive(self, *_: object) -> None:
        raise CommandFailed("alpha has no space left.")

    async def plan(self) -> Plan:
        return plan()

    async def report(self, event: Event) -> None:
        self.reported.append(event)

    async def cancelled_by(self) -> None:
        return None


async def unmet(store: Store, directory: Path) -> tuple[Any, list[str]]:
    """Verify a good release; return where it goes, and the names of the lines that are not met."""
    await opened(store)
    desk = Desk(store, directory)
    command = await verify(STATE, runtime=Runtime(context=cast("Toolbox", desk)))
    checked = [event for event in desk.reported if isinstance(event, Checked)]
    return command.goto, [line.name for line in checked[-1].checks if not line.met]


async def test_a_good_release_is_in_the_registry_and_marked_on_its_host(tmp_path: Path) -> None:
    async with history(tmp_path) as store:
        assert await unmet(store, tmp_path) == ("close", ["observer on alpha: archive"])
        kept = (await store.deployments.of("observer", "production"))["observer"]
    assert (kept.current or {})["version"] == "v1.2.3"
    assert (tmp_path / "last_good_tag").read_text() == "v1.2.3\n"


async def test_a_host_that_cannot_be_marked_does_not_take_a_good_release_back(tmp_path: Path) -> None:
    (tmp_path / "observer").write_text("a file where the directory should be")
    async with history(tmp_path) as store:
        goes, lines = await unmet(store, tmp_path / "observer")
        kept = (await store.deployments.of("observer", "production"))["observer"]
    assert (goes, lines) == ("close", ["observer on alpha: archive", "observer on alpha: last_good_tag"])
    assert (kept.current or {})["version"] == "v1.2.3"
