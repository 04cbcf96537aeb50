"""P10: data is saved and read back on a real engine before anything is touched, destroyed, and put back whole."""

import shutil
import stat
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.contract.tools.test_rescue import Make
from tests.contract.tools.web import Site
from tools.backup import Backups, Piece, Saved, Terms
from tools.errors import CommandFailed, NotFound
from tools.ssh import SshHost

WRITE = """\
set -e
mkdir -p /kept/deep && echo precious > '/kept/deep/a file' && busybox chmod 640 '/kept/deep/a file'
busybox chown -R 10001:10002 /kept/deep && busybox chmod 2750 /kept/deep && busybox ln -s 'a file' /kept/deep/link
cd /app/data/here && busybox chown 10001 . && mkdir deep && echo x > deep/x && busybox ln -s deep/x link
busybox seq 1 50000 > numbers && busybox chown 10003 numbers && echo one > /kept/once
"""
TERMS = Terms(keep=2, spare_bytes=0, limit=timedelta(minutes=2))


@dataclass
class House:
    """A service with a volume and a directory, and its backups."""

    place: Site
    backups: Backups
    far: SshHost
    container: str

    @property
    def pieces(self) -> list[Piece]:
        return [
            Piece(self.container, "/kept", "web@kept.tar", f"{self.place.project}_kept"),
            Piece(self.container, "/app/data/here", "web@data.tar", f"{self.place.directory}/data"),
            Piece(self.container, "web", "web.dump", command=("cat", "/kept/deep/a file")),
        ]

    async def make(self, name: str, terms: Terms = TERMS) -> tuple[Saved, ...]:
        return await self.backups.make(name, self.pieces, terms, self.place.fence)

    async def restore(self, name: str) -> None:
        mounts = [piece for piece in self.pieces if not piece.command]
        image = f"{self.place.image}:v1"
        terms = replace(TERMS, keep=100, halt=(self.container,))
        await self.backups.restore(name, f"{name}-before", mounts, image, terms, self.place.fence)

    def shows(self) -> str:
        """Tell everything about every file, but for times of directories."""
        script = (
            "for f in $(busybox find /kept /app/data/here | busybox sort | busybox tr ' ' '?'); do "
            'busybox stat -c "%a %u %g %F %N" "$f"; [ -d "$f" ] || busybox sha256sum "$f"; done'
        )
        return self.place.stage.server.docker("exec", "--user", "0", self.container, "sh", "-c", script)

    def spoils(self) -> None:
        self.within(
            "echo worse > '/kept/deep/a file'; rm -f /kept/deep/link /app/data/here/numbers; echo new > /kept/new"
        )

    def within(self, script: str) -> None:
        self.place.stage.server.docker("exec", "--user", "0", self.container, "sh", "-c", script)

    def runs(self) -> bool:
        return "true" in self.place.stage.server.docker("inspect", "--format", "{{.State.Running}}", self.container)

    def kept(self) -> list[str]:
        return sorted(path.name for path in Path(self.backups.directory).glob("*"))


@pytest.fixture
async def house(far: SshHost, site: Make) -> House:
    mounts = ["./data:/app/data/here", "kept:/kept"]
    place = site(command=["sleep", "999"], volumes=mounts, restart="unless-stopped", user="10001")
    await place.start(far)
    (container,) = place.containers()
    one = House(place, Backups(far, place.directory), far, container)
    one.within(WRITE)
    return one


async def test_p10_what_is_destroyed_comes_back_byte_for_byte_with_owners_and_modes(house: House) -> None:
    before = house.shows()
    assert "2750 10001 10002 directory" in before
    saved = await house.make("20260101-1")
    assert [(one.kind, one.file, one.what) for one in saved] == [
        ("dump", "web.dump", "web"),
        ("tar", "web@kept.tar", "/kept"),
        ("tar", "web@data.tar", "/app/data/here"),
    ]
    assert [one.entries for one in saved] == [0, 5, 5]
    assert await house.backups.contents("20260101-1") == saved
    house.spoils()
    assert house.shows() != before
    await house.restore("20260101-1")
    assert house.shows() == before
    assert house.runs()
    directory = Path(house.backups.directory) / "20260101-1"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (directory, *directory.iterdir())}
    assert set(modes.values()) == {0o600, 0o700}
    assert (directory / "web.dump").read_text() == "precious\n"


async def test_p10_the_newest_are_kept_and_one_that_is_there_is_proved_and_not_made_again(house: House) -> None:
    first = await house.make("20260101-1")
    house.spoils()
    assert await house.make("20260101-1") == first
    for name in ("20260101-2", "20260101-3"):
        await house.make(name, replace(TERMS, halt=(house.container,)))
        assert house.runs()
    assert await house.backups.names() == ("20260101-3", "20260101-2")
    with pytest.raises(NotFound, match="has no backup 20260101-1"):
        await house.restore("20260101-1")


async def test_p10_a_backup_that_fails_leaves_nothing_and_a_spoiled_one_is_not_put_back(house: House) -> None:
    with pytest.raises(CommandFailed, match=r"needs \d+ MiB, and \d+ MiB are free"):
        await house.make("20260101-1", replace(TERMS, spare_bytes=10**17))
    broken = Piece(house.container, "web", "web.dump", command=("false",))
    halting = replace(TERMS, halt=(house.container,))
    gone = Piece(house.container, "/not/there", "web@gone.tar", f"{house.place.directory}/data")
    for piece in (broken, gone):
        with pytest.raises(CommandFailed, match="is not whole"):
            await house.backups.make("20260101-1", [piece], TERMS if piece.command else halting, house.place.fence)
    assert (house.kept(), house.runs()) == ([], True)
    await house.make("20260101-2")
    before = house.shows()
    spoil(Path(house.backups.directory) / "20260101-2" / "web@data.tar")
    with pytest.raises(CommandFailed, match=r"web@data\.tar: FAILED"):
        await house.restore("20260101-2")
    assert (house.shows(), house.runs()) == (before, True)
    shutil.rmtree(Path(house.backups.directory))


def spoil(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[2000] ^= 1
    file.write_bytes(content)
