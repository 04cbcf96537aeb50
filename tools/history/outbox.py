"""Messages to the outside that must not be lost: kept before the first attempt, marked when done, each by its key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from tools.history.rows import Rows, moment
from tools.history.tables import outbox

_GIVEN_UP = "given up: "


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message to one address by one channel."""

    key: str
    """The same key is the same message, for us and for whoever receives it."""
    channel: str
    """`email` or `webhook`."""
    address: str
    body: Mapping[str, Any]
    at: datetime
    attempts: int = 0
    due_at: datetime | None = None
    """Not before this moment."""
    note: str = ""
    """What went wrong at the last attempt."""

    @property
    def thread(self) -> str:
        """Name what it belongs to; within that, messages to one address keep their order."""
        return str(self.body.get("thread", self.key))


class Outbox(Rows):
    """The outbox table."""

    async def put(self, key: str, channel: str, address: str, body: Mapping[str, Any]) -> bool:
        """Keep a message to be sent; False where its key was kept before."""
        now = self._now()
        values = {"key": key, "channel": channel, "address": address, "body": dict(body), "at": now, "due_at": now}
        return await self._change(self._insert(outbox).values(**values).on_conflict_do_nothing()) == 1

    async def open(self, channel: str) -> tuple[Parcel, ...]:
        """List what a channel has not sent, in order."""
        statement = select(outbox).where(outbox.c.channel == channel, outbox.c.done_at.is_(None))
        return tuple(map(_parcel, await self._all(statement.order_by(outbox.c.seq))))

    async def given_up(self, channel: str, lately: timedelta) -> tuple[Parcel, ...]:
        """List what a channel has given up lately, in order."""
        since = (self._clock.now() - lately).astimezone(UTC).isoformat(timespec="milliseconds")
        statement = select(outbox).where(outbox.c.channel == channel, outbox.c.done_at >= since)
        rows = await self._all(statement.where(outbox.c.note.startswith(_GIVEN_UP)).order_by(outbox.c.seq))
        return tuple(map(_parcel, rows))

    async def give_up(self, key: str, why: str) -> None:
        """Note that a message will not be sent any more."""
        await self.done(key, f"{_GIVEN_UP}{why}")

    async def done(self, key: str, note: str = "") -> None:
        """Note that nothing more is to be done about a message: it was sent, or, as the note tells, was not."""
        await self._change(update(outbox).where(outbox.c.key == key).values(done_at=self._now(), note=note))

    async def missed(self, key: str, due_at: datetime, note: str) -> None:
        """Note that an attempt failed, and when the next one may be."""
        due = due_at.astimezone(UTC).isoformat(timespec="milliseconds")
        values = {"attempts": outbox.c.attempts + 1, "due_at": due, "note": note}
        await self._change(update(outbox).where(outbox.c.key == key).values(**values))


def _parcel(row: Mapping[str, Any]) -> Parcel:
    return Parcel(
        key=row["key"],
        channel=row["channel"],
        address=row["address"],
        body=row["body"],
        at=moment(row["at"]),
        attempts=row["attempts"],
        due_at=moment(row["due_at"]),
        note=row["note"],
    )
