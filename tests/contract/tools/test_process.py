import asyncio
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.contract.tools.web import processes_with, until
from tools.errors import Denied, NotFound
from tools.process import run


async def test_the_environment_given_is_the_whole_environment() -> None:
    answer = await run(("/usr/bin/env",), env={"ONLY": "this"})
    assert answer.stdout == "ONLY=this\n"


async def test_a_command_runs_where_it_is_told_to(tmp_path: Path) -> None:
    assert (await run(("pwd",), cwd=tmp_path)).stdout.strip() == str(tmp_path)


async def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="absent"):
        await run(("pwd",), cwd=tmp_path / "absent")


async def test_a_file_that_is_no_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    with pytest.raises(Denied, match="may not be run"):
        await run((str(tmp_path / "f"),))


async def test_a_child_left_behind_is_neither_waited_for_nor_left_running() -> None:
    started = time.monotonic()
    answer = await run(("sh", "-c", "sleep 87654.3 & echo done"))
    assert answer.stdout == "done\n"
    assert time.monotonic() - started < 30
    await until(lambda: not processes_with("87654.3"))


async def test_a_cancelled_command_is_ended() -> None:
    task = asyncio.create_task(run(("sleep", "76543.2")))
    await until(lambda: processes_with("76543.2"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not processes_with("76543.2"))


async def test_the_duration_is_measured() -> None:
    assert (await run(("sleep", "0.1"))).duration >= timedelta(seconds=0.1)


async def test_what_a_command_makes_stays_readable_although_the_bot_keeps_its_own_files_to_itself() -> None:
    own = os.umask(0o077)
    try:
        assert (await run(("sh", "-c", "umask"))).stdout.strip() == "0022"
    finally:
        os.umask(own)
