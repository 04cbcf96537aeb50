"""The way back tells what went wrong on a host, and none of its secrets."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePosixPath
from secrets import token_hex
from types import SimpleNamespace
from typing import Any, cast

import pytest
from langgraph.runtime import Runtime

from agents.events import Event, RolledBack
from agents.rollback import roll_back
from agents.state import State
from agents.toolbox import Toolbox
from guardrails.plan import Intended, PlannedStep
from tests.unit.entrypoints.material import plan
from tools.clock import SystemClock
from tools.errors import CommandFailed, TimedOut, ToolError
from tools.local import LocalHost
from tools.redaction import Redactor


class Unhurried(SystemClock):
    """A clock on which waiting takes no time."""

    async def sleep(self, _: timedelta) -> None:
        return


@pytest.mark.parametrize(
    ("failure", "attempts", "away", "shown"),
    [(CommandFailed, 2, False, "bad [redacted:DB_PASSWORD]"), (TimedOut, 4, True, "bad")],
)
async def test_p13_a_host_that_cannot_be_put_back_is_told_without_the_values_on_it(
    tmp_path: Path, failure: type[ToolError], attempts: int, away: bool, shown: str
) -> None:
    """A command that failed is tried once more; one that hung may have worked, so the host is asked more often."""
    secret, reported = token_hex(12), list[Event]()
    (tmp_path / ".env").write_text(f"DB_PASSWORD={secret}\n")

    intended: list[tuple[str, ...]] = []

    async def answer(*_: object) -> Any:
        step = PlannedStep("observer", "web-1", None, Intended("observer", "v1", "sha256:1"))
        return replace(plan(), steps=(step,))

    async def fails(*_: object) -> None:
        raise failure(f"Stopping observer failed: bad {secret if failure is CommandFailed else ''}".rstrip())

    async def report(event: Event) -> None:
        reported.append(event)

    async def intend(*what: str) -> None:
        intended.append(what)

    target = SimpleNamespace(
        directory=PurePosixPath(tmp_path), env_file=PurePosixPath(".env"), image_tag_variable="T", rolls=False
    )
    server = SimpleNamespace(host=LocalHost("web-1"), name="web-1", compose=SimpleNamespace(stop=fails))
    tools = SimpleNamespace(
        plan=answer,
        report=report,
        intend=intend,
        clock=Unhurried(),
        redactor=Redactor(),
        servers={"web-1": server},
        store=SimpleNamespace(targets=SimpleNamespace(take_fence=answer)),
        service=SimpleNamespace(compose_service=str),
        environment=SimpleNamespace(target=target, compose=target),
        given_env=None,
    )
    await roll_back(cast("State", {"touched": 1}), runtime=Runtime(context=cast("Toolbox", tools)))
    told = [(event.detail, event.away) for event in reported if isinstance(event, RolledBack)]
    assert told == [(f"Stopping observer failed: {shown}", away)] * attempts
    assert intended == [("roll back", "observer on web-1")] * attempts
