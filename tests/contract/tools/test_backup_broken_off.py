"""P10: whatever ends a backup or its way back, what was stopped for it runs again. Held with the shell alone."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest

from tests.contract.tools.web import until
from tools import effects, process
from tools.backup import Backups, Piece, Terms
from tools.errors import TimedOut
from tools.hosts import DEFAULT_TIMEOUT, Completed
from tools.local import LocalHost
from tools.ssh import remote_command

NAME, GENEROUS = "20260101-1", timedelta(seconds=30)
ENGINE = """\
#!/bin/sh
cd "{place}" || exit
case $1 in
  inspect) if [ -e stopped ]; then echo false; else echo true; fi;;
  stop) [ -e stopped ] || echo stop >> log; touch stopped;;
  start) rm -f stopped; echo start >> log;;
  cp)
    if [ -e slow ]; then touch copying; exec sleep 60; fi
    if [ "$2" = - ]; then echo fill >> log; exec tar -x -f - -C mounted; fi
    echo read >> log
    exec tar -c -f - -C mounted data;;
esac
"""


class AsSsh(LocalHost):
    """Runs the very line that an SSH host gives to the login shell."""

    async def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: timedelta = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - as in `Host.run`
    ) -> Completed:
        """Run it as a login shell would."""
        line = remote_command(argv, timeout)
        ended = await process.run(("sh", "-c", line), stdin=stdin, timeout=GENEROUS, env=dict(os.environ))
        if ended.exit_code in {124, 137}:
            raise TimedOut("It did not end.")
        return ended


@dataclass(frozen=True)
class House:
    """One container with data, on an engine that is files."""

    place: Path

    @property
    def piece(self) -> Piece:
        return Piece("c0ffee", "/data", "web@data.tar", str(self.place / "mounted" / "data"))

    def backups(self, host: LocalHost) -> Backups:
        return Backups(host, PurePosixPath(self.place / "server"))

    async def make(self, host: LocalHost, limit: timedelta = GENEROUS) -> None:
        await self.backups(host).make(NAME, [self.piece], Terms(3, 0, limit, ("c0ffee",)), 1)

    async def restore(
        self, before: str, host: LocalHost | None = None, back: str = NAME, limit: timedelta = GENEROUS
    ) -> None:
        backups, terms = self.backups(host or LocalHost("here")), Terms(100, 0, limit, ("c0ffee",))
        await backups.restore(back, before, [self.piece], "image", terms, 1)

    async def has_a_backup(self) -> None:
        await self.make(LocalHost("here"))
        (self.place / "log").unlink()

    async def runs_again(self) -> None:
        marks = self.place / "server" / "backups" / ".stopped"
        await until(lambda: not (self.place / "stopped").exists() and not marks.exists())

    def log(self) -> list[str]:
        return (self.place / "log").read_text().split()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    (tmp_path / "mounted" / "data").mkdir(parents=True)
    (tmp_path / "mounted" / "data" / "precious").write_text("precious")
    engine = tmp_path / "bin" / "docker"
    engine.parent.mkdir()
    engine.write_text(ENGINE.format(place=tmp_path))
    engine.chmod(0o755)
    monkeypatch.setenv("PATH", f"{engine.parent}:{os.environ['PATH']}")
    return House(tmp_path)


async def test_p10_a_backup_that_meets_its_limit_leaves_nothing_stopped(house: House) -> None:
    (house.place / "slow").touch()
    with pytest.raises(TimedOut):
        await house.make(AsSsh("here"), timedelta(seconds=2))
    await house.runs_again()
    assert house.log() == ["stop", "start"]
    assert list((house.place / "server" / "backups").iterdir()) == []


async def test_p10_a_bot_that_is_stopped_meanwhile_leaves_nothing_stopped(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "GRACE", timedelta(0))
    (house.place / "slow").touch()
    work = asyncio.create_task(house.make(LocalHost("here")))
    await until((house.place / "copying").exists)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await house.runs_again()
    assert house.log() == ["stop", "start"]


async def test_p10_what_writes_stays_stopped_until_the_saved_is_in_its_place_and_what_was_there_is_saved(
    house: House,
) -> None:
    await house.has_a_backup()
    precious = house.place / "mounted" / "data" / "precious"
    precious.write_text("worse")
    await house.restore("20260102-before")
    assert precious.read_text() == "precious"
    assert house.log() == ["stop", "read", "fill", "read", "read", "start"]
    await house.runs_again()
    await house.restore("20260103-before", back="20260102-before")
    assert precious.read_text() == "worse"


async def test_p10_a_way_back_that_meets_its_limit_says_where_the_data_is_and_leaves_nothing_stopped(
    house: House,
) -> None:
    await house.has_a_backup()
    (house.place / "slow").touch()
    with pytest.raises(TimedOut, match="Put 20260102-before back"):
        await house.restore("20260102-before", AsSsh("here"), limit=timedelta(seconds=2))
    await house.runs_again()
    assert house.log() == ["stop", "start"]


async def test_p10_what_a_power_cut_left_stopped_is_started_by_the_next_backup(house: House) -> None:
    marks = house.place / "server" / "backups" / ".stopped"
    marks.mkdir(parents=True)
    (marks / "c0ffee").touch()
    (house.place / "stopped").touch()
    await house.backups(LocalHost("here")).make(NAME, [house.piece], Terms(3, 0, GENEROUS), 1)
    await house.runs_again()
    assert house.log() == ["read", "start"]
