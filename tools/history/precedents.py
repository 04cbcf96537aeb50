"""Approvals that nothing came of: given for a release that ended before it touched anything."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import exists, select

from tools.history.ledger import Record
from tools.history.releases import Outcome, Release
from tools.history.rows import Rows, moment
from tools.history.tables import events, questions, releases, votes

_UNUSED = (Outcome.EXPIRED, Outcome.FAILED, Outcome.CANCELLED)
_OPEN_TO_ALL = ("approved", "expired", "superseded")
"""How a question ended whose approvals nobody has contradicted."""


@dataclass(frozen=True, slots=True)
class Precedent:
    """One person's approval of the same plan."""

    person: str
    release: str
    at: datetime


class Precedents(Rows):
    """Reads across releases; what has been used, refused or stopped by a person is never among it."""

    async def approvals(self, release: Release, digest: str, since: datetime) -> tuple[Precedent, ...]:
        """List approvals of a plan since a moment, from other releases of the target, in order of arrival."""
        deployed = exists().where(events.c.release == releases.c.id, events.c.key == "entered:deploy")
        refused = exists().where(votes.c.question == questions.c.id, votes.c.choice != "approved")
        found = await self._all(
            select(votes.c.person, votes.c.at, releases.c.id.label("release"))
            .join(questions, votes.c.question == questions.c.id)
            .join(releases, questions.c.release == releases.c.id)
            .where(
                releases.c.service == release.service,
                releases.c.environment == release.environment,
                releases.c.kind == release.kind,
                releases.c.version == release.version,
                releases.c.id != release.id,
                releases.c.outcome.in_(_UNUSED),
                releases.c.cancelled_by.is_(None),
                questions.c.digest == digest,
                questions.c.choice.in_(_OPEN_TO_ALL),
                votes.c.choice == "approved",
                votes.c.at >= since.astimezone(UTC).isoformat(timespec="milliseconds"),
                ~deployed,
                ~refused.correlate(questions),
            )
            .order_by(votes.c.at)
        )
        return tuple(Precedent(row["person"], row["release"], moment(row["at"])) for row in found)

    async def carry(self, question: str, release: str, precedent: Precedent) -> None:
        """Count an approval for another question, as old as it is."""
        at = precedent.at.astimezone(UTC).isoformat(timespec="milliseconds")
        values = {"question": question, "person": precedent.person, "choice": "approved", "at": at}
        detail = {"question": question, "from": precedent.release}
        record = Record("decision", "carry-over", "approved", precedent.person, release=release, detail=detail)
        await self._change(self._insert(votes).values(**values).on_conflict_do_nothing(), record)
