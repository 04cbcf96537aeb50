"""What the watch over a moved component begins with, and what it is told as."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from agents.destinations.compose.examination import restarts_before
from agents.destinations.watched import former_of, remembered, watched
from agents.events import Look
from agents.state import State
from config.contracts import Watch
from guardrails.plan_targets import Running
from guardrails.verdict import Verdict
from tests.unit.entrypoints.material import plan
from tools.former import Former
from tools.inspection import Container
from tools.measurements import Measurement
from tools.watch import Sample

(STEP,) = plan().steps
CONTAINER = Container("new", "observer", "observer:v1.2.3", "sha256:1", "running", restarts=2)
NOW = datetime(2026, 2, 6, tzinfo=UTC)
MS = timedelta(milliseconds=1)


def test_a_restart_between_the_move_and_the_watch_counts() -> None:
    assert restarts_before(STEP, CONTAINER) == 0
    assert restarts_before(replace(STEP, before=None), CONTAINER) == 0


def test_the_restarts_of_a_container_that_the_move_left_alone_do_not_count() -> None:
    assert isinstance(STEP.before, Running)
    same = replace(CONTAINER, id=STEP.before.container_id or "")
    assert restarts_before(STEP, same) == 2


def test_how_the_version_before_behaved_outlives_a_restart_of_the_bot() -> None:
    former = {"api@alpha": Former(12.5, 40.0, 0.4), "web@alpha": Former()}
    state = State(former=remembered(former))
    assert {place: former_of(state, place) for place in former} == former
    assert former_of(state, "api@beta") == Former()


def test_a_release_planned_by_an_older_bot_still_has_its_baseline() -> None:
    assert former_of(State(baseline_ms=12.0), "api@alpha") == Former(12.0)


def test_every_look_is_kept_to_be_drawn_again() -> None:
    measured = (Measurement("cpu", 12.0), Measurement("memory", None, "no answer"))
    first = Sample(NOW, 200, 20 * MS, 0, 0, measured=measured, latencies=(19 * MS, 20 * MS, 21 * MS))
    second = Sample(NOW + timedelta(seconds=5), None, 3000 * MS, 0, 2, error="refused")
    told = watched([first, second], Former(10.0), Verdict(), Watch(), "api", "alpha")
    assert told.looks == (Look(0.0, 20.0, 200, 0, 12.0, None), Look(5.0, None, None, 2))
    assert (told.samples, told.baseline_ms, told.median_ms, told.limit_ms) == (2, 10.0, 20.0, 50.0)
    assert told.key == "watched:api@alpha"
