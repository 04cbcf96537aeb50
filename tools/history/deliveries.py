"""What GitHub told, by webhook or when it was asked: kept before anything is done about it, and until it was."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tools.clock import Clock
from tools.github_events import GithubEvent, dump, load
from tools.history.rows import Rows, moment, whole
from tools.history.tables import github_deliveries, github_listings

KEPT = timedelta(days=90)
"""So long a delivery that was worked off is remembered; GitHub can be told for 3 days to send one again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something that happened on GitHub. The key makes the same thing, told twice, one delivery."""

    key: str
    event: GithubEvent
    at: datetime
    attempts: int = 0
    note: str = ""
    """What was done about it; empty while nothing was."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing as GitHub gave it last: asked with its ETag, an unchanged one costs nothing."""

    url: str
    etag: str
    following: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What is known of one listing of a repository: names, and what each stood for when it was seen last."""

    known: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, Page] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Offer:
    """A delivery on its way into the store, and whether it was new there."""

    key: str
    event: GithubEvent
    fresh: bool | None = None


class Deliveries(Rows):
    """The tables of deliveries and of listings."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        super().__init__(engine, clock)
        self._waiting: list[_Offer] = []
        self._writing = asyncio.Lock()

    async def accept(self, key: str, event: GithubEvent) -> bool:
        """Keep a delivery; False where it was kept before. Of any number of callers one gets True.

        Those that come at once are written at once: GitHub waits for the answer, and each write waits for the disk.
        """
        offer = _Offer(key, event)
        self._waiting.append(offer)
        try:
            async with self._writing:
                if offer.fresh is None:
                    await self._write(tuple(self._waiting))
        finally:
            self._waiting = [other for other in self._waiting if other is not offer]
        return bool(offer.fresh)

    @whole
    async def _write(self, offers: Sequence[_Offer]) -> None:
        async with self._engine.begin() as connection:
            kept = [await self._keep(connection, offer.key, offer.event) for offer in offers]
        for offer, fresh in zip(offers, kept, strict=True):
            offer.fresh = fresh
        self._waiting = [other for other in self._waiting if other.fresh is None]

    async def open(self) -> tuple[Delivery, ...]:
        """List what was accepted and not worked off, in order of arrival."""
        rows = await self._all(
            select(github_deliveries).where(github_deliveries.c.done_at.is_(None)).order_by(github_deliveries.c.seq)
        )
        return tuple(map(_delivery, rows))

    async def recent(self, limit: int = 50) -> tuple[Delivery, ...]:
        """List deliveries, newest first."""
        rows = await self._all(select(github_deliveries).order_by(github_deliveries.c.seq.desc()).limit(limit))
        return tuple(map(_delivery, rows))

    async def try_again(self, key: str, note: str) -> None:
        """Count an attempt that came to nothing."""
        attempts = github_deliveries.c.attempts + 1
        statement = update(github_deliveries).where(github_deliveries.c.key == key)
        await self._change(statement.values(attempts=attempts, note=note))

    async def finish(self, key: str, note: str) -> None:
        """Write down what was done."""
        statement = update(github_deliveries).where(github_deliveries.c.key == key)
        await self._change(statement.values(done_at=self._now(), note=note))

    async def forget(self) -> None:
        """Drop what was worked off long ago."""
        limit = (self._clock.now() - KEPT).isoformat(timespec="milliseconds")
        await self._change(delete(github_deliveries).where(github_deliveries.c.done_at < limit))

    async def listing(self, repository: str, kind: str) -> Listing | None:
        """Return what is known of a listing; None where nobody has ever asked for it."""
        row = await self._one(
            select(github_listings).where(github_listings.c.repository == repository, github_listings.c.kind == kind)
        )
        return Listing(row["known"], {url: Page(**page) for url, page in row["pages"].items()}) if row else None

    @whole
    async def learn(
        self, repository: str, kind: str, listing: Listing, news: Sequence[tuple[str, GithubEvent]]
    ) -> None:
        """Remember a listing and keep what is new in it, both or neither."""
        pages = {
            url: {"url": page.url, "etag": page.etag, "following": page.following}
            for url, page in listing.pages.items()
        }
        values = {"known": dict(listing.known), "pages": pages, "at": self._now()}
        insert = self._insert(github_listings).values(repository=repository, kind=kind, **values)
        async with self._engine.begin() as connection:
            await connection.execute(insert.on_conflict_do_update(index_elements=["repository", "kind"], set_=values))
            for key, event in news:
                await self._keep(connection, key, event)

    async def _keep(self, connection: AsyncConnection, key: str, event: GithubEvent) -> bool:
        insert = self._insert(github_deliveries).values(key=key, event=dump(event), at=self._now())
        return int((await connection.execute(insert.on_conflict_do_nothing())).rowcount) == 1


def _delivery(row: Mapping[str, Any]) -> Delivery:
    return Delivery(row["key"], load(row["event"]), moment(row["at"]), row["attempts"], row["note"])
