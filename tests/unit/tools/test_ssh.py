import shlex
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.ssh import remote_command

WORDS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1, max_size=6)


@given(WORDS)
def test_every_word_survives_the_shell_on_the_other_side(words: list[str]) -> None:
    assert shlex.split(remote_command(words, timedelta(seconds=60)))[4:] == words


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [
        (timedelta(seconds=60), 60),
        (timedelta(seconds=1.2), 2),
        (timedelta(milliseconds=1), 1),
        (timedelta(minutes=15), 900),
    ],
)
def test_the_limit_is_kept_on_the_other_side_too(limit: timedelta, seconds: int) -> None:
    assert remote_command(("docker", "ps"), limit) == f"timeout -k 2 {seconds} docker ps"


def test_an_argument_with_a_shell_in_it_stays_an_argument() -> None:
    assert remote_command(("echo", "$(reboot); `x`"), timedelta(seconds=5)) == "timeout -k 2 5 echo '$(reboot); `x`'"
