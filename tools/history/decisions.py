"""Plans, the questions asked about them, and the one decision each question gets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from tools.history.ledger import Record
from tools.history.rows import Rows, moment
from tools.history.tables import plans, questions, votes


@dataclass(frozen=True, slots=True)
class Question:
    """May this plan be carried out? `choice` is None until somebody decided, or time did."""

    id: str
    release: str
    digest: str
    asked_at: datetime
    expires_at: datetime
    choice: str | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Vote:
    """What one person answered."""

    person: str
    choice: str


class Decisions(Rows):
    """Plans, questions and votes."""

    async def save_plan(self, release: str, digest: str, document: Mapping[str, Any]) -> None:
        """Keep the plan of a release; a newer plan takes the place of the older."""
        values = {"digest": digest, "document": dict(document)}
        insert = self._insert(plans).values(release=release, **values)
        await self._change(insert.on_conflict_do_update(index_elements=["release"], set_=values))

    async def plan(self, release: str) -> tuple[str, Mapping[str, Any]] | None:
        """Return digest and document of a release's plan."""
        row = await self._one(select(plans).where(plans.c.release == release))
        return (row["digest"], row["document"]) if row else None

    async def ask(self, question_id: str, release: str, digest: str, expires_at: datetime) -> None:
        """Put a question; the same id again changes nothing."""
        insert = self._insert(questions).values(
            id=question_id,
            release=release,
            digest=digest,
            asked_at=self._now(),
            expires_at=expires_at.isoformat(timespec="milliseconds"),
        )
        await self._change(insert.on_conflict_do_nothing())

    async def question(self, question_id: str) -> Question | None:
        """Return a question."""
        row = await self._one(select(questions).where(questions.c.id == question_id))
        return _question(row) if row else None

    async def latest(self, release: str) -> Question | None:
        """Return a release's newest question."""
        row = await self._one(
            select(questions).where(questions.c.release == release).order_by(questions.c.asked_at.desc()).limit(1)
        )
        return _question(row) if row else None

    async def vote(self, question_id: str, person: str, choice: str) -> None:
        """Count one person's answer; a later answer of the same person takes its place."""
        insert = self._insert(votes).values(question=question_id, person=person, choice=choice, at=self._now())
        record = await self._record("vote", question_id, choice, person)
        answered = insert.on_conflict_do_update(index_elements=["question", "person"], set_={"choice": choice})
        await self._change(answered, record)

    async def votes(self, question_id: str) -> tuple[Vote, ...]:
        """List the answers in order of arrival."""
        rows = await self._all(select(votes).where(votes.c.question == question_id).order_by(votes.c.at))
        return tuple(Vote(row["person"], row["choice"]) for row in rows)

    async def decide(self, question_id: str, choice: str, decided_by: str, reason: str = "") -> bool:
        """Decide a question; False when it was decided before. From any number of callers exactly one gets True."""
        statement = (
            update(questions)
            .where(questions.c.id == question_id, questions.c.choice.is_(None))
            .values(choice=choice, decided_by=decided_by, decided_at=self._now(), reason=reason)
        )
        record = await self._record("decide", question_id, choice, decided_by, reason=reason)
        return await self._change(statement, record) == 1

    async def _record(self, action: str, question_id: str, choice: str, person: str, **detail: str) -> Record:
        asked = await self.question(question_id)
        about = {"release": asked.release, "digest": asked.digest} if asked else {}
        return Record("decision", action, choice, person, **about, detail={"question": question_id, **detail})


def _question(row: Mapping[str, Any]) -> Question:
    columns = dict(row)
    for name in ("asked_at", "expires_at", "decided_at"):
        columns[name] = moment(row[name]) if row[name] else None
    return Question(**columns)
