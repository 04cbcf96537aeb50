"""S4: the tester on a real history: kinds weigh what they are worth, and a warning too often is no warning any more."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from langgraph.runtime import Runtime

from agents import events
from agents.state import Next, State
from agents.tester import test as run_tests
from agents.toolbox import Toolbox
from config.loading import load
from config.service import Service
from config.shipmate import FailurePolicy
from config.sources import Suite
from tests.contract.histories import history, release
from tools.clock import SystemClock
from tools.history import Store
from tools.history.releases import Outcome

ROOT = Path(__file__).parents[2]
SERVICE = load(ROOT / "config/shipmate.yaml", {}).services["observer"]
_UNUSED = cast("Any", None)
COMMIT = "a" * 40
PAGE = (
    '{"lighthouseVersion": "13", "categories": {"performance": {"score": %s}}, "audits": {'
    '"largest-contentful-paint": {"numericValue": 1}, "max-potential-fid": {"numericValue": 1},'
    '"cumulative-layout-shift": {"numericValue": 0}}}'
)


@dataclass
class House:
    """A history, and a place for the sources of each release."""

    store: Store
    directory: Path
    number: int = 0

    async def released(self, score: str, outcome: Outcome = Outcome.SUCCEEDED, only: str = "") -> Next:
        """Run the tests of one more release, whose page has this score, and end it."""
        self.number += 1
        opened = release(self.number)
        opened = replace(opened, origin={**opened.origin, "only": only}) if only else opened
        await self.store.releases.open(opened)
        workspace = self.directory / opened.id
        (workspace / f"sources-{COMMIT}").mkdir(parents=True)
        tools = self.tools(opened.id, workspace, score)
        state = State(service="observer", environment="production", commit=COMMIT, suites=list(tools.service.suites))
        command = await run_tests(state, runtime=Runtime(context=tools, stream_writer=_UNUSED))
        await self.store.releases.finish(opened.id, outcome, "")
        return command

    def tools(self, name: str, workspace: Path, score: str) -> Toolbox:
        return Toolbox(
            release_id=name,
            service=service(score),
            environment_name="production",
            failures=FailurePolicy(),
            workspace=workspace,
            store=self.store,
            clock=SystemClock(),
            redactor=_UNUSED,
            repository=_UNUSED,
            images=_UNUSED,
            registry=_UNUSED,
            scanner=_UNUSED,
            servers={},
            github=None,
            narrator=None,
        )

    async def told(self) -> events.SuiteRan:
        """Read back what the newest release told of its page."""
        entries = await self.store.journal.of(f"r{self.number}")
        told = events.load(entries[-1].kind, entries[-1].body)
        assert isinstance(told, events.SuiteRan)
        return told


def service(score: str) -> Service:
    command = ["sh", "-c", f"printf '%s' '{PAGE % score}' > page.json"]
    page = {"kind": "performance", "command": command, "lighthouse": "page.json"}
    return SERVICE.model_copy(update={"suites": {"page": Suite.model_validate(page)}})


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with history(tmp_path) as store:
        yield House(store, tmp_path)


def status(command: Next) -> str:
    assert isinstance(command.update, dict)
    return str(command.update["status"])


async def test_a_slow_page_is_told_with_its_numbers_and_goes_on(house: House) -> None:
    command = await house.released("0.42")
    assert (command.goto, status(command)) == ("build", "warning")
    told = await house.told()
    assert (told.outcome, told.warnings_in_a_row) == ("warning", 1)
    assert next((figure.name, figure.value, figure.met) for figure in told.figures) == ("score", 42.0, False)


async def test_the_fifth_warning_in_a_row_of_one_suite_is_critical_and_stays_so_until_it_passes(house: House) -> None:
    for _ in range(4):
        assert status(await house.released("0.42")) == "warning"
    assert "4 releases in a row; 5 in a row count as critical." in (await house.told()).reason
    raised = await house.released("0.42", Outcome.FAILED)
    assert (raised.goto, status(raised)) == ("escalate", "failed")
    told = await house.told()
    assert (told.outcome, told.warnings_in_a_row) == ("failed", 5)
    assert told.reason.endswith("5 releases in a row, which counts as critical.")
    assert status(await house.released("0.42", Outcome.FAILED)) == "failed"
    assert (await house.told()).warnings_in_a_row == 6
    assert status(await house.released("0.9")) == "passed"
    assert status(await house.released("0.42")) == "warning"
    assert (await house.told()).warnings_in_a_row == 1


async def test_a_run_that_was_to_stop_early_adds_no_warning_and_ends_no_row(house: House) -> None:
    for _ in range(4):
        await house.released("0.42")
    await house.released("0.9", Outcome.SKIPPED, only="test")
    await house.released("0.42", Outcome.SKIPPED, only="test")
    assert (await house.told()).warnings_in_a_row == 5
    await house.released("0.42", Outcome.FAILED)
    assert (await house.told()).warnings_in_a_row == 5
