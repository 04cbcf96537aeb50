"""What an outsider sees of a release: the bot's database, read from beside it, and what the server's engine did."""

import asyncio
import json
import sqlite3
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.stage.engine import Engine

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Records:
    """The bot's database; it may be working, dead, or not there yet."""

    database: Path

    def newest(self) -> Row:
        """Return the newest release; empty before there is one."""
        rows = self._rows("select * from releases order by requested_at desc, id desc limit 1")
        return rows[0] if rows else {}

    def stage(self) -> str:
        """Name the stage in which the newest release is."""
        return str(self.newest().get("stage", ""))

    def keys(self, release: str) -> list[str]:
        """List the keys of a release's journal, in order."""
        return [row["key"] for row in self._rows("select key from events where release = ? order by seq", release)]

    def kinds(self, release: str) -> Mapping[str, str]:
        """Tell the kind of each entry of a release's journal."""
        return {
            row["key"]: row["kind"] for row in self._rows("select key, kind from events where release = ?", release)
        }

    def last_entry(self) -> int:
        """Tell how far the journal has come."""
        rows = self._rows("select max(seq) as seq from events")
        return int(rows[0]["seq"] or 0) if rows else 0

    def target(self) -> Row:
        """Return the only target's failures and lock."""
        rows = self._rows("select * from targets")
        return rows[0] if rows else {}

    def undecided(self) -> list[str]:
        """List the questions of ended releases that nobody closed."""
        open_ones = "select q.id from questions q join releases r on r.id = q.release"
        return [row["id"] for row in self._rows(f"{open_ones} where q.choice is null and r.outcome is not null")]

    def _rows(self, query: str, *values: str) -> list[Row]:
        if not self.database.exists():
            return []
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            try:
                return [dict(row) for row in connection.execute(query, values)]
            except sqlite3.OperationalError:  # the tables are not there yet
                return []


@dataclass(slots=True)
class Deeds:
    """What an engine does to containers while this is open, in order."""

    engine: Engine
    done: list[tuple[str, str]] = field(default_factory=list)
    """(action, tag of the container's image)."""
    _process: asyncio.subprocess.Process | None = None
    _reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        actions = [word for action in ("create", "start", "die") for word in ("--filter", f"event={action}")]
        self._process = await asyncio.create_subprocess_exec(
            *(self.engine.toolset.program("docker"), "events", "--since", "0s", "--filter", "type=container"),
            *("--filter", "label=com.docker.compose.project"),  # not what is made to try out the way back
            *(*actions, "--format", "{{json .}}"),
            env=self.engine.env(),
            stdout=PIPE,
            stderr=DEVNULL,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process and self._reader:
            with suppress(ProcessLookupError):  # the engine may have been restarted, and its listeners ended
                self._process.kill()
            await self._process.wait()
            await self._reader

    def of(self, action: str) -> list[str]:
        """List the tags to whose containers something was done."""
        return [tag for happened, tag in self.done if happened == action]

    async def _read(self) -> None:
        assert self._process
        assert self._process.stdout
        async for line in self._process.stdout:
            event = json.loads(line)
            image = str(event["Actor"]["Attributes"].get("image", ""))
            self.done.append((str(event["Action"]), image.rpartition(":")[2]))
