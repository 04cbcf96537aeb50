"""The history as JSON: every pipeline with its stages and decisions, the counts, and the rollback registry."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from agents import events
from agents.entrypoints.escalated import escalation_json
from agents.entrypoints.standing import release_json, statistics_json
from agents.entrypoints.view import ReleaseView, fold
from tools.history import Store
from tools.history.deployments import Deployment
from tools.history.releases import Outcome, Release, Status

LONGEST = 1000
_STATUS: Mapping[Outcome, str] = {
    Outcome.SUCCEEDED: "success",
    Outcome.FAILED: "failed",
    Outcome.ROLLED_BACK: "rolled_back",
    Outcome.IN_DOUBT: "in_doubt",
}


async def export(
    store: Store, service: str | None = None, environment: str | None = None, limit: int = LONGEST
) -> dict[str, Any]:
    """Collect the newest `limit` pipelines of a selection, newest last, and what runs where.

    A component is named alone in the registry where its name is unique, and
    with service and environment in front of it where it is not.
    """
    past = await store.releases.recent(service, environment, limit)
    views = [fold(release, await store.journal.of(release.id)) for release in reversed(past)]
    deployed = [
        one
        for one in await store.deployments.everything()
        if service in (None, one[0]) and environment in (None, one[1])
    ]
    targets = {(release.service, release.environment) for release in past} | {one[:2] for one in deployed}
    failures = [(await store.targets.get(*target)).failures for target in sorted(targets)]
    statistics = await store.releases.statistics(service, environment)
    return {
        "pipelines": [pipeline(view) for view in views],
        "current": _current(past),
        "stats": statistics_json(statistics, max(failures, default=0)),
        "rollback_registry": {"services": registry(deployed)},
    }


def pipeline(view: ReleaseView) -> dict[str, Any]:
    """Give one release the shape of a pipeline."""
    analyzed = view.one(events.Analyzed)
    release = view.release
    outcome = view.outcome
    status = _STATUS.get(outcome, outcome.value.replace("-", "_")) if outcome else release.status.value
    return {
        **release_json(release),
        "status": status,
        "stages": [
            {"name": stage.name, "status": stage.status, "seconds": stage.seconds, "cause": stage.cause}
            for stage in view.stages
        ],
        "changes": {"categories": _categories(analyzed)},
        "suites": [_suite(suite) for suite in view.every(events.SuiteRan)],
        "decisions": [{"action": one.action, "reason": one.reason} for one in (analyzed.decisions if analyzed else ())],
        "escalation": escalation_json(view),
    }


def _categories(analyzed: events.Analyzed | None) -> dict[str, list[str]]:
    """Sort what changed; both sides are named also where nothing of them changed."""
    changed = analyzed.categories if analyzed else {}
    sides: dict[str, list[str]] = {side: [] for side in ("frontend", "backend")} if analyzed else {}
    return {**sides, **{name: list(files) for name, files in changed.items()}}


def _suite(suite: events.SuiteRan) -> dict[str, Any]:
    """Give what a suite measured as numbers, each with its limit where it has one."""
    return {
        "name": suite.name,
        "kind": suite.suite_kind,
        "status": suite.outcome,
        "tests": suite.tests,
        "failures": list(suite.failures),
        "coverage": suite.coverage,
        "seconds": suite.seconds,
        "reason": suite.reason,
        "figures": [{**asdict(figure), "met": figure.met} for figure in suite.figures],
        "remarks": list(suite.remarks),
        "warnings_in_a_row": suite.warnings_in_a_row,
    }


def registry(deployed: Sequence[tuple[str, str, Deployment]]) -> dict[str, Any]:
    """Tell what every component runs and what it ran before, as `image:tag`."""
    known = Counter(deployment.component for _, _, deployment in deployed)
    return {
        one.component if known[one.component] == 1 else f"{service}/{environment}/{one.component}": {
            "current": _image(one.current),
            "previous": _image(one.previous),
            "service": service,
            "environment": environment,
        }
        for service, environment, one in deployed
    }


def _current(past: Sequence[Release]) -> str | None:
    """Name the pipeline that is under way, or else the newest."""
    moving = next((release for release in past if release.status in (Status.RUNNING, Status.WAITING)), None)
    chosen = moving or next(iter(past), None)
    return chosen.id if chosen else None


def _image(running: Mapping[str, Any] | None) -> str | None:
    if not running:
        return None
    image, tag = str(running.get("image", "")), str(running.get("tag", ""))
    return f"{image}:{tag}" if tag and not image.endswith(f":{tag}") else image
