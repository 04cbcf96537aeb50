"""Histories on real files, and releases to put into them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tools.clock import SystemClock
from tools.history import Store, open_store
from tools.history.releases import Release, Status

MORNING = datetime(2026, 2, 6, 8, 0, tzinfo=UTC)


def address(directory: Path) -> str:
    """Tell where a history of a test lies."""
    return f"sqlite:///{directory / 'history' / 'shipmate.db'}"


@asynccontextmanager
async def history(directory: Path) -> AsyncIterator[Store]:
    """Open the history of a directory, and let go of it at the end."""
    store = await open_store(address(directory), SystemClock())
    try:
        yield store
    finally:
        await store.close()


def release(number: int = 1, *, environment: str = "production", status: Status = Status.QUEUED) -> Release:
    """Make the nth release of the morning."""
    return Release(
        id=f"r{number}",
        request=f"slack:{number}",
        kind="deploy",
        service="observer",
        environment=environment,
        version=f"v1.0.{number}",
        trigger="manual",
        requested_by="U0ANA",
        origin={"channel": "C0RELEASES", "thread": ""},
        requested_at=MORNING + timedelta(minutes=number),
        status=status,
        stage="",
        finished_at=None,
        outcome=None,
        cause="",
        commit="",
        from_version="",
        cancelled_by=None,
    )


async def opened(store: Store, number: int = 1, **changes: str) -> Release:
    """Open the nth release with some of its fields changed."""
    return await store.releases.open(replace(release(number), **changes))  # type: ignore[arg-type] # fields are str
