"""P10 the way back is proved first: tried out before approval, data saved before any effect, and put back whole."""

import getpass
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stage.conversation import HANA, Conversation
from tests.stage.observer.site import PROGRAM_USER, ObserverSite
from tests.stage.stage import Stage

APPROVAL = {"approvers": ["U0HANA", f"terminal:{getpass.getuser()}"]}
BACKUP = {"mounts": ["/app/data/observer"], "stop": True, "keep": 2}


@pytest.fixture
def site(stage: Stage) -> Iterator[ObserverSite]:
    """The observer service with v1.2.2 running, whose data is saved before every release."""
    place = ObserverSite(stage, stage.scratch("way-back"), approval=APPROVAL, extra={"paths": {"backup": BACKUP}})
    place.prepare()
    yield place
    place.clear()


async def test_p10_a_release_proves_its_way_back_and_saves_data_that_comes_back_whole(site: ObserverSite) -> None:
    precious = site.server_directory / "data" / "precious"
    fill(precious)
    before = seen(precious)
    async with Conversation(site) as chat:
        card = await chat.asks("/deploy observer v1.2.3")
        told = await chat.shows(card, "[Approve]")
        assert "tried out: a container can be made, the compose file reads, its storage is there" in told
        assert "Not undone: data written meanwhile, which stays as the new version wrote it" in told
        assert not site.stage.server.docker("ps", "--all", "--quiet", "--filter", "label=shipmate.rehearsal").split()
        chat.slack.clicks(HANA, "Approve", card)
        story = await chat.end(card)
        assert "observer v1.2.3 in production runs" in story
        assert "Saved before anything was touched, and read back: /app/data/observer on observer-1" in story
        (name,) = [path.name for path in (site.server_directory / "backups").iterdir()]
        assert f"./shipmate restore observer production {name}" in story
        spoil(precious)
        code, restored = await chat.bot.obeys("restore", "observer", "production", name)
        assert (code, "observer-1: restored and compared" in restored) == (0, True), restored
        assert "It answers again." in restored
        assert seen(precious) == before
        assert site.running() == "v1.2.3"


def fill(place: Path) -> None:
    """Write files with owners and modes of their own."""
    deep = place / "deep"
    deep.mkdir(parents=True)
    (deep / "a file").write_bytes(os.urandom(100_000))
    (place / "link").symlink_to("deep/a file")
    (deep / "a file").chmod(0o640)
    for one in (place, deep, deep / "a file"):
        os.chown(one, PROGRAM_USER, PROGRAM_USER + 1)
    deep.chmod(0o2750)


def spoil(place: Path) -> None:
    """Destroy some, change some, add some."""
    (place / "link").unlink()
    (place / "deep" / "a file").write_text("worse")
    (place / "new").write_text("new")


def seen(place: Path) -> list[tuple[str, str, int, int, bytes]]:
    """Tell everything about every file but its times."""
    found = []
    for path in sorted([place, *place.rglob("*")]):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        place_of = str(path.relative_to(place.parent))
        found.append((place_of, stat.filemode(status.st_mode), status.st_uid, status.st_gid, content))
    return found
