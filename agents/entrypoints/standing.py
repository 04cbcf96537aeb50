"""How a target stands: what runs there, what is under way, what is wrong. Read from the store; as JSON for machines."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from agents.coverage import covered
from agents.entrypoints.escalated import escalation_of
from agents.entrypoints.fleet import Progress, progress
from agents.entrypoints.goals import goals_json, measured
from agents.entrypoints.view import fold
from agents.events import Covered
from config.freezes import Freeze
from config.service import Service
from guardrails.freezes import Frozen, Window, frozen_at, next_freeze
from guardrails.roles import keepers
from tools.history import Store
from tools.history.deployments import Deployment
from tools.history.lease import Lease
from tools.history.leases import PATIENCE
from tools.history.locks import Lock
from tools.history.releases import Release, Statistics, Status
from tools.history.reviews import Review
from tools.history.targets import Target

HISTORY_LENGTH = 100
REPORTED = 10
"""Releases in a report."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One service in one environment."""

    target: Target
    running: Mapping[str, Deployment]
    under_way: Sequence[Release]
    owed: Sequence[Review] = ()
    """Reviews of what was released without an approval."""
    lock: Lock | None = None
    """A person's lock; that after failures is the target's own."""
    frozen: Frozen | None = None
    coming: Window | None = None
    """The next freeze."""
    lease: Lease | None = None
    """The run that holds the target."""
    silent: bool = False
    """Whether that run has shown no sign of life for too long."""
    escalation: Mapping[str, Any] | None = None
    """Of the failure that locked the target, or else of its last one in a row."""
    keepers: Sequence[str] = ()
    """Who may unlock it."""
    progress: Mapping[str, Progress] = field(default_factory=dict)
    """How far releases to several hosts have come, by their ids."""


async def standings(
    store: Store,
    services: Mapping[str, Service],
    service: str | None = None,
    environment: str | None = None,
    freezes: Sequence[Freeze] = (),
) -> tuple[Standing, ...]:
    """Read every target that is declared and wanted; `freezes` are those of the whole bot."""
    now = datetime.now(UTC)
    wanted = [
        (name, place)
        for name, declared in services.items()
        for place in declared.environments
        if service in (None, name) and environment in (None, place)
    ]
    return tuple(
        [
            replace(
                await _standing(store, name, place, (*freezes, *services[name].environments[place].freezes), now),
                keepers=keepers(services[name].environments[place].approval, services[name].owners),
            )
            for name, place in wanted
        ]
    )


async def _standing(store: Store, service: str, environment: str, freezes: Sequence[Freeze], now: datetime) -> Standing:
    lease = await store.leases.of(service, environment)
    target = await store.targets.get(service, environment)
    under_way = await store.releases.unfinished(service, environment)
    return Standing(
        target,
        await store.deployments.of(service, environment),
        under_way,
        await store.reviews.owed(service, environment),
        await store.locks.of(service, environment),
        frozen_at(freezes, now),
        next_freeze(freezes, now),
        lease,
        silent=lease is not None and now - lease.heartbeat >= PATIENCE,
        escalation=await escalation_of(store, target),
        progress=await _progress(store, under_way),
    )


async def _progress(store: Store, under_way: Sequence[Release]) -> dict[str, Progress]:
    """Count the hosts of what moves now."""
    moving = [release for release in under_way if release.status is Status.RUNNING]
    come = {release.id: progress(fold(release, await store.journal.of(release.id))) for release in moving}
    return {name: one for name, one in come.items() if one}


def status_json(found: Sequence[Standing]) -> dict[str, Any]:
    """Give the standing of targets as JSON values."""
    return {"targets": [_target_json(one) for one in found]}


def _target_json(standing: Standing) -> dict[str, Any]:
    target = standing.target
    return {
        "service": target.service,
        "environment": target.environment,
        "running": {
            name: {"current": deployment.current, "previous": deployment.previous, "release": deployment.release}
            for name, deployment in sorted(standing.running.items())
        },
        "under_way": [_moving_json(release, standing) for release in standing.under_way],
        "consecutive_failures": target.failures,
        "warnings_in_a_row": target.warnings,
        "locked_at": target.locked_at.isoformat() if target.locked_at else None,
        "locked_by": target.locked_by,
        "acknowledged_by": target.acknowledged_by,
        "escalation": standing.escalation,
        **_closed_json(standing),
        "reviews_owed": [_review_json(review) for review in standing.owed],
    }


def _closed_json(standing: Standing) -> dict[str, Any]:
    lock, frozen, coming, lease = standing.lock, standing.frozen, standing.coming, standing.lease
    return {
        "lock": {"by": lock.by, "reason": lock.reason, "since": _iso(lock.since), "until": _iso(lock.until)}
        if lock
        else None,
        "frozen": {"reason": frozen.reason, "until": _iso(frozen.until)} if frozen else None,
        "next_freeze": {"reason": coming.reason, "begins": _iso(coming.begins), "ends": _iso(coming.ends)}
        if coming
        else None,
        "held_by": {
            "pipeline_id": lease.release,
            "since": _iso(lease.since),
            "heartbeat": _iso(lease.heartbeat),
            "fence": lease.fence,
            "silent": standing.silent,
        }
        if lease
        else None,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _review_json(review: Review) -> dict[str, Any]:
    return {
        "pipeline_id": review.release,
        "version": review.version,
        "released_by": review.person,
        "reason": review.reason,
        "owed_since": review.owed_at.isoformat(),
    }


def _moving_json(release: Release, standing: Standing) -> dict[str, Any]:
    come = standing.progress.get(release.id)
    return release_json(release) | ({"hosts": asdict(come)} if come else {})


def release_json(release: Release) -> dict[str, Any]:
    """Give a release as JSON values."""
    return {
        "pipeline_id": release.id,
        "kind": release.kind,
        "service": release.service,
        "environment": release.environment,
        "version": release.version,
        "only": release.only,
        "trigger": release.trigger,
        "branch": release.branch,
        "requested_by": release.requested_by,
        "started_at": release.requested_at.isoformat(),
        "finished_at": release.finished_at.isoformat() if release.finished_at else None,
        "status": release.status.value,
        "stage": release.stage,
        "outcome": release.outcome.value if release.outcome else None,
        "cause": release.cause,
        "commit": release.commit,
        "from_version": release.from_version,
    }


def history_json(past: Sequence[Release]) -> dict[str, Any]:
    """Give releases as JSON values, newest first."""
    return {"releases": [release_json(release) for release in past]}


def statistics_json(statistics: Statistics, failures: int) -> dict[str, Any]:
    """Give the counts as JSON values, under the names of the export."""
    return {
        "total_runs": statistics.total,
        "success_count": statistics.succeeded,
        "failure_count": statistics.failed,
        "consecutive_failures": failures,
        "by_outcome": dict(statistics.by_outcome),
    }


def failures_in_a_row(found: Sequence[Standing]) -> int:
    """Tell the longest run of failures among targets."""
    return max((standing.target.failures for standing in found), default=0)


async def coverage(
    store: Store, services: Mapping[str, Service], service: str | None, environment: str | None = None
) -> Mapping[str, Mapping[str, Sequence[Covered]]]:
    """Tell by service and suite what the last good releases covered; by default in the default environment."""
    wanted = {name: declared for name, declared in services.items() if service in (None, name)}
    found = {
        name: await covered(store, name, environment or declared.default_environment)
        for name, declared in wanted.items()
    }
    return {name: suites for name, suites in found.items() if suites}


def coverage_json(found: Mapping[str, Mapping[str, Sequence[Covered]]]) -> dict[str, Any]:
    """Give coverage as JSON values: service -> suite -> releases, newest first."""
    return {
        name: {suite: [asdict(one) for one in measured] for suite, measured in suites.items()}
        for name, suites in found.items()
    }


async def document(
    kind: str,
    store: Store,
    services: Mapping[str, Service],
    service: str | None,
    environment: str | None,
    freezes: Sequence[Freeze] = (),
) -> dict[str, Any]:
    """Give `status`, `history`, `stats` or, with all three of them, `report` as JSON values."""
    if kind == "report":
        where = (store, services, service, environment, freezes)
        last = {"releases": (await document("history", *where))["releases"][:REPORTED]}
        return {"status": await document("status", *where), "history": last, "stats": await document("stats", *where)}
    found = await standings(store, services, service, environment, freezes)
    if kind == "status":
        return status_json(found)
    if kind == "history":
        return history_json(await store.releases.recent(service, environment, HISTORY_LENGTH))
    counted = statistics_json(await store.releases.statistics(service, environment), failures_in_a_row(found))
    goals = goals_json(await measured(store, services, service, environment))
    return counted | {"goals": goals, "coverage": coverage_json(await coverage(store, services, service, environment))}
