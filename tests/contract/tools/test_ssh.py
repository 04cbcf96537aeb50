import asyncio
import time
from datetime import timedelta
from pathlib import Path

import pytest

from config.targets import HostSettings
from tests.contract.tools.web import until
from tests.stage.commands import execute
from tests.stage.ports import free_port
from tests.stage.sshd import SshServer
from tests.stage.stage import Stage
from tools.errors import Denied, Unreachable
from tools.ssh import SshHost


async def _refusal(settings: HostSettings, kind: type[Exception], **changed: object) -> Exception:
    host = SshHost(settings.model_copy(update=changed), connect_limit=timedelta(seconds=1))
    with pytest.raises(kind) as caught:
        await host.run(("true",))
    await host.close()
    return caught.value


def _fingerprint(stage: Stage) -> str:
    return execute(["ssh-keygen", "-lf", stage.ssh.host_key]).split()[1]


async def test_an_unknown_server_is_refused_with_its_fingerprint_and_the_command_that_trusts_it(
    settings: HostSettings, stage: Stage, tmp_path: Path
) -> None:
    nowhere = tmp_path / "known_hosts"
    said = str(await _refusal(settings, Denied, known_hosts=nowhere))
    assert "is not a server we know" in said
    assert _fingerprint(stage) in said
    assert f"`ssh-keyscan -p {settings.port} 127.0.0.1 >> {nowhere}`" in said


async def test_the_command_that_trusts_a_server_does(settings: HostSettings, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    remedy = getattr(await _refusal(settings, Denied, known_hosts=known), "remedy", "")
    execute(["sh", "-c", remedy.split("`")[-2]])
    host = SshHost(settings.model_copy(update={"known_hosts": known}))
    assert (await host.run(("true",))).ok
    await host.close()


async def test_a_changed_host_key_warns_of_an_attack(settings: HostSettings, stage: Stage, tmp_path: Path) -> None:
    other, known = tmp_path / "other", tmp_path / "known_hosts"
    execute(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other])
    key = " ".join(other.with_suffix(".pub").read_text().split()[:2])
    known.write_text(f"[127.0.0.1]:{settings.port} {key}\n")
    said = str(await _refusal(settings, Denied, known_hosts=known))
    assert "HAS ANOTHER KEY THAN THE ONE WE KNOW" in said
    assert "attack" in said
    assert _fingerprint(stage) in said
    assert f"`ssh-keygen -f {known} -R '[127.0.0.1]:{settings.port}'`" in said


async def test_a_damaged_list_of_known_servers_is_refused(settings: HostSettings, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text("nonsense\n")
    assert "cannot be read" in str(await _refusal(settings, Denied, known_hosts=known))


async def test_a_key_that_the_server_does_not_know_is_refused_with_the_way_in(
    settings: HostSettings, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    execute(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other])
    said = str(await _refusal(settings, Denied, key=other))
    assert f"refused the login of {settings.user}" in said
    assert f"`ssh-copy-id -i {other} -p {settings.port} {settings.user}@127.0.0.1`" in said


async def test_a_user_that_may_not_log_in_is_refused(settings: HostSettings) -> None:
    assert "refused the login of stranger" in str(await _refusal(settings, Denied, user="stranger"))


async def test_a_key_file_that_is_not_there_is_named(settings: HostSettings, tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    assert f"The private key {absent}" in str(await _refusal(settings, Denied, key=absent))


async def test_a_key_with_a_passphrase_is_refused(settings: HostSettings, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    execute(["ssh-keygen", "-q", "-t", "ed25519", "-N", "a phrase", "-f", locked])
    assert "without a passphrase" in str(await _refusal(settings, Denied, key=locked))


async def test_nobody_listening_is_unreachable(settings: HostSettings) -> None:
    assert "cannot be reached" in str(await _refusal(settings, Unreachable, port=free_port()))


async def test_a_silent_server_is_unreachable_within_the_limit(settings: HostSettings) -> None:
    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(nothing, "127.0.0.1", 0) as silent:
        started = time.monotonic()
        said = str(await _refusal(settings, Unreachable, port=silent.sockets[0].getsockname()[1]))
    assert "no answer within 1 s" in said
    assert time.monotonic() - started < 20


@pytest.fixture
def own_server(stage: Stage, tmp_path: Path) -> SshServer:
    return SshServer(tmp_path / "sshd", stage.toolset, {})


async def test_after_the_server_was_restarted_the_next_command_just_runs(
    own_server: SshServer, settings: HostSettings
) -> None:
    host = SshHost(_at(own_server, settings))
    with own_server:
        assert (await host.run(("true",))).ok
        own_server.stop()
        own_server.start()
        assert (await host.run(("true",))).ok
        await host.close()


async def test_a_connection_lost_under_a_command_leaves_it_in_doubt(
    own_server: SshServer, settings: HostSettings, tmp_path: Path
) -> None:
    host, begun = SshHost(_at(own_server, settings)), tmp_path / "begun"
    with own_server:
        command = asyncio.create_task(host.run(("sh", "-c", f"touch {begun}; sleep 30")))
        await until(begun.exists)
        own_server.stop()
        with pytest.raises(Unreachable, match="In doubt: the command may have run"):
            await command
        await host.close()


async def test_one_connection_carries_all_commands(far: SshHost) -> None:
    ports = await asyncio.gather(*(far.run(("sh", "-c", "echo ${SSH_CONNECTION}")) for _ in range(5)))
    assert len({answer.stdout for answer in ports}) == 1


async def test_closing_a_host_that_was_never_used_is_fine(settings: HostSettings) -> None:
    await SshHost(settings).close()


def _at(server: SshServer, settings: HostSettings) -> HostSettings:
    changed = {"port": server.port, "key": server.key, "known_hosts": server.known_hosts}
    return settings.model_copy(update=changed)
