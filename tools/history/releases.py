"""Releases: who asked for what, where it stands, how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from tools.clock import Clock
from tools.history.ledger import Ledger, Record
from tools.history.rows import Rows, moment
from tools.history.tables import releases
from tools.redaction import Redactor


class Status(StrEnum):
    """Where a release stands."""

    PENDING = "pending"
    """Waits for the checks of its commit, and is not in line yet."""
    HELD = "held"
    """Waits for the end of a lock or a freeze, and is not in line."""
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    FINISHED = "finished"


class Outcome(StrEnum):
    """How a release ended. Only SUCCEEDED, SKIPPED and CHECKED are good ends."""

    SUCCEEDED = "succeeded"
    SKIPPED = "skipped"
    CHECKED = "checked"
    """It came as far as it was asked to, and nothing was to be deployed."""
    REFUSED = "refused"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"
    ROLLED_BACK = "rolled-back"
    IN_DOUBT = "in-doubt"


STOPS = frozenset({"analyze", "test", "build"})
"""Stages that a release may be asked to end with."""
FAILURES = frozenset({Outcome.FAILED, Outcome.ROLLED_BACK, Outcome.IN_DOUBT})
"""The outcomes that count as a failure in a row."""
_OF_BOTH = frozenset({Outcome.REFUSED, Outcome.CANCELLED})
_OF_WHOLE = frozenset(Outcome) - _OF_BOTH - {Outcome.CHECKED}


@dataclass(frozen=True, slots=True)
class Release:
    """One release, or one rollback (`kind`)."""

    id: str
    request: str
    """Key of the request; the same request delivered twice is one release."""
    kind: str
    service: str
    environment: str
    version: str
    trigger: str
    """`manual`, or what set it off: `push`, `tag`, `release`."""
    requested_by: str
    origin: Mapping[str, Any]
    """Where it was asked for: `channel`, `thread` for Slack; empty for the terminal. `branch` of a pushed commit."""
    requested_at: datetime
    status: Status
    stage: str
    finished_at: datetime | None
    outcome: Outcome | None
    cause: str
    commit: str
    from_version: str
    cancelled_by: str | None

    @property
    def target(self) -> str:
        """What only one release may hold at a time: `service/environment`."""
        return f"{self.service}/{self.environment}"

    @property
    def branch(self) -> str:
        """The branch whose newest commit the version was; empty where it is a tag."""
        return str(self.origin.get("branch") or "")

    @property
    def break_glass(self) -> str | None:
        """Why it is released before anybody has approved; None where approvers are asked."""
        return self.origin.get("break_glass")

    @property
    def only(self) -> str:
        """The stage that it was asked to end with, `deploy` where tests and build are left out; empty: all of it."""
        return str(self.origin.get("only") or "")

    @property
    def stops_early(self) -> bool:
        """Tell whether it ends before anything of its target is touched: it is no success and no failure of that."""
        return self.only in STOPS

    @property
    def pinned(self) -> str:
        """The one commit that may be released; empty where a person asked for a version, and its tag says which."""
        return self.commit if self.trigger != "manual" else ""

    @property
    def named(self) -> str:
        """The version as people know it: a commit with its branch."""
        return f"{self.version} ({self.branch})" if self.branch else self.version


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts over all finished releases of the selection that were to deploy."""

    total: int
    succeeded: int
    failed: int
    by_outcome: Mapping[str, int]


class Releases(Rows):
    """The releases table. Causes and reasons pass the redactor; versions, commits and ids stay as they are."""

    def __init__(self, engine: AsyncEngine, clock: Clock, redactor: Redactor, ledger: Ledger | None = None) -> None:
        super().__init__(engine, clock, ledger)
        self._redactor = redactor

    async def open(self, release: Release) -> Release:
        """Store a new release; the same request, delivered again, returns the release it opened before."""
        told, who = _told(release), release.requested_by
        record = Record("effect", "opened", "done", who, door=_door(release), release=release.id, detail=told)
        row = _row(release) | {"cause": self._redactor.redact(release.cause), "origin": self._origin(release)}
        await self._change(self._insert(releases).values(**row).on_conflict_do_nothing(), record)
        stored = await self._one(select(releases).where(releases.c.request == release.request))
        return _release(stored) if stored else release

    def _origin(self, release: Release) -> dict[str, Any]:
        reason = release.break_glass
        return {**release.origin, **({"break_glass": self._redactor.redact(reason)} if reason else {})}

    async def get(self, release_id: str) -> Release | None:
        """Return a release."""
        row = await self._one(select(releases).where(releases.c.id == release_id))
        return _release(row) if row else None

    async def change(self, release_id: str, **columns: Any) -> None:
        """Set columns such as `stage`, `status` or `commit`."""
        await self._change(update(releases).where(releases.c.id == release_id).values(**columns))

    async def let_go(self, release_id: str) -> bool:
        """Put a release that was held back into the line; False where it is not held back any more."""
        held = update(releases).where(releases.c.id == release_id, releases.c.status == Status.HELD)
        return await self._change(held.values(status=Status.QUEUED)) == 1

    async def finish(self, release_id: str, outcome: Outcome, cause: str) -> bool:
        """End a release once; False when it had ended before."""
        told = self._redactor.redact(cause)
        statement = (
            update(releases)
            .where(releases.c.id == release_id, releases.c.outcome.is_(None))
            .values(status=Status.FINISHED, outcome=outcome, cause=told, finished_at=self._now())
        )
        return await self._change(statement, _record(release_id, "ended", outcome, "shipmate", cause=told)) == 1

    async def cancel(self, release_id: str, person: str) -> bool:
        """Ask a release to stop at its next safe point; False when it has ended or was asked before."""
        statement = (
            update(releases)
            .where(releases.c.id == release_id, releases.c.outcome.is_(None), releases.c.cancelled_by.is_(None))
            .values(cancelled_by=person)
        )
        return await self._change(statement, _record(release_id, "stop", "asked", person)) == 1

    async def unfinished(self, service: str | None = None, environment: str | None = None) -> tuple[Release, ...]:
        """List releases that have not ended, the one that holds its target first, then in order of arrival."""
        where = [releases.c.outcome.is_(None), *_where(service, environment)]
        rows = await self._all(
            select(releases)
            .where(*where)
            .order_by(releases.c.status == Status.QUEUED, releases.c.requested_at, releases.c.id)
        )
        return tuple(map(_release, rows))

    async def recent(
        self, service: str | None = None, environment: str | None = None, limit: int = 10
    ) -> tuple[Release, ...]:
        """List releases, newest first."""
        rows = await self._all(
            select(releases)
            .where(*_where(service, environment))
            .order_by(releases.c.requested_at.desc(), releases.c.id.desc())
            .limit(limit)
        )
        return tuple(map(_release, rows))

    async def of_commit(self, service: str, commit: str, limit: int = 50) -> tuple[Release, ...]:
        """List the deploys of one commit, into whichever environment, newest first."""
        rows = await self._all(
            select(releases)
            .where(releases.c.service == service, releases.c.commit == commit, releases.c.kind == "deploy")
            .order_by(releases.c.requested_at.desc(), releases.c.id.desc())
            .limit(limit)
        )
        return tuple(map(_release, rows))

    async def in_doubt(self, limit: int = 50) -> tuple[Release, ...]:
        """List the newest releases of which nobody knows for sure what they left."""
        rows = await self._all(
            select(releases)
            .where(releases.c.outcome == Outcome.IN_DOUBT)
            .order_by(releases.c.requested_at.desc(), releases.c.id.desc())
            .limit(limit)
        )
        return tuple(map(_release, rows))

    async def statistics(self, service: str | None = None, environment: str | None = None) -> Statistics:
        """Count finished releases by outcome; those that were to end before the deploy tell nothing of deploys."""
        only, ended = func.coalesce(releases.c.origin["only"].as_string(), ""), releases.c.outcome
        by_outcome: dict[str, int] = {}
        # only two ends are a part's as well as a whole release's; to read every origin would take too long
        for wanted in ((ended.in_(_OF_WHOLE),), (ended.in_(_OF_BOTH), only.not_in(STOPS))):
            rows = await self._all(
                select(ended, func.count().label("count")).where(*wanted, *_where(service, environment)).group_by(ended)
            )
            by_outcome |= {row["outcome"]: row["count"] for row in rows}
        return Statistics(
            total=sum(by_outcome.values()),
            succeeded=by_outcome.get(Outcome.SUCCEEDED, 0),
            failed=sum(by_outcome.get(outcome, 0) for outcome in FAILURES),
            by_outcome=by_outcome,
        )


def _record(release: str, action: str, outcome: str, person: str, **detail: str) -> Record:
    return Record("effect", action, outcome, person, release=release, detail=detail)


def _door(release: Release) -> str:
    if release.trigger != "manual":
        return "github"
    return "slack" if release.origin.get("channel") else "terminal"


def _told(release: Release) -> Mapping[str, Any]:
    told = {
        "only": release.only,
        "kind": release.kind,
        "version": release.named,
        "trigger": release.trigger,
        "commit": release.commit,
    }
    return {name: value for name, value in told.items() if value}


def _where(service: str | None, environment: str | None) -> list[ColumnElement[bool]]:
    wanted = ((releases.c.service, service), (releases.c.environment, environment))
    return [column == value for column, value in wanted if value is not None]


def _row(release: Release) -> dict[str, Any]:
    moments = ("requested_at", "finished_at")
    values = {name: getattr(release, name) for name in Release.__slots__}
    return {
        name: value.isoformat(timespec="milliseconds") if name in moments and value else value
        for name, value in values.items()
    }


def _release(row: Mapping[str, Any]) -> Release:
    columns = dict(row)
    columns["requested_at"] = moment(row["requested_at"])
    columns["finished_at"] = moment(row["finished_at"]) if row["finished_at"] else None
    columns["status"] = Status(row["status"])
    columns["outcome"] = Outcome(row["outcome"]) if row["outcome"] else None
    return Release(**columns)
