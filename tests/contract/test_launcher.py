"""The launcher, with a Python that only tells how it was called."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stage.places import ROOT

PATH = f"{Path(sys.executable).resolve().parent}:{os.defpath}"
TELLTALE = '#!/bin/sh\necho "$PWD|$SHIPMATE_CWD|$LANGGRAPH_STRICT_MSGPACK|$*"\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout, already set up."""
    place = tmp_path / "a checkout"
    (place / ".venv/bin").mkdir(parents=True)
    shutil.copy(ROOT / "shipmate", place)
    (place / "requirements.lock").write_text("one==1\n")
    (place / ".venv/requirements.lock").write_text("one==1\n")
    program(place / ".venv/bin/python", TELLTALE)
    return place


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def launched(door: str | Path, *words: str, cwd: Path, path: str = PATH) -> subprocess.CompletedProcess[str]:
    return subprocess.run([door, *words], cwd=cwd, env={"PATH": path}, text=True, capture_output=True, check=False)


@pytest.mark.parametrize(
    ("words", "called"),
    [
        ((), "-m agents"),
        (("doctor", "--json"), "-m agents doctor --json"),
        (("test", "--fast", "-k", "x"), "-m tests.run --fast -k x"),
        (("demo",), "-m tests.demo"),
        (("bench", "one"), "-m tests.bench one"),
        (("eval", "one"), "-m tests.evaluation one"),
    ],
)
def test_each_word_reaches_its_module_from_any_directory(
    checkout: Path, tmp_path: Path, words: tuple[str, ...], called: str
) -> None:
    told = launched(checkout / "shipmate", *words, cwd=tmp_path).stdout.strip()
    assert told == f"{checkout}|{tmp_path}|true|{called}"


def test_it_may_be_reached_through_a_link_and_by_a_relative_path(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "door").symlink_to(checkout / "shipmate")
    assert launched(tmp_path / "door", cwd=tmp_path).stdout.startswith(f"{checkout}|")
    assert launched("./shipmate", cwd=checkout).stdout.startswith(f"{checkout}|{checkout}|")


def test_a_changed_lock_file_sets_up_again(checkout: Path, tmp_path: Path) -> None:
    (checkout / "requirements.lock").write_text("one==2\n")
    done = launched(checkout / "shipmate", cwd=tmp_path)
    assert "setting up .venv" in done.stderr
    assert "-m pip install --require-hashes --no-deps" in (checkout / ".shipmate/setup.log").read_text()
    assert (checkout / ".venv/requirements.lock").read_text() == "one==2\n"


def test_an_unreachable_index_is_called_by_its_name(checkout: Path, tmp_path: Path) -> None:
    (checkout / "requirements.lock").write_text("one==2\n")
    program(
        checkout / ".venv/bin/python", '#!/bin/sh\ncase "$*" in *install*) echo "Connection refused"; exit 1 ;; esac\n'
    )
    done = launched(checkout / "shipmate", cwd=tmp_path)
    assert done.returncode == 1
    assert "the package index cannot be reached" in done.stderr
    assert (checkout / ".venv/requirements.lock").read_text() == "one==1\n"


def test_a_machine_without_a_fit_python_is_told_which_one_is_needed(checkout: Path, tmp_path: Path) -> None:
    (checkout / "requirements.lock").write_text("one==2\n")
    for name in ("mkdir", "id", "cmp"):
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    program(tmp_path / "bin/python3", "#!/bin/sh\nexit 1\n")
    done = launched(checkout / "shipmate", cwd=tmp_path, path=str(tmp_path / "bin"))
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr
