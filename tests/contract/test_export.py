"""S4: the export of runs and the rollback registry have exactly the shape that others were promised."""

import json
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import jsonschema
import pytest

from agents import events
from agents.answers import Order, Origin, Person
from agents.endings import record
from agents.entrypoints.export import export
from agents.orders import release_of
from agents.publishing import naming
from agents.toolbox import Toolbox
from guardrails.scope import scope
from tests.contract.histories import MORNING, history
from tests.contract.test_tester import SERVICE
from tests.unit.entrypoints.material import ANALYZED, UNIT
from tests.unit.entrypoints.test_suite_figures import PAGE
from tools.history import Store
from tools.history.releases import Outcome, Release
from tools.tags import image_tag

SCHEMA = json.loads((Path(__file__).parent / "export_schema.json").read_text(encoding="utf-8"))


async def released(store: Store, number: int, outcome: Outcome | None, *told: events.Event, only: str = "") -> Release:
    """Write down one release with what it told."""
    person = Person("U0ANA", "T0HOME")
    order = Order("deploy", "observer", "production", f"v1.0.{number}", person, Origin(), f"key {number}", only=only)
    release = await store.releases.open(release_of(order, MORNING + timedelta(minutes=number)))
    for event in told:
        await record(store, release.id, event)
    if outcome:
        await store.releases.finish(release.id, outcome, "")
    return release


async def exported(store: Store) -> Any:
    document = json.loads(json.dumps(await export(store)))
    jsonschema.validate(document, SCHEMA)
    return document


async def test_every_end_and_every_decision_is_exported_in_the_promised_shape(tmp_path: Path) -> None:
    changes: tuple[list[str], ...] = ([], ["web/a.tsx"], ["server/a.py"], ["Dockerfile"], ["web/a.tsx", "server/a.py"])
    decided = [
        tuple(events.DecisionLine(one.action, one.reason) for one in scope(rules, files).decisions)
        for rules in (SERVICE.model_copy(update={"rules": tuple(type(SERVICE.rules[0]))}),)
        for files in changes
    ]
    async with history(tmp_path) as store:
        for number, outcome in enumerate((*Outcome, None)):
            categories = {"frontend": ("web/a.tsx",)} if number else {}
            analyzed = events.Analyzed("c", "", "", categories, decided[number % len(decided)], ())
            stages = (events.Entered("analyze"), events.Left("analyze", "passed", 1.5), events.Entered("test"))
            await released(store, number, outcome, *stages, analyzed, UNIT, PAGE)
        document = await exported(store)
    assert len(document["pipelines"]) == len(Outcome) + 1
    actions = {one["action"] for pipeline in document["pipelines"] for one in pipeline["decisions"]}
    assert {
        "skip_pipeline",
        "skip_backend_test",
        "skip_performance_test",
        "skip_unit_test",
        "run_everything",
    } <= actions
    assert document["stats"]["failure_count"] == 3


async def test_numbers_of_reports_are_exported_with_their_limits(tmp_path: Path) -> None:
    async with history(tmp_path) as store:
        await released(store, 1, Outcome.SUCCEEDED, ANALYZED, PAGE)
        (pipeline,) = (await exported(store))["pipelines"]
    assert pipeline["changes"]["categories"]["frontend"] == []
    (page,) = pipeline["suites"]
    score = {"name": "score", "value": 62, "unit": "", "at_most": None, "at_least": 70, "met": False}
    assert (page["status"], page["figures"][0]) == ("warning", score)


async def test_a_part_of_a_release_is_told_as_such_and_is_neither_success_nor_failure(tmp_path: Path) -> None:
    async with history(tmp_path) as store:
        await released(store, 1, Outcome.CHECKED, UNIT, only="test")
        document = await exported(store)
    assert [(one["status"], one["only"]) for one in document["pipelines"]] == [("checked", "test")]
    assert (document["stats"]["success_count"], document["stats"]["failure_count"]) == (0, 0)


async def test_the_rollback_registry_names_what_runs_and_what_ran_before(tmp_path: Path) -> None:
    async with history(tmp_path) as store:
        for tag in ("x9y8z7w", "a1b2c3d"):
            running = {"version": tag, "commit": "c", "image": "myapp-front", "tag": tag}
            await store.deployments.succeed("webapp", "production", "frontend", tag, running)
        services = (await exported(store))["rollback_registry"]["services"]
    told = {key: services["frontend"][key] for key in ("current", "previous")}
    assert told == {"current": "myapp-front:a1b2c3d", "previous": "myapp-front:x9y8z7w"}


@pytest.mark.parametrize("broken", [{"pipelines": {}}, {"stats": {"total_runs": "12"}}, {"current": "v1.2.3"}])
async def test_the_schema_can_say_no(tmp_path: Path, broken: dict[str, Any]) -> None:
    async with history(tmp_path) as store:
        document = await exported(store)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document | broken, SCHEMA)


async def test_a_timestamp_in_a_tag_is_the_release_s_own_however_often_and_after_whatever_restart_it_is_made(
    tmp_path: Path,
) -> None:
    tools = cast("Toolbox", SimpleNamespace(environment_name="production"))
    async with history(tmp_path) as store:
        release = await released(store, 1, None)
        first = image_tag("timestamp", naming("frontend", tools, release, "c"))
    async with history(tmp_path) as store:
        again = await store.releases.get(release.id)
        assert again is not None
        assert image_tag("timestamp", naming("frontend", tools, again, "c")) == first == "20260206-080100"
        for tag in ("20260205-080000", first):
            running = {"version": tag, "commit": "c", "image": "myapp-front", "tag": tag}
            await store.deployments.succeed("webapp", "production", "frontend", tag, running)
        services = (await exported(store))["rollback_registry"]["services"]
    assert services["frontend"]["previous"] == "myapp-front:20260205-080000"
