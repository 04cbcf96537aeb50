"""Commits whose suites run because of a push or a pull request: what is wanted and what was found, until shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from tools.history.rows import Rows
from tools.history.tables import gates

KEPT = timedelta(days=90)
_LOOK_BACK = 20


@dataclass(frozen=True, slots=True)
class Ask:
    """A commit to be tested, and which newest commit it is."""

    repository: str
    """`owner/name` in small letters."""
    commit: str
    line: str
    """`heads/NAME` or `pull/NUMBER`; each wants its newest commit only."""
    base: str
    """The branch to compare with."""
    trusted: bool
    """Whether somebody who may push to the repository put the commit there."""
    whole: bool
    """Whether no suite may be left out."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One commit. `verdict` is what is to be shown, None while the suites have not ended."""

    repository: str
    commit: str
    lines: tuple[str, ...]
    base: str
    trusted: bool
    whole: bool
    verdict: Mapping[str, Any] | None = None
    coverage: Mapping[str, float] = field(default_factory=dict)
    """Percent by suite."""
    done: bool = False

    @property
    def needs(self) -> tuple[bool, bool]:
        """Tell what the run may and must do; a run with other needs is another run."""
        return self.trusted, self.whole


class Gates(Rows):
    """The table of gates."""

    async def ask(self, asked: Ask, cancelled: Mapping[str, Any]) -> bool:
        """Want a commit tested; what else only this line wanted is over, with the verdict `cancelled`.

        False where the commit was tested already, as thoroughly as it is wanted now.
        """
        known = await self.of(asked.repository, asked.commit)
        for older in await self._of_line(asked):
            lines = [line for line in older.lines if line != asked.line]
            await self._write(older, lines=lines, **({} if lines else {"verdict": dict(cancelled)}))
        if known is None:
            values = {"lines": [asked.line], "base": asked.base, "trusted": asked.trusted, "whole": asked.whole}
            fresh = self._insert(gates).values(
                repository=asked.repository, commit=asked.commit, coverage={}, asked_at=self._now(), **values
            )
            await self._change(fresh.on_conflict_do_nothing())
            return True
        needs = (known.trusted or asked.trusted, known.whole or asked.whole)
        again = known.verdict is not None and (
            known.verdict["conclusion"] == cancelled["conclusion"] or needs != known.needs
        )
        reopened: dict[str, Any] = {"verdict": None, "done_at": None} if again else {}
        lines = list(dict.fromkeys((*known.lines, asked.line)))
        await self._write(known, lines=lines, trusted=needs[0], whole=needs[1], **reopened)
        return again or known.verdict is None

    async def again(self, repository: str, commit: str) -> bool:
        """Want a commit tested once more that was tested before; False where it was not."""
        statement = update(gates).where(
            gates.c.repository == repository, gates.c.commit == commit, gates.c.done_at.is_not(None)
        )
        return bool(await self._change(statement.values(verdict=None, done_at=None, asked_at=self._now())))

    async def of(self, repository: str, commit: str) -> Gate | None:
        """Return what is known of a commit."""
        row = await self._one(select(gates).where(gates.c.repository == repository, gates.c.commit == commit))
        return _gate(row) if row else None

    async def open(self) -> tuple[Gate, ...]:
        """List what is not shown yet, in the order in which it was wanted."""
        rows = await self._all(select(gates).where(gates.c.done_at.is_(None)).order_by(gates.c.asked_at))
        return tuple(map(_gate, rows))

    async def settle(self, gate: Gate, verdict: Mapping[str, Any], coverage: Mapping[str, float]) -> bool:
        """Keep what was found, unless it is no longer what is wanted; False then."""
        statement = update(gates).where(
            gates.c.repository == gate.repository,
            gates.c.commit == gate.commit,
            gates.c.verdict.is_(None),
            gates.c.trusted == gate.trusted,
            gates.c.whole == gate.whole,
        )
        return bool(await self._change(statement.values(verdict=dict(verdict), coverage=dict(coverage))))

    async def finish(self, gate: Gate) -> None:
        """Note that the verdict is shown; one that was reopened meanwhile stays open."""
        statement = update(gates).where(
            gates.c.repository == gate.repository, gates.c.commit == gate.commit, gates.c.verdict.is_not(None)
        )
        await self._change(statement.values(done_at=self._now()))

    async def covered(self, repository: str, base: str | None, main: str) -> tuple[str, Mapping[str, float]]:
        """Tell what the commit before a change covers, or else the last one of the main branch; and which it was."""
        found = await self.of(repository, base) if base else None
        if found and found.trusted and found.coverage:
            return found.commit, found.coverage
        newest = select(gates).where(gates.c.repository == repository, gates.c.done_at.is_not(None))
        rows = await self._all(newest.order_by(gates.c.done_at.desc()).limit(_LOOK_BACK))
        for one in map(_gate, rows):
            if one.coverage and f"heads/{main}" in one.lines:
                return one.commit, one.coverage
        return "", {}

    async def forget(self) -> None:
        """Drop what was shown long ago."""
        limit = (self._clock.now() - KEPT).isoformat(timespec="milliseconds")
        await self._change(delete(gates).where(gates.c.done_at < limit))

    async def _of_line(self, asked: Ask) -> tuple[Gate, ...]:
        unsettled = select(gates).where(gates.c.repository == asked.repository, gates.c.verdict.is_(None))
        rows = await self._all(unsettled.where(gates.c.commit != asked.commit))
        return tuple(gate for gate in map(_gate, rows) if asked.line in gate.lines)

    async def _write(self, gate: Gate, **values: Any) -> None:
        statement = update(gates).where(gates.c.repository == gate.repository, gates.c.commit == gate.commit)
        await self._change(statement.values(**values))


def _gate(row: Mapping[str, Any]) -> Gate:
    return Gate(
        repository=row["repository"],
        commit=row["commit"],
        lines=tuple(row["lines"]),
        base=row["base"],
        trusted=row["trusted"],
        whole=row["whole"],
        verdict=row["verdict"],
        coverage=row["coverage"],
        done=row["done_at"] is not None,
    )
