"""The demo as a person starts it: plays, tells, can be taken over, and clears away."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.demo.place import HOME
from tests.demo.scenes import SCENES
from tests.stage.remains import processes_of
from tests.stage.runs import claim

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "tests.demo")
PATIENCE = 600


@pytest.fixture(autouse=True)
def nothing_remains() -> Iterator[None]:
    """No process of the demo outlives it."""
    HOME.mkdir(parents=True, exist_ok=True)
    lock = claim(HOME)
    if lock is None:
        pytest.skip("somebody watches the demo on this machine right now")
    lock.close()
    yield
    assert processes_of([HOME]) == []


def demo(*words: str | Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (*COMMAND, *words), cwd=ROOT, input=typed, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_every_scene_ends_as_it_should_and_is_written_down(tmp_path: Path) -> None:
    file = tmp_path / "said.json"
    played = demo("--json", file)
    assert played.returncode == 0, played.stdout[-4000:] + played.stderr
    told = json.loads(file.read_text())
    assert [scene["title"] for scene in told["scenes"]] == [scene.title for scene in SCENES]
    assert all(scene["ok"] and scene["seen"] == scene["expected"] for scene in told["scenes"])
    assert told["seconds"] < 180
    asked = [said["text"] for said in told["scenes"][0]["messages"] if said["kind"] == "asked"]
    assert len(asked) == 1
    assert "Plan digest" in asked[0]
    assert "[Approve]" in played.stdout
    assert "\x1b" not in played.stdout


def test_a_person_can_take_over() -> None:
    lines = ("/deploy observer v1.2.5", "wait", "approve", "sing", "/deploy observer v1.2.3", "as hana", "approve")
    played = demo("--keep", "--no-scenes", typed="\n".join((*lines, "wait", "status", "quit", "")))
    assert played.returncode == 0, played.stdout[-4000:] + played.stderr
    told = [
        "observer v1.2.5 in production: refused",
        "No message has a button [Approve] now.",
        "'sing' means nothing here",
        "hana      clicks [Approve]",
        "observer v1.2.3 in production runs",
        "before: v1.2.2",
    ]
    places = [played.stdout.find(piece) for piece in told]
    assert places == sorted(places), played.stdout
    assert places[0] > 0, played.stdout


@pytest.fixture
def heard_signals() -> Iterator[None]:
    """A shell lets what runs in the background ignore Ctrl-C, and its children inherit that; here it is heard."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard_signals")
def test_ctrl_c_ends_it_at_once_and_leaves_nothing() -> None:
    with subprocess.Popen(COMMAND, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        _until(process.stdout, "/deploy observer v1.2.3")
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 130
        assert "Stopped, and cleared away." in process.stdout.read()


def _until(out: IO[str], piece: str) -> None:
    assert any(piece in line for line in out), f"It never said {piece}"
