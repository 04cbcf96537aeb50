"""S4: a release that was to stop early is refused or checked, never a failure or a success of its target."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from langgraph.errors import NodeError
from langgraph.runtime import Runtime

from agents.answers import Order, Origin, Person
from agents.closer import close
from agents.entrypoints.github_mirror import Links, Shown, shown
from agents.entrypoints.headlines import headline
from agents.entrypoints.view import STAGES, fold
from agents.entrypoints.voice import terminal_voice
from agents.holds import is_exempt
from agents.orders import next_in, opened, release_of
from agents.stages import mishap
from agents.state import State
from agents.toolbox import Toolbox
from config.service import Service
from tests.unit.agents.test_stages import STATE, Desk
from tests.unit.entrypoints.material import NOON, release
from tools.errors import Unreachable
from tools.history.releases import Outcome, Release, Status
from tools.history.tables import releases

PARTS = ("analyze", "test", "build")
_UNUSED = cast("Any", None)


def asked(only: str) -> Release:
    """Make the release that an order for a part becomes."""
    return replace(release(status=Status.QUEUED), origin={"channel": "C0RELEASES", "thread": "", "only": only})


@pytest.mark.parametrize("only", PARTS)
async def test_a_mishap_of_a_part_is_counted_by_nobody(only: str) -> None:
    state = State(**{**STATE, "only": only})
    error = cast("NodeError", SimpleNamespace(node=only, error=Unreachable("GitHub does not answer.")))
    command = await mishap(state, error, runtime=Runtime(context=cast("Toolbox", Desk())))
    assert command.goto == "close"


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ({"only": "test", "failure": {"stage": "test"}}, Outcome.REFUSED),
        ({"only": "test", "outcome": "checked"}, Outcome.CHECKED),
        ({"only": "deploy", "failure": {"stage": "deploy"}}, Outcome.FAILED),
        ({"failure": {"stage": "test"}}, Outcome.FAILED),
    ],
)
async def test_a_part_ends_as_defined_and_is_no_success_of_the_target(state: dict[str, Any], outcome: Outcome) -> None:
    ended: list[Outcome] = []
    succeeded: list[str] = []

    async def finish(_release: str, how: Outcome, _cause: str) -> bool:
        ended.append(how)
        return True

    async def succeed(*words: str, **_: bool) -> None:
        succeeded.extend(words)

    async def nothing(*_: object) -> None:
        """Do nothing."""

    async def head() -> object:
        return SimpleNamespace(told="")

    desk = Desk()
    store = SimpleNamespace(
        releases=SimpleNamespace(finish=finish),
        targets=SimpleNamespace(succeed=succeed),
        decisions=SimpleNamespace(latest=nothing),
        audit=SimpleNamespace(head=head),
    )

    async def stored() -> Release:
        return asked(str(state.get("only", "")))

    tools = SimpleNamespace(store=store, release=stored, redactor=desk.redactor, clock=desk.clock, report=desk.report)
    whole = State(**{**STATE, **state})  # type: ignore[typeddict-item]
    await close(whole, runtime=Runtime(context=cast("Toolbox", tools)))
    assert (ended, succeeded) == ([outcome], [])


@pytest.mark.parametrize(("only", "exempt"), [("analyze", True), ("build", True), ("deploy", False), ("", False)])
def test_locks_and_freezes_hold_back_only_what_touches_the_target(only: str, exempt: bool) -> None:
    assert is_exempt(asked(only)) is exempt


@pytest.mark.parametrize("only", PARTS)
def test_github_hears_nothing_of_a_part(only: str) -> None:
    view = fold(replace(asked(only), commit="a" * 40), ())
    assert shown(view, cast("Service", _UNUSED), "production", Links(), holds=True) == Shown()


@pytest.mark.parametrize(
    ("only", "title"),
    [("analyze", ", analysis only"), ("test", ", tests only"), ("build", ", without the deploy"), ("", "")],
)
def test_the_card_names_the_part_and_shows_no_stage_behind_it(only: str, title: str) -> None:
    view = fold(asked(only), ())
    assert headline(view, terminal_voice()).startswith(f"observer v1.2.3 in production{title}: ")
    assert view.stages[-1].name == (only or STAGES[-1])


def test_an_analysis_begins_while_people_decide_and_everything_else_waits_for_its_turn() -> None:
    def standing(status: Status, only: str = "") -> Release:
        return replace(asked(only), status=status)

    queued, analysis = standing(Status.QUEUED), standing(Status.QUEUED, "analyze")
    tests = standing(Status.QUEUED, "test")
    assert next_in(()) == ()
    assert next_in((queued, analysis)) == (queued,)
    assert next_in((standing(Status.WAITING), tests, queued, analysis)) == (analysis,)
    assert next_in((standing(Status.RUNNING), analysis)) == ()
    assert next_in((standing(Status.WAITING), standing(Status.RUNNING, "analyze"))) == ()


def test_an_order_for_a_part_stays_one_on_its_way_through_the_store() -> None:
    order = Order("deploy", "observer", "production", "v1", Person("U0ANA"), Origin("C1"), "key", only="build")
    made = release_of(order, NOON)
    assert (made.only, made.stops_early, order.stops_early) == ("build", True, True)
    assert opened(made).version == "v1"
    assert "origin" in releases.c
