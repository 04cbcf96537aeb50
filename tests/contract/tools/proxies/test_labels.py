"""P10: the marker comes off what shall be gone back to: real shell commands on a host whose engine is a script."""

import json
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tools.clock import SystemClock
from tools.errors import Superseded
from tools.local import LocalHost
from tools.proxies.labels import Following, Labels
from tools.proxies.port import Backend

OLD, NEW = "a1" * 32, "b2" * 32
BESIDE = Backend(OLD[:12], "198.18.3.250", 8000)
NEVER = 0
MARKER = PurePosixPath("/tmp/out")
ENGINE = """\
#!/bin/sh
cd "${0%/*}" || exit 1
case $1 in
  ps) cat running;;
  inspect) cat described;;
  exec)
    shift
    [ "$1" != --user ] || shift 2
    container=$1 doing=$2
    grep -q "^$container" running || { echo "container $container is not running" >&2; exit 1; }
    case $doing in
      test) [ -e "$container.marked" ];;
      rm) rm "$container.marked";;
    esac;;
esac
"""


class Checks(SystemClock):
    """Time passes only in waits; after some of them the engine has repeated its checks."""

    def __init__(self, world: Path, waits: int) -> None:
        self.seconds = 0.0
        self._world, self._left = world, waits

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, duration: timedelta) -> None:
        self.seconds += duration.total_seconds()
        self._left -= 1
        if self._left == 0:
            describe(self._world, health="healthy")


def describe(world: Path, health: str) -> None:
    """Let the engine tell what it knows of the old instance; the new one takes requests."""
    told = [_described(OLD, health), _described(NEW, "healthy")]
    (world / "described").write_text("".join(f"{json.dumps(one)}\n" for one in told))


def _described(container: str, health: str) -> dict[str, Any]:
    words = {"id": container, "name": "web", "image": "web", "image_id": "web", "status": "running", "health": health}
    times = dict.fromkeys(("started_at", "created_at"), "2026-02-06T16:00:00Z")
    rest = {"exit_code": 0, "restarts": 0, "names": [], "mounts": [], "asked": [], "tmpfs": {}, "user": ""}
    return {**words, **times, **rest, "read_only": False, "test": None, "labels": {}}


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A host on which an earlier switch took the old instance out."""
    (tmp_path / "docker").write_text(ENGINE)
    (tmp_path / "docker").chmod(0o755)
    (tmp_path / "running").write_text(f"{OLD}\n{NEW}\n")
    for one in (OLD, NEW):
        (tmp_path / f"{one[:12]}.marked").touch()
    describe(tmp_path, health="unhealthy")
    return tmp_path


def proxy(world: Path, clock: Checks) -> Labels:
    host = LocalHost("here", {"PATH": f"{world}:/usr/bin:/bin"})
    following = Following(MARKER, timedelta(), clock)
    return Labels(host, PurePosixPath(world / "service"), "shop", {"web": ("web", 8000)}, following)


def marked(world: Path) -> set[str]:
    return {one.stem for one in world.glob("*.marked")}


@pytest.mark.parametrize(("waits", "seconds"), [(3, 0.6), (NEVER, 1.2)])
async def test_p10_one_marker_is_taken_off_and_the_engine_waited_for_as_long_as_its_checks_may_take(
    world: Path, waits: int, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.proxies.labels.PATIENCE", timedelta(seconds=1))
    clock = Checks(world, waits)
    await proxy(world, clock).readmit("web", BESIDE, 1)
    assert marked(world) == {NEW[:12]}
    assert clock.seconds == pytest.approx(seconds, abs=0.3)


@pytest.mark.parametrize("gone", ["the marker", "the container"])
async def test_what_was_not_taken_out_is_left_alone_and_not_waited_for(world: Path, gone: str) -> None:
    if gone == "the marker":
        (world / f"{OLD[:12]}.marked").unlink()
    else:
        (world / "running").write_text(f"{NEW}\n")
    before, clock = marked(world), Checks(world, 1)
    await proxy(world, clock).readmit("web", BESIDE, 1)
    assert (marked(world), clock.seconds) == (before, 0)


async def test_p8_whoever_is_overtaken_takes_no_marker_off(world: Path) -> None:
    clock = Checks(world, 1)
    await proxy(world, clock).readmit("web", BESIDE, 2)
    (world / f"{OLD[:12]}.marked").touch()
    with pytest.raises(Superseded):
        await proxy(world, clock).readmit("web", BESIDE, 1)
    assert marked(world) == {OLD[:12], NEW[:12]}
