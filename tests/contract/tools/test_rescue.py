"""P15 no data dies with a container: what only a container has is saved on its host, and can be put back."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.tools.web import Site, names_in
from tools.containers import Containers
from tools.errors import CommandFailed
from tools.inspection import PathChange
from tools.rescue import Rescue
from tools.ssh import SshHost

Make = Callable[..., Site]
WRITE = """\
[ -e /kept/once ] || {
  touch /kept/once
  mkdir -p /lost/deep && echo precious > '/lost/deep/a file'
  busybox chmod 600 '/lost/deep/a file' && busybox chown -R 10001:10002 /lost && touch /written
}
exec sleep 999
"""
SAVED = ["/lost", "/lost/deep", "/lost/deep/a file", "/gone/meanwhile"]


def mode_and_size(file: Path) -> tuple[int, int]:
    found = file.stat()
    return stat.S_IMODE(found.st_mode), found.st_size


async def test_p15_what_was_saved_is_put_back_with_its_owner_and_mode(far: SshHost, site: Make) -> None:
    place = site(command=["sh", "-c", WRITE.replace("$", "$$")])
    await place.start(far)
    containers, rescue = Containers(far), Rescue(far, place.directory)
    (old,) = place.containers()
    while PathChange("/written", "added") not in await containers.changes(old):
        continue
    with pytest.raises(CommandFailed, match="No such container"):
        await rescue.save("0" * 64, "web-1", SAVED, place.fence)
    assert names_in(Path(place.directory, "rescued")) == []
    saved = await rescue.save(old, "web-1", SAVED, place.fence)
    archive = Path(saved.archive)
    assert archive == Path(place.directory) / "rescued" / f"web-1-{old[:12]}.tar"
    assert mode_and_size(archive) == (0o600, saved.size_bytes)
    await place.start(far, "v2")
    (new,) = place.containers()
    assert new != old
    assert not [change for change in await containers.changes(new) if change.path.startswith("/lost")]
    back = await far.run(("sh", "-c", 'docker cp - "$1:/" < "$2"', "back", new, str(archive)))
    assert back.ok, back.stderr
    shown = ("exec", new, "busybox", "stat", "-c", "%a %u %g %n", "/lost", "/lost/deep/a file")
    assert place.stage.server.docker(*shown).splitlines() == [
        "755 10001 10002 /lost",
        "600 10001 10002 /lost/deep/a file",
    ]
    assert place.stage.server.docker("exec", new, "cat", "/lost/deep/a file") == "precious\n"
