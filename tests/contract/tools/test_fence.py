import asyncio
import shlex
from asyncio.subprocess import PIPE
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest

from tests.contract.tools.web import until
from tests.stage.stage import Stage
from tools.errors import Garbled, Superseded
from tools.fence import STALE, admitted, fenced
from tools.hosts import Argv, Host


def _marked(directory: Path, number: int, word: str) -> Argv:
    command = ("sh", "-c", f'echo "{word}" >> "$0"', str(directory / "effects"))
    return fenced(command, directory=PurePosixPath(directory), number=number)


def _effects(directory: Path) -> list[str]:
    return (directory / "effects").read_text().split()


async def test_a_number_that_is_not_lower_is_let_through_and_remembered(host: Host, directory: Path) -> None:
    for number, word in ((3, "a"), (3, "b"), (10, "c")):
        assert (await host.run(_marked(directory, number, word))).ok
    assert _effects(directory) == ["a", "b", "c"]
    assert await host.read(PurePosixPath(directory / ".shipmate.fence")) == b"10\n"


async def test_a_lower_number_is_refused_and_nothing_happens(host: Host, directory: Path) -> None:
    await host.run(_marked(directory, 10, "newer"))
    answer = await host.run(_marked(directory, 9, "older"))
    assert answer.exit_code == STALE
    assert _effects(directory) == ["newer"]
    with pytest.raises(Superseded, match="fence is at 10, this run has 9"):
        admitted(answer, host.name)


async def test_input_and_exit_code_go_through_the_fence(host: Host, directory: Path) -> None:
    command = fenced(("sh", "-c", "cat; exit 5"), directory=PurePosixPath(directory), number=1)
    answer = await host.run(command, stdin=b"through")
    assert (answer.stdout, answer.exit_code) == ("through", 5)


async def test_commands_behind_one_fence_run_one_after_the_other(host: Host, directory: Path) -> None:
    slow = ("sh", "-c", 'echo in >> "$0"; sleep 0.2; echo out >> "$0"', str(directory / "effects"))
    command = fenced(slow, directory=PurePosixPath(directory), number=1)
    await asyncio.gather(*(host.run(command) for _ in range(3)))
    assert _effects(directory) == ["in", "out"] * 3


async def test_a_command_whose_owner_is_gone_is_waited_for(host: Host, far: Host, directory: Path) -> None:
    slow = ("sh", "-c", 'echo in >> "$0"; sleep 1; echo out >> "$0"', str(directory / "effects"))
    abandoned = ("setsid", "--fork", *fenced(slow, directory=PurePosixPath(directory), number=1))
    await far.run(("sh", "-c", '"$@" >/dev/null 2>&1 </dev/null', "sh", *abandoned))
    await until((directory / "effects").exists)
    assert (await host.run(_marked(directory, 2, "next"), timeout=timedelta(seconds=20))).ok
    assert _effects(directory) == ["in", "out", "next"]


async def test_a_command_goes_on_to_its_end_when_nobody_listens_any_more(stage: Stage, directory: Path) -> None:
    talking = ("sh", "-c", 'echo in >> "$0"; sleep 1; echo word; echo word >&2; echo out >> "$0"')
    command = fenced((*talking, str(directory / "effects")), directory=PurePosixPath(directory), number=1)
    asker = await asyncio.create_subprocess_exec(*stage.ssh.command(shlex.join(command)), stdout=PIPE, stderr=PIPE)
    await until((directory / "effects").exists)
    asker.kill()
    await asker.communicate()
    await until(lambda: _effects(directory) == ["in", "out"])


async def test_what_a_command_says_comes_back_on_the_stream_it_chose(host: Host, directory: Path) -> None:
    spoken = fenced(("sh", "-c", "echo good; echo bad >&2"), directory=PurePosixPath(directory), number=1)
    answer = await host.run(spoken)
    assert (answer.stdout, answer.stderr) == ("good\n", "bad\n")


async def test_a_damaged_fence_stops_everything_and_says_which_file(host: Host, directory: Path) -> None:
    await host.write(PurePosixPath(directory / ".shipmate.fence"), b"many\n")
    with pytest.raises(Garbled, match=r"shipmate\.fence does not hold a number"):
        admitted(await host.run(_marked(directory, 5, "x")), host.name)


async def test_the_directory_is_made_where_it_is_absent(host: Host, directory: Path) -> None:
    place = PurePosixPath(directory / "new" / "place")
    assert (await host.run(fenced(("true",), directory=place, number=1))).ok
    assert await host.read(place / ".shipmate.fence") == b"1\n"
