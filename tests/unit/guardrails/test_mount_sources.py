"""P15 no data dies with a container: what lies behind a mount once the host was looked at."""

from pathlib import PurePosixPath

import pytest

from guardrails.mount_sources import sources_sound
from guardrails.verdict import Level, Verdict
from tools.compose_file import ComposeFile, ComposeService, Mount, Volume
from tools.errors import Garbled
from tools.places import Place, places_in

HERE = PurePosixPath("/srv/observer")
OWN = Place("/srv/observer", "xfs")
DATA = Mount("bind", "/srv/observer/data", "/app/data")


def judge(place: Place, mount: Mount = DATA, own: Place = OWN, user: str = "") -> Verdict:
    volumes = {"own": Volume("o", driver_options={"o": "bind", "device": "/srv/observer/data"})}
    file = ComposeFile("observer", {"observer": ComposeService("observer", mounts=(mount,))}, volumes)
    seen = {"/srv/observer/data": place, str(HERE): own}
    return sources_sound(file, "observer", HERE, seen, persist=("/app/data/db",), user=user)


@pytest.mark.parametrize(
    ("rule", "level", "real", "filesystem"),
    [
        ("", Level.NOTE, "/srv/observer/data", "ext2/ext3"),
        ("", Level.NOTE, "/mnt/big/observer", "xfs"),
        ("source-in-memory", Level.BLOCKING, "/srv/observer/data", "tmpfs"),
        ("source-in-memory", Level.BLOCKING, "/mnt/fast", "ramfs"),
        ("source-volatile", Level.BLOCKING, "/tmp/data", "ext2/ext3"),
        ("engine-socket", Level.BLOCKING, "/run/docker.sock", "xfs"),
        ("bind-system-path", Level.BLOCKING, "/etc/observer", "xfs"),
    ],
)
def test_p15_a_link_or_a_file_system_that_hides_the_truth_is_seen_through(
    rule: str, level: Level, real: str, filesystem: str
) -> None:
    for mount in (DATA, Mount("volume", "own", "/app/data")):
        verdict = judge(Place(real, filesystem), mount)
        assert rule in [finding.rule for finding in verdict.findings] or (not rule and not verdict.findings)
        assert verdict.level is level
        assert all(finding.remedy for finding in verdict.findings)


def test_what_need_not_persist_or_is_only_read_may_lie_in_memory() -> None:
    memory = Place("/srv/observer/data", "tmpfs")
    assert judge(memory, Mount("bind", "/srv/observer/data", "/app/cache")).level is Level.WARNING
    assert not judge(memory, Mount("bind", "/srv/observer/data", "/app/data", read_only=True)).findings
    assert not judge(memory, own=Place("/srv/observer", "tmpfs")).findings


@pytest.mark.parametrize(
    ("user", "place", "told"),
    [
        ("10001", Place("/srv/observer/data"), True),
        ("10001:10001", Place("/srv/observer/data", uid=1000, gid=1000, mode=0o775), True),
        ("10001", Place("/srv/observer/data", uid=10001), False),
        ("10001:20", Place("/srv/observer/data", gid=20, mode=0o775), False),
        ("10001", Place("/srv/observer/data", mode=0o777), False),
        ("0", Place("/srv/observer/data", uid=1000, mode=0o700), False),
        ("", Place("/srv/observer/data"), False),
        ("qts", Place("/srv/observer/data"), False),
    ],
)
def test_a_directory_that_the_service_could_not_write_to_is_warned_of(user: str, place: Place, told: bool) -> None:
    verdict = judge(place, user=user)
    assert [(f.rule, f.level) for f in verdict.findings] == [("source-not-writable", Level.WARNING)] * told
    assert all("chown 10001" in finding.remedy for finding in verdict.findings)


def test_the_hosts_answer_is_read_line_by_line() -> None:
    text = "1000 1000 755 ext2/ext3 /srv/a b\nabsent\n"
    assert places_in(text, ["/a", "/b"]) == {"/a": Place("/srv/a b", "ext2/ext3", 1000, 1000, 0o755), "/b": None}


@pytest.mark.parametrize("text", ["", "absent\n", "x y z\nabsent\n", "a b c d e\nabsent\n"])
def test_any_other_answer_is_garbled(text: str) -> None:
    with pytest.raises(Garbled):
        places_in(text, ["/a", "/b"])
