"""P18: the ladder on a real store: counted once, locked once, told once, whatever cuts the escalator off."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from langgraph.runtime import Runtime

from agents import events
from agents.closer import close
from agents.escalator import escalate
from agents.events import dump
from agents.state import Failure, State
from agents.toolbox import Toolbox
from config.shipmate import FailurePolicy
from tests.contract.crews import configuration
from tests.contract.histories import history, release
from tools.clock import SystemClock
from tools.errors import Unreachable
from tools.history import Store
from tools.history.targets import Target
from tools.redaction import Redactor

_UNUSED = cast("Any", None)
PLACE = ("observer", "production")


class CutOff(Exception):
    """The process died here."""


@dataclass
class Cuts:
    """Dies at the nth of the calls that it is wrapped around."""

    at: int = 0
    calls: int = 0
    after: bool = False

    def wrap(self, real: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            dies = self.calls == self.at
            if dies and not self.after:
                raise CutOff
            answer = await real(*arguments, **named)
            if dies:
                raise CutOff
            return answer

        return call


@dataclass
class Watch:
    """One store, and failing releases for it."""

    store: Store
    tools: Toolbox = field(init=False)

    def __post_init__(self) -> None:
        service = configuration().services["observer"]
        self.tools = Toolbox(
            release_id="",
            service=service.model_copy(update={"owners": ("U0HANA",)}),
            environment_name="production",
            failures=FailurePolicy(),
            workspace=Path("work"),
            store=self.store,
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

    async def fails(self, number: int, store: Store | None = None, **more: Any) -> events.Escalated:
        """Let the nth release fail, or go on with it where it was cut off; returns what was told."""
        one = await self.store.releases.open(release(number))
        tools = replace(self.tools, release_id=one.id, store=store or self.store)
        await escalate(state_of(number, **more), runtime=cast("Runtime[Toolbox]", Runtime(context=tools)))
        return await self.told(number)

    async def succeeds(self, number: int) -> None:
        one = await self.store.releases.open(release(number))
        tools = replace(self.tools, release_id=one.id)
        state = State(release=one.id, service=PLACE[0], environment=PLACE[1], version=one.version, kind="deploy")
        await close(state, runtime=cast("Runtime[Toolbox]", Runtime(context=tools)))

    async def told(self, number: int) -> events.Escalated:
        entries = await self.store.journal.of(f"r{number}")
        (body,) = [entry.body for entry in entries if entry.kind == events.Escalated.KIND]
        loaded = events.load(events.Escalated.KIND, body)
        assert isinstance(loaded, events.Escalated)
        return loaded

    async def target(self) -> Target:
        return await self.store.targets.get(*PLACE)


def state_of(number: int, **more: Any) -> State:
    failure = Failure(stage="verify", cause=f"GET /health answered 50{number}", log="starting\nKeyError: 'KIS_KEY'\n")
    named = {"release": f"r{number}", "service": PLACE[0], "environment": PLACE[1], "version": f"v1.0.{number}"}
    return cast("State", {**named, "kind": "deploy", "failure": failure, "touched": 1, "rolled_back": True} | more)


@asynccontextmanager
async def watching(directory: Path) -> AsyncIterator[Watch]:
    async with history(directory) as store:
        yield Watch(store)


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    async with watching(tmp_path) as one:
        yield one


async def test_p18_the_first_is_recorded_the_second_reported_the_third_locks(watch: Watch) -> None:
    told = [await watch.fails(number) for number in (1, 2, 3)]
    assert [(one.level, one.count, one.announce) for one in told] == [
        ("recorded", 1, False),
        ("reported", 2, False),
        ("locked", 3, True),
    ]
    assert (await watch.target()).locked_by == "r3"
    assert "likely" not in told[0].report
    for report in (told[1].report, told[2].report):
        assert report["likely"] == ["Likely: a variable that it needs is missing.", "KeyError: 'KIS_KEY'"]
        assert "KeyError" in report["log"]
    assert told[2].report["locked_at"]
    assert told[2].report["comparison"].count("for the same cause") == 2
    assert [one["release"] for one in told[2].report["failures"]] == ["r1", "r2", "r3"]
    assert (told[2].report["asked_by"], told[2].report["owners"]) == ("U0ANA", ["U0HANA"])


async def test_p18_a_success_resets_the_count_and_the_count_survives_a_restart(tmp_path: Path) -> None:
    async with watching(tmp_path) as watch:
        await watch.fails(1)
        await watch.fails(2)
    async with watching(tmp_path) as watch:
        assert (await watch.target()).failures == 2
        await watch.succeeds(3)
    async with watching(tmp_path) as watch:
        assert (await watch.fails(4)).level == "recorded"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", ["fail", "lock", "record"])
async def test_p18_cut_off_between_count_lock_and_tell_everything_happens_once(
    tmp_path: Path, call: str, after: bool
) -> None:
    async with watching(tmp_path) as watch:
        await watch.fails(1)
        await watch.fails(2)
        cuts = Cuts(at=1, after=after)
        subject: Any = watch.store.journal if call == "record" else watch.store.targets
        setattr(subject, call, cuts.wrap(getattr(subject, call)))
        with pytest.raises(CutOff):
            await watch.fails(3)
    async with watching(tmp_path) as watch:
        told = await watch.fails(3)
        again = await watch.fails(3)
        target = await watch.target()
        moment = target.locked_at
        await watch.fails(3)
        assert (told.level, told.count, told.announce) == ("locked", 3, True)
        assert (again.level, again.count, again.announce) == ("locked", 3, True)
        assert (target.failures, target.locked_by, len(target.recent_failures)) == (3, "r3", 3)
        assert (await watch.target()).locked_at == moment


async def test_p18_two_processes_that_count_the_same_failure_count_it_once(tmp_path: Path) -> None:
    async with watching(tmp_path) as one, watching(tmp_path) as other:
        await one.fails(1)
        await one.fails(2)
        await one.store.releases.open(release(3))
        await asyncio.gather(*(watch.fails(3) for watch in (one, other) * 4))
        target = await other.target()
        assert (target.failures, target.locked_by) == (3, "r3")
        assert (await one.told(3)).count == 3


@pytest.mark.parametrize("error", ["unreachable", "denied", "garbled"])
async def test_p18_an_outage_before_anything_was_touched_never_climbs_towards_a_lock(watch: Watch, error: str) -> None:
    await watch.fails(1)
    for number in (2, 3, 4, 5):
        told = await watch.fails(number, touched=0, rolled_back=None, error=error)
        assert (told.level, told.count, told.announce) == ("outside", 1, False)
        assert told.report["reason"].startswith("Not counted, for nothing was touched and ")
    target = await watch.target()
    assert (target.failures, target.locked_at) == (1, None)
    assert (await watch.fails(6)).level == "reported"


async def test_p18_the_same_outage_counts_once_a_host_was_touched(watch: Watch) -> None:
    for number in (1, 2, 3):
        await watch.fails(number, error="unreachable")
    assert (await watch.target()).locked_by == "r3"


async def test_p18_a_rollback_that_failed_locks_at_once_and_takes_over_a_lock(watch: Watch) -> None:
    told = await watch.fails(1, rolled_back=False)
    assert (told.level, told.count, told.announce) == ("locked", 1, True)
    assert "nobody knows what is running" in told.report["reason"]
    await watch.store.targets.acknowledge(*PLACE, "U0ANA")
    assert (await watch.fails(2)).announce is False
    assert (await watch.target()).locked_by == "r1"
    newer = await watch.fails(3, rolled_back=False)
    assert (newer.announce, newer.report["replaces"]) == (True, "r1")
    target = await watch.target()
    assert (target.locked_by, target.acknowledged_by) == ("r3", None)


async def test_p18_each_environment_climbs_its_own_ladder(watch: Watch) -> None:
    for number in (1, 2):
        await watch.fails(number)
    told = await watch.fails(3, environment="staging")
    assert told.level == "recorded"
    assert (await watch.target()).failures == 2


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (None, ""),
        ([], "The service was well before this release touched it."),
        (["observer@web-1 was unhealthy"], "The service was failing before this release touched it"),
    ],
)
async def test_p18_how_it_was_before_changes_the_words_and_no_step_of_the_ladder(
    watch: Watch, before: list[str] | None, told: str
) -> None:
    more: dict[str, Any] = {} if before is None else {"failing_before": before}
    reports = [await watch.fails(number, **more) for number in (1, 2, 3)]
    assert [one.level for one in reports] == ["recorded", "reported", "locked"]
    assert all(one.report["baseline"].startswith(told) for one in reports)
    assert ("failing before" in reports[1].report["comparison"]) is bool(before)
    assert reports[1].report["likely"][0].startswith("Perhaps not this version") is bool(before)


async def test_p18_the_change_since_the_last_good_version_is_told(watch: Watch) -> None:
    await watch.fails(1)
    one = await watch.store.releases.open(release(2))
    analyzed = events.Analyzed(
        "b" * 40,
        "v1.0.0",
        "a" * 40,
        {"backend": tuple(f"src/{n}.py" for n in range(20)), "database": ("migrations/1.sql",)},
        (),
        (events.CommitLine("b" * 40, "Read prices faster", "Eve", 7),),
    )
    await watch.store.journal.record(one.id, analyzed.key, analyzed.KIND, dump(analyzed))
    decided = events.Decided("q", "approved", "U0HANA")
    await watch.store.journal.record(one.id, decided.key, decided.KIND, dump(decided))
    report = (await watch.fails(2)).report
    assert report["change"][0] == "v1.0.0 (aaaaaaa) -> bbbbbbb: 1 commit, 21 files"
    assert report["change"][1].startswith("backend: src/0.py")
    assert report["change"][1].endswith("and 8 more")
    assert report["change"][2:] == ["database: migrations/1.sql", "bbbbbbb Read prices faster (Eve)"]
    assert report["approved_by"] == ["U0HANA"]


async def test_p18_hosts_that_cannot_be_asked_do_not_keep_the_rest_from_people(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreachable(_: Toolbox) -> tuple[()]:
        raise Unreachable("web-1 does not answer.")

    monkeypatch.setattr("agents.destinations.compose.evidence.checklist", unreachable)
    await watch.fails(1)
    report = (await watch.fails(2)).report
    assert report["checklist"] == []
    assert report["likely"]
