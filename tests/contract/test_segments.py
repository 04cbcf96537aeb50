"""Durable wake-ups on the real DBOS and a real SQLite file."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agents.segments import Segments

ROOT = Path(__file__).parents[2]
ONE, OTHER = "observer/production", "observer/staging"
SOON = timedelta(milliseconds=20)


@dataclass
class Recorder:
    """What the wake-ups did, and a door that holds them up while it is closed."""

    begun: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    expired: list[str] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    door: asyncio.Event = field(default_factory=asyncio.Event)
    wake: Callable[[str], Awaitable[None]] | None = None

    async def drive(self, release: str) -> None:
        self.begun.append(release)
        if self.wake:
            await self.wake(release)
        await self.door.wait()
        self.ended.append(release)

    async def expire(self, question: str) -> None:
        self.expired.append(question)

    async def look(self, target: str) -> None:
        self.looked.append(target)

    async def serve(self, call: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"call": call, **arguments}


@asynccontextmanager
async def working(directory: Path, recorder: Recorder) -> AsyncIterator[Segments]:
    works = (recorder.drive, recorder.expire, recorder.serve)
    segments = Segments(f"sqlite:///{directory}/runs.db", *works, look=recorder.look, poll=SOON)
    await segments.start()
    try:
        yield segments
    finally:
        await segments.stop()


@pytest.fixture
def recorder() -> Recorder:
    opened = Recorder()
    opened.door.set()
    return opened


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - another process, or DBOS, brings it about
            await asyncio.sleep(0.01)


async def test_a_wake_up_delivered_twenty_times_at_once_runs_once(tmp_path: Path, recorder: Recorder) -> None:
    async with working(tmp_path, recorder) as segments:
        await asyncio.gather(*(segments.wake("r1", "start", ONE) for _ in range(20)))
        await segments.wake("r1", "answer", ONE)
        await until(lambda: len(recorder.ended) == 2)
        await segments.wake("r1", "start", ONE)
        await segments.wake("r2", "start", ONE)
        await until(lambda: "r2" in recorder.ended)
    assert recorder.ended == ["r1", "r1", "r2"]


async def test_a_wake_up_at_once_does_not_wait_for_the_queue_and_runs_once(tmp_path: Path, recorder: Recorder) -> None:
    recorder.door.clear()
    async with working(tmp_path, recorder) as segments:
        await segments.wake("r1", "answer", ONE, at_once=True)
        await asyncio.sleep(0)
        await segments.wake("r2", "start", ONE)
        begun = list(recorder.begun)
        await segments.wake("s1", "start", OTHER)
        queue = segments._under_way  # noqa: SLF001 - nothing else tells when the queue has come to r1, too
        await until(lambda: "s1" in recorder.begun and len(queue) == len(["r1 at once", "r1 by the queue", "s1"]))
        recorder.door.set()
        await until(lambda: "r2" in recorder.ended)
    assert begun == ["r1"]
    assert recorder.ended.count("r1") == 1


async def test_a_wake_up_at_once_that_a_stop_cuts_short_is_taken_up_by_the_next_start(
    tmp_path: Path, recorder: Recorder
) -> None:
    recorder.door.clear()
    async with working(tmp_path, recorder) as segments:
        await segments.wake("r1", "answer", ONE, at_once=True)
        await until(lambda: recorder.begun == ["r1"])
    assert recorder.ended == []
    recorder.door.set()
    async with working(tmp_path, recorder):
        await until(lambda: recorder.ended == ["r1"])


async def test_wake_ups_of_one_target_run_one_after_the_other_and_of_two_side_by_side(
    tmp_path: Path, recorder: Recorder
) -> None:
    recorder.door.clear()
    async with working(tmp_path, recorder) as segments:
        for release, target in (("r1", ONE), ("r2", ONE), ("s1", OTHER)):
            await segments.wake(release, "start", target)
        await until(lambda: {"r1", "s1"} <= set(recorder.begun))
        await segments.wake("t1", "start", "third/target")
        await until(lambda: "t1" in recorder.begun)
        assert "r2" not in recorder.begun
        recorder.door.set()
        await until(lambda: len(recorder.ended) == 4)
    assert recorder.ended.index("r1") < recorder.ended.index("r2")


async def test_a_release_under_way_may_wake_another(tmp_path: Path, recorder: Recorder) -> None:
    async with working(tmp_path, recorder) as segments:

        async def wake(release: str) -> None:
            if release == "r1":
                await segments.wake("r2", "start", ONE)

        recorder.wake = wake
        await segments.wake("r1", "start", ONE)
        await until(lambda: recorder.ended == ["r1", "r2"])


async def test_a_question_expires_when_its_time_is_over_and_not_before(tmp_path: Path, recorder: Recorder) -> None:
    async with working(tmp_path, recorder) as segments:
        await segments.expire_after("r1/late", timedelta(hours=1))
        await segments.expire_after("r1/past", timedelta(seconds=-5))
        await segments.expire_after("r1/soon", timedelta(milliseconds=50))
        await until(lambda: {"r1/past", "r1/soon"} <= set(recorder.expired))
    assert "r1/late" not in recorder.expired


async def test_a_target_is_looked_at_after_a_while_also_when_nobody_worked_meanwhile_and_beside_what_is_driven(
    tmp_path: Path, recorder: Recorder
) -> None:
    recorder.door.clear()
    async with working(tmp_path, recorder) as segments:
        await segments.look_after(ONE, timedelta(seconds=1))
    async with working(tmp_path, recorder) as segments:
        await segments.wake("r1", "start", ONE)
        await until(lambda: recorder.begun == ["r1"])
        await segments.look_after(ONE, timedelta(seconds=-5))
        await until(lambda: recorder.looked == [ONE, ONE])
        recorder.door.set()


async def test_a_question_that_expired_while_nobody_worked_is_closed_at_the_next_start(
    tmp_path: Path, recorder: Recorder
) -> None:
    async with working(tmp_path, recorder) as segments:
        await segments.expire_after("r1/q", timedelta(seconds=1))
    before = list(recorder.expired)
    async with working(tmp_path, recorder):
        await until(lambda: recorder.expired == ["r1/q"])
    assert before == []


async def test_what_a_stop_cuts_short_is_taken_up_by_the_next_start(tmp_path: Path, recorder: Recorder) -> None:
    recorder.door.clear()
    async with working(tmp_path, recorder) as segments:
        await segments.wake("r1", "start", ONE)
        await segments.wake("r2", "start", ONE)
        await until(lambda: recorder.begun == ["r1"])
    assert recorder.ended == []
    recorder.door.set()
    async with working(tmp_path, recorder):
        await until(lambda: recorder.ended == ["r1", "r2"])


async def test_a_stop_that_comes_while_wake_ups_are_being_taken_up_is_quiet(
    tmp_path: Path, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    logging.getLogger("dbos").addHandler(caplog.handler)
    recorder.door.clear()
    async with working(tmp_path, recorder) as segments:
        for number in range(20):
            await segments.wake(f"r{number}", "start", f"observer/{number}")
        await until(lambda: len(recorder.begun) == 20)
    async with working(tmp_path, recorder):
        await asyncio.sleep(0.1)  # some were taken up, some are about to be
    logging.getLogger("dbos").removeHandler(caplog.handler)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


async def test_threads_still_work_after_a_stop(tmp_path: Path, recorder: Recorder) -> None:
    async with working(tmp_path, recorder):
        pass
    assert await asyncio.to_thread(lambda: "alive") == "alive"


async def test_a_process_killed_in_the_middle_of_a_drive_is_taken_up_by_the_next_start(
    tmp_path: Path, recorder: Recorder
) -> None:
    """P8: kill -9."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.contract.segments_process", str(tmp_path), "sleep", "r1,r2"),
        cwd=ROOT,
        env=dict(os.environ),
        stdin=asyncio.subprocess.PIPE,
    )
    done = tmp_path / "done"
    await until(lambda: done.exists() and "begun r1" in done.read_text())
    child.kill()
    await child.wait()
    assert set(done.read_text().split("\n")) == {"started", "begun r1", ""}
    async with working(tmp_path, recorder):
        await until(lambda: recorder.ended == ["r1", "r2"])


async def test_a_drive_that_fails_does_not_hold_its_target(tmp_path: Path, recorder: Recorder) -> None:
    async def fail(release: str) -> None:
        if release == "r1":
            raise OSError(28, "No space left on device")

    recorder.wake = fail
    async with working(tmp_path, recorder) as segments:
        await segments.wake("r1", "start", ONE)
        await segments.wake("r2", "start", ONE)
        await until(lambda: recorder.ended == ["r2"])
