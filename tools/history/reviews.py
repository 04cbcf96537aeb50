"""Reviews that are owed: of releases that went out before anybody had approved them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from tools.history.ledger import Record
from tools.history.releases import Release
from tools.history.rows import Rows, moment
from tools.history.tables import reviews


@dataclass(frozen=True, slots=True)
class Review:
    """What is owed for one release, or was given."""

    release: str
    service: str
    environment: str
    version: str
    person: str
    """Who released it."""
    reason: str
    owed_at: datetime
    given_by: str | None = None
    given_at: datetime | None = None
    note: str = ""


class Reviews(Rows):
    """The reviews table."""

    async def owe(self, release: Release) -> None:
        """Note that a release goes out without an approval; the same release again changes nothing."""
        values = {
            "release": release.id,
            "service": release.service,
            "environment": release.environment,
            "version": release.named,
            "person": release.requested_by,
            "reason": release.break_glass or "",
            "owed_at": self._now(),
        }
        record = Record("decision", "break-glass", "unapproved", release.requested_by, release=release.id)
        await self._change(self._insert(reviews).values(**values).on_conflict_do_nothing(), record)

    async def give(self, release: str, person: str, note: str) -> bool:
        """Give a review; False when it is not owed any more. From any number of callers exactly one gets True."""
        statement = (
            update(reviews)
            .where(reviews.c.release == release, reviews.c.given_by.is_(None))
            .values(given_by=person, given_at=self._now(), note=note)
        )
        return await self._change(statement, Record("decision", "review", "given", person, release=release)) == 1

    async def owed(self, service: str | None = None, environment: str | None = None) -> tuple[Review, ...]:
        """List what is owed, the longest first."""
        named = ((reviews.c.service, service), (reviews.c.environment, environment))
        wanted = [column == value for column, value in named if value is not None]
        rows = await self._all(select(reviews).where(reviews.c.given_by.is_(None), *wanted).order_by(reviews.c.owed_at))
        return tuple(map(_review, rows))

    async def of(self, release: str) -> Review | None:
        """Return the review of a release, owed or given; None where it owes none."""
        row = await self._one(select(reviews).where(reviews.c.release == release))
        return _review(row) if row else None


def _review(row: Mapping[str, Any]) -> Review:
    columns = dict(row)
    for name in ("owed_at", "given_at"):
        columns[name] = moment(row[name]) if row[name] else None
    return Review(**columns)
