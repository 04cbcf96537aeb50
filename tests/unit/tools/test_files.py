from datetime import timedelta
from pathlib import PurePosixPath

import pytest

from tools.capture import Ended
from tools.errors import CommandFailed, Garbled
from tools.files import content_of, read_command, write_command

PATH = PurePosixPath("/srv/a b/f")


def _ended(exit_code: int = 0, stdout: bytes = b"", *, cut: bool = False) -> Ended:
    return Ended(exit_code, stdout, b"Permission denied", timedelta(), cut)


def test_a_path_goes_to_the_script_as_an_argument() -> None:
    assert read_command(PATH)[3:] == ("read", "/srv/a b/f")
    assert write_command(PATH, 0o600, 12)[3:] == ("write", "/srv/a b/f", "0600", "12")


def test_the_content_is_returned_byte_by_byte() -> None:
    assert content_of(PATH, _ended(stdout=b"\xff\x00")) == b"\xff\x00"


def test_an_absent_file_is_none() -> None:
    assert content_of(PATH, _ended(66)) is None


def test_an_unreadable_file_is_an_error_and_not_an_absent_one() -> None:
    with pytest.raises(CommandFailed, match=r"Reading /srv/a b/f failed .*Permission denied"):
        content_of(PATH, _ended(1))


def test_a_file_beyond_the_limit_is_refused_rather_than_cut() -> None:
    with pytest.raises(Garbled, match="is larger than"):
        content_of(PATH, _ended(cut=True))
