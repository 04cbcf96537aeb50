"""Nothing changed only where the hosts run what was recorded: what strayed is deployed again."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from langgraph.runtime import Runtime

from agents.analyzer import analyze
from agents.destinations.compose.survey import Surveyed
from agents.events import Analyzed, Event
from agents.state import Next, State
from agents.toolbox import Toolbox
from config.service import Rule, Service
from guardrails.verdict import Verdict
from tests.unit.agents.test_draft import HOSTS, SERVICE, found, host
from tests.unit.agents.test_survey import answering
from tools.changes import ChangedFile, Commit
from tools.history.deployments import Deployment
from tools.history.targets import Target
from tools.redaction import Redactor

SUITES = {"unit": {"command": ["true"], "kind": "unit"}}
CHECKED = Service.model_validate({**SERVICE.model_dump(), "suites": SUITES, "rules": [Rule.NO_CHANGE]})


def record(name: str, digest: str = "") -> Deployment:
    current = {"version": "v1.2.2", "commit": "4f1c", "digest": digest or f"sha256:before-{name}"}
    return Deployment(name, current, None, "r0")


async def analyzed(
    monkeypatch: pytest.MonkeyPatch,
    hosts: tuple[Surveyed, ...],
    *recorded: Deployment,
    service: Service = CHECKED,
    commits: tuple[Commit, ...] = (),
    files: tuple[ChangedFile, ...] = (),
) -> tuple[Next, Analyzed]:
    """Ask for the version that runs already, unless files changed."""
    reported: list[Event] = []

    async def report(event: Event) -> None:
        reported.append(event)

    nothing: Any = answering(None)
    repository = SimpleNamespace(
        refresh=nothing, resolve=answering("4f1c"), changed_files=answering(files), commits=answering(commits)
    )
    tools = SimpleNamespace(
        service=service,
        environment_name="production",
        environment=service.environments["production"],
        repository=repository,
        release=answering(SimpleNamespace(pinned="", branch="", version="v1.2.2")),
        report=report,
        deployed=answering({one.component: one for one in recorded}),
        redactor=Redactor(),
        store=SimpleNamespace(
            targets=SimpleNamespace(get=answering(Target("observer", "production"))),
            releases=SimpleNamespace(change=answering_keywords),
        ),
    )
    monkeypatch.setattr("agents.destinations.compose.running.survey_running", answering(hosts))
    monkeypatch.setattr("agents.destinations.compose.running.survey", answering(hosts))
    monkeypatch.setattr("agents.analyzer.inspect_sources", answering(Verdict()))
    state = {"kind": "deploy", "service": "observer", "environment": "production", "version": "v1.2.2", "release": "r1"}
    went = await analyze(cast("State", state), runtime=Runtime(context=cast("Toolbox", tools)))
    (told,) = (event for event in reported if isinstance(event, Analyzed))
    return went, told


async def answering_keywords(*_: object, **__: object) -> None:
    """Accept whatever is written down."""


async def test_a_version_that_every_host_runs_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    for recorded in ((record("api"), record("worker")), ()):
        went, told = await analyzed(monkeypatch, HOSTS, *recorded)
        assert (went.goto, [line.action for line in told.decisions]) == ("close", ["skip_pipeline"])


STRAYED = {
    "another image": (host("web-1", api=found("other"), worker=found("worker")), "api on web-1"),
    "no container": (host("web-1", worker=found("worker")), "api on web-1"),
    "not to be seen": (Surveyed("web-1", fault="no answer"), "api on web-1, worker on web-1"),
}


@pytest.mark.parametrize("how", STRAYED)
async def test_a_version_that_a_host_lost_is_deployed_again_from_its_recorded_image(
    monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    lost, where = STRAYED[how]
    went, told = await analyzed(monkeypatch, (lost, HOSTS[1]), record("api"), record("worker"))
    assert isinstance(went.update, dict)
    assert (went.goto, went.update["suites"], went.update["components"]) == ("test", [], [])
    assert [line.action for line in told.decisions] == ["deploy_again"]
    assert where in told.decisions[0].reason


async def test_what_was_never_recorded_is_tested_and_built(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = host("web-2", api=found("api"))
    went, _ = await analyzed(monkeypatch, (HOSTS[0], lost), record("api"))
    assert isinstance(went.update, dict)
    assert (went.goto, went.update["suites"], went.update["components"]) == ("test", ["unit"], ["worker"])


async def test_a_change_of_configuration_alone_still_has_the_suites_that_look_at_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    audit = {"command": ["true"], "kind": "security"}
    for suites, goes_to in (({**SUITES, "audit": audit}, "test"), (SUITES, "close")):
        service = Service.model_validate({**SERVICE.model_dump(), "suites": suites, "rules": [Rule.ONLY_CONFIG]})
        recorded = (record("api"), record("worker"))
        files = (ChangedFile("Dockerfile", "modified"),)
        went, told = await analyzed(monkeypatch, HOSTS, *recorded, service=service, files=files)
        assert [line.action for line in told.decisions] == ["skip_unit_test", "skip_build", "skip_deploy"]
        assert isinstance(went.update, dict)
        assert went.goto == goes_to
        if goes_to == "test":
            assert (went.update["suites"], went.update["components"], went.update["only"]) == (["audit"], [], "test")


WITH_ISSUES = Service.model_validate({**CHECKED.model_dump(), "issues": {}})
NAMING = (
    Commit("c2", "ben", "BE-581: count", "Closes BE-577, and BE-581.", datetime(2026, 1, 2, tzinfo=UTC)),
    Commit("c1", "ana", "Read utf-8", "See OPS-1. be-9 is none, nor X-1.", datetime(2026, 1, 1, tzinfo=UTC)),
)


async def test_issues_that_commits_name_are_noted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _, told = await analyzed(monkeypatch, HOSTS, record("api"), service=WITH_ISSUES, commits=NAMING)
    assert told.issues == ("BE-581", "BE-577", "OPS-1")


async def test_without_a_tracker_or_a_version_before_no_issue_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    _, untracked = await analyzed(monkeypatch, HOSTS, record("api"), commits=NAMING)
    _, first = await analyzed(monkeypatch, (host("web-1"),), service=WITH_ISSUES, commits=NAMING)
    assert untracked.issues == first.issues == ()
