import asyncio
from datetime import timedelta
from hashlib import sha256
from pathlib import Path, PurePosixPath

import pytest

from tests.contract.tools.web import names_in, processes_with, until
from tools.errors import CommandFailed, TimedOut
from tools.files import write_command
from tools.hosts import OUTPUT_LIMIT_BYTES, Host


async def test_a_command_answers_with_both_streams_and_its_exit_code(host: Host) -> None:
    answer = await host.run(("sh", "-c", "echo out; echo err >&2; exit 3"))
    assert (answer.stdout, answer.stderr, answer.exit_code, answer.cut) == ("out\n", "err\n", 3, False)


@pytest.mark.parametrize("word", ["two words", "$HOME", "`id`", "it's", '"', "a\nb", "*", "", "-n", "\\", "ünï"])
async def test_an_argument_arrives_as_it_was_written(host: Host, word: str) -> None:
    assert (await host.run(("printf", "%s|", word))).stdout == f"{word}|"


async def test_standard_input_arrives_whole(host: Host) -> None:
    content = b"x" * 3_000_000
    assert (await host.run(("sha256sum",), stdin=content)).stdout.split()[0] == sha256(content).hexdigest()


async def test_a_command_that_ignores_its_input_is_no_failure(host: Host) -> None:
    assert (await host.run(("true",), stdin=b"x" * 3_000_000)).ok


async def test_a_program_that_is_not_installed_ends_with_127(host: Host) -> None:
    answer = await host.run(("no-such-program", "x"))
    assert answer.exit_code == 127
    assert "no-such-program" in answer.stderr


async def test_a_command_past_its_limit_is_ended_with_all_that_it_started(host: Host) -> None:
    mark = f"98765.{id(host)}"
    with pytest.raises(TimedOut, match="did not end within 1 s"):
        await host.run(("sh", "-c", f"sleep {mark} & sleep {mark}"), timeout=timedelta(seconds=1))
    await until(lambda: not processes_with(mark))


async def test_a_flood_of_output_is_kept_within_its_bound_with_both_ends(host: Host) -> None:
    answer = await host.run(("sh", "-c", "echo first; yes | head -c 5000000; echo last"))
    assert answer.cut
    assert len(answer.stdout) < OUTPUT_LIMIT_BYTES + 100
    assert answer.stdout.startswith("first\n")
    assert answer.stdout.endswith("last\n")


async def test_many_commands_at_once_all_answer(host: Host) -> None:
    answers = await asyncio.gather(*(host.run(("echo", str(number))) for number in range(20)))
    assert [answer.stdout.strip() for answer in answers] == [str(number) for number in range(20)]


async def test_a_file_comes_back_as_it_was_written_with_its_mode(host: Host, directory: Path) -> None:
    path, content = directory / "a file", bytes(range(256)) * 5000
    await host.write(PurePosixPath(path), content, 0o600)
    assert await host.read(PurePosixPath(path)) == content
    assert path.stat().st_mode & 0o777 == 0o600


async def test_writing_replaces_a_file_and_leaves_nothing_beside_it(host: Host, directory: Path) -> None:
    path = PurePosixPath(directory / "f")
    await host.write(path, b"old, and longer")
    await host.write(path, b"new")
    assert await host.read(path) == b"new"
    assert names_in(directory) == ["f"]


async def test_content_that_arrives_only_in_part_replaces_nothing(host: Host, directory: Path) -> None:
    path = PurePosixPath(directory / "f")
    await host.write(path, b"old")
    answer = await host.run(write_command(path, 0o644, size_bytes=10), stdin=b"only 6")
    assert answer.exit_code == 65
    assert await host.read(path) == b"old"
    assert names_in(directory) == ["f"]


async def test_a_file_that_is_not_there_is_none(host: Host, directory: Path) -> None:
    assert await host.read(PurePosixPath(directory / "absent")) is None


async def test_a_file_that_cannot_be_written_is_an_error_without_the_script_in_it(host: Host, directory: Path) -> None:
    with pytest.raises(CommandFailed, match="No such file or directory") as caught:
        await host.write(PurePosixPath(directory / "absent" / "f"), b"")
    assert "umask" not in str(caught.value)


async def test_a_tunnel_leads_to_a_port_of_the_hosts_loopback(host: Host) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    async with (
        await asyncio.start_server(greet, "127.0.0.1", 0) as server,
        host.tunnel(server.sockets[0].getsockname()[1]) as (address, port),
    ):
        reader, writer = await asyncio.open_connection(address, port)
        assert await reader.read() == b"hello"
        writer.close()
        await writer.wait_closed()
