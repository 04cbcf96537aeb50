import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from tools.errors import Garbled
from tools.fingerprints import Fingerprints
from tools.given_env import GivenEnv

ONE, OTHER = Fingerprints(b"1" * 32), Fingerprints(b"2" * 32)


def test_the_same_content_has_the_same_fingerprint_and_another_key_another_one() -> None:
    assert ONE.of(b"A=1") == ONE.of(b"A=1")
    assert len({ONE.of(b"A=1"), ONE.of(b"A=2"), OTHER.of(b"A=1")}) == 3


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "shipmate.key"
    first = Fingerprints.kept(file)
    assert Fingerprints.kept(file).of(b"A=1") == first.of(b"A=1")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_a_damaged_key_is_told_with_what_removing_it_means(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")
    with pytest.raises(Garbled, match="does not hold a key"):
        Fingerprints.kept(tmp_path / "key")


def test_a_given_env_file_tells_its_names_and_never_its_values() -> None:
    given = GivenEnv("ENV_FILE", SecretStr("B=canary\r\nA=2"), ONE)
    assert given.names == ("A", "B")
    assert given.bytes == b"B=canary\nA=2\n"
    assert "canary" not in repr(given)
    assert given.mark == ONE.of(given.bytes)


def test_a_variable_that_is_not_set_gives_neither_names_nor_a_mark() -> None:
    given = GivenEnv("ENV_FILE", None, ONE)
    assert (given.names, given.mark) == ((), None)
