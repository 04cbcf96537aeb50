from datetime import timedelta
from pathlib import PurePosixPath

import pytest

from tools.errors import Garbled, Superseded
from tools.fence import STALE, UNREADABLE, admitted, fenced
from tools.hosts import Completed


def _ended(exit_code: int, stderr: str = "") -> Completed:
    return Completed(("x",), exit_code, "", stderr, timedelta())


def test_the_command_follows_the_fence_word_for_word() -> None:
    command = fenced(("docker", "ps", "a b"), directory=PurePosixPath("/srv/observer"), number=7)
    assert command[:2] == ("sh", "-c")
    assert command[3:] == ("fenced", "/srv/observer", "7", "docker", "ps", "a b")


def test_the_lock_is_taken_before_the_number_is_read_and_inherited_by_the_command() -> None:
    script = fenced(("true",), directory=PurePosixPath("/d"), number=1)[2]
    assert script.index("flock 9") < script.index("seen=$(cat") < script.index('"$@" >')


@pytest.mark.parametrize("number", [0, -1])
def test_a_number_below_one_is_a_mistake_of_ours(number: int) -> None:
    with pytest.raises(ValueError, match="starts at 1"):
        fenced(("true",), directory=PurePosixPath("/d"), number=number)


def test_a_refusal_becomes_superseded() -> None:
    with pytest.raises(Superseded, match="web refused the command: fence is at 9, this run has 8"):
        admitted(_ended(STALE, "fence is at 9, this run has 8\n"), "web")


def test_a_refusal_says_what_to_do_where_no_newer_run_exists() -> None:
    script = fenced(("true",), directory=PurePosixPath("/d"), number=1)[2]
    assert '"$fence is at $seen, this run has $number"' in script
    with pytest.raises(Superseded, match="restored from a backup") as caught:
        admitted(_ended(STALE, "/d/.shipmate.fence is at 9, this run has 8\n"), "web")
    assert "remove that file on the host" in caught.value.remedy


def test_a_damaged_fence_becomes_garbled_with_the_way_out() -> None:
    with pytest.raises(Garbled, match="remove that file") as caught:
        admitted(_ended(UNREADABLE, "/d/.shipmate.fence does not hold a number\n"), "web")
    assert "/d/.shipmate.fence" in caught.value.happened


@pytest.mark.parametrize("exit_code", [0, 1, 127])
def test_any_other_end_is_handed_on(exit_code: int) -> None:
    ended = _ended(exit_code)
    assert admitted(ended, "web") is ended
