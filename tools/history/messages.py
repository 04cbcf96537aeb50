"""Which message in which channel shows a release, and which deliveries were seen before."""

from dataclasses import dataclass

from sqlalchemy import select

from tools.history.rows import Rows
from tools.history.tables import deliveries, messages


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was posted; `rendering` is the digest of what it shows."""

    channel: str
    ts: str
    rendering: str


class Messages(Rows):
    """The messages and deliveries tables."""

    async def get(self, release: str, purpose: str) -> Message | None:
        """Return the message that serves a purpose (`card`, `thread:<key>`, `escalation`)."""
        row = await self._one(select(messages).where(messages.c.release == release, messages.c.purpose == purpose))
        return Message(row["channel"], row["ts"], row["rendering"]) if row else None

    async def put(self, release: str, purpose: str, message: Message) -> None:
        """Remember a message, or what it shows now."""
        values = {"channel": message.channel, "ts": message.ts, "rendering": message.rendering}
        insert = self._insert(messages).values(release=release, purpose=purpose, **values)
        await self._change(insert.on_conflict_do_update(index_elements=["release", "purpose"], set_=values))

    async def first_seen(self, key: str) -> bool:
        """Tell whether a delivery is new, and remember it; of any number of callers one gets True."""
        insert = self._insert(deliveries).values(key=key, at=self._now())
        return await self._change(insert.on_conflict_do_nothing()) == 1
