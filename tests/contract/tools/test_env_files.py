import stat
from pathlib import Path, PurePosixPath

import pytest

from tests.contract.tools.web import names_in
from tools.env_files import KEPT, EnvFile
from tools.errors import Superseded
from tools.hosts import Host


@pytest.fixture
def env(host: Host, directory: Path) -> EnvFile:
    return EnvFile(host, PurePosixPath(directory), PurePosixPath(".env"))


def _holding(directory: Path, value: bytes) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file() and value in path.read_bytes())


def _mode(path: PurePosixPath) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


async def test_an_env_file_is_written_for_its_owner_alone_and_may_be_written_again(env: EnvFile) -> None:
    assert await env.content() is None
    for _ in range(2):
        await env.install(b"A=1\n", "one", None, fence=1)
    assert await env.content() == b"A=1\n"
    assert (_mode(env.path), _mode(env.kept), _mode(env.kept / "one")) == (0o600, 0o700, 0o600)


async def test_what_lay_there_comes_back_as_it_was_also_after_a_move_that_was_repeated(
    env: EnvFile, directory: Path
) -> None:
    (directory / ".env").write_text("OLD=1\n")
    for _ in range(2):
        await env.install(b"NEW=1\n", "new", "old", fence=1)
    assert await env.put_back("old", fence=1)
    assert await env.content() == b"OLD=1\n"
    assert _mode(env.path) == 0o600
    assert await env.put_back("new", fence=1)
    assert await env.content() == b"NEW=1\n"


async def test_a_content_that_is_not_kept_is_told_and_nothing_is_touched(env: EnvFile) -> None:
    await env.install(b"A=1\n", "one", None, fence=1)
    assert not await env.keeps("never")
    assert not await env.put_back("never", fence=1)
    assert await env.content() == b"A=1\n"


async def test_the_newest_contents_are_kept_and_no_more(env: EnvFile) -> None:
    marks = [f"mark{number}" for number in range(KEPT + 2)]
    for before, mark in zip([None, *marks], marks, strict=False):
        await env.install(mark.encode(), mark, before, fence=1)
    assert names_in(Path(env.kept)) == marks[2:]


async def test_an_older_run_neither_writes_nor_puts_back(env: EnvFile) -> None:
    await env.install(b"A=1\n", "one", None, fence=5)
    with pytest.raises(Superseded):
        await env.install(b"A=2\n", "two", "one", fence=4)
    with pytest.raises(Superseded):
        await env.put_back("one", fence=4)
    assert await env.content() == b"A=1\n"


async def test_where_there_was_no_file_there_is_none_again(env: EnvFile) -> None:
    await env.install(b"A=1\n", "one", None, fence=1)
    await env.remove(fence=1)
    assert await env.content() is None
    assert await env.keeps("one")


async def test_a_link_stays_a_link_and_what_it_points_to_is_written_put_back_and_removed(
    env: EnvFile, directory: Path
) -> None:
    vault = directory / "vault"
    vault.mkdir()
    (directory / ".env").symlink_to("vault/observer.env")
    await env.install(b"A=1\n", "one", None, fence=1)
    await env.install(b"A=2\n", "two", "one", fence=1)
    assert (vault / "observer.env").read_bytes() == b"A=2\n"
    assert await env.put_back("one", fence=1)
    assert (vault / "observer.env").read_bytes() == b"A=1\n"
    assert (_mode(env.path), (directory / ".env").is_symlink()) == (0o600, True)
    await env.remove(fence=1)
    assert (names_in(vault), await env.content()) == ([], None)
    assert (directory / ".env").is_symlink()


async def test_values_stand_in_no_command_and_no_file_but_the_env_file_and_those_kept(
    env: EnvFile, directory: Path
) -> None:
    await env.install(b"TOKEN=canary\n", "one", None, fence=1)
    assert _holding(directory, b"canary") == [directory / ".env", directory / ".shipmate.env/one"]
