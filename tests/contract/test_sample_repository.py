"""The sample repository holds what the conversations need: good versions that work, traps that are traps."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.stage.observer.history import PULL_REQUEST
from tests.stage.observer.repository import build_observer
from tests.stage.observer.traps import invented_secret, traps

GOOD = ("v1.2.0", "v1.2.1", "v1.2.2", "v1.2.3", "v1.2.8")
TRAPS = ("v1.2.4", "v1.2.5", "v1.2.6", "v1.2.7", "v1.3.0", "v1.3.1", "v1.3.2", "v1.3.3", "v1.3.4", "v1.3.5", "v1.3.6")


def git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(("git", "-C", str(repository), *arguments), capture_output=True, check=True, timeout=30)
    return done.stdout.decode()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_observer(tmp_path_factory.mktemp("sample") / "observer")


def exported(repository: Path, version: str, directory: Path) -> Path:
    directory.mkdir()
    archive = subprocess.run(
        ("git", "-C", str(repository), "archive", version), capture_output=True, check=True, timeout=30
    )
    subprocess.run(("tar", "-x", "-C", str(directory)), input=archive.stdout, check=True, timeout=30)
    return directory


def suite(sources: Path) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--cov", "--cov-fail-under=80")
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=sources, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_every_version_is_a_tag(repository: Path) -> None:
    assert git(repository, "tag", "--list").split() == sorted((*GOOD, *TRAPS))
    assert git(repository, "status", "--porcelain") == ""


def test_the_same_arguments_make_the_same_commits(repository: Path, tmp_path: Path) -> None:
    again = build_observer(tmp_path / "again")
    assert git(again, "show-ref") == git(repository, "show-ref")


def test_the_release_of_v1_2_3_is_three_commits_by_three_people_one_of_them_a_pull_request(repository: Path) -> None:
    lines = git(repository, "log", "--format=%an %s", "v1.2.2..v1.2.3").splitlines()
    assert [line.split()[0] for line in lines] == ["ben", "chloe", "ana"]
    assert lines[0].endswith(f"(#{PULL_REQUEST.number})")
    head = git(repository, "rev-parse", f"refs/pull/{PULL_REQUEST.number}/head")
    assert head == git(repository, "rev-parse", "v1.2.3^{commit}")


def test_a_trap_is_one_commit_that_no_good_version_inherits(repository: Path) -> None:
    for trap in traps("observer"):
        assert git(repository, "rev-list", "--count", f"{trap.parent}..{trap.tag}").strip() == "1"
        assert trap.tag not in git(repository, "tag", "--merged", "main").split()


def test_every_version_tells_its_own_number(repository: Path) -> None:
    for version in (*GOOD, *TRAPS):
        text = git(repository, "show", f"{version}:src/observer/__init__.py")
        assert f'__version__ = "{version.removeprefix("v")}"' in text


def test_the_secret_is_only_in_the_version_that_leaks_it_and_comes_from_the_seed(tmp_path: Path) -> None:
    repository = build_observer(tmp_path / "observer", seed="another")
    secret = invented_secret("another")
    assert secret in git(repository, "show", "v1.2.6:docker-compose.server.yml")
    assert secret not in git(repository, "show", "v1.2.7:docker-compose.server.yml")
    assert invented_secret("observer") != secret
    assert re.fullmatch(r"[A-Za-z0-9]{64}", secret)


def test_a_registry_of_ones_own_can_be_given(tmp_path: Path) -> None:
    own = {"base_image": "127.0.0.1:5000/python:3.11-slim", "image": "127.0.0.1:5000/acme/observer"}
    repository = build_observer(tmp_path / "observer", **own)
    compose = git(repository, "show", "v1.2.5:docker-compose.server.yml")
    assert "image: 127.0.0.1:5000/acme/observer:${IMAGE_TAG:?IMAGE_TAG required}\n" in compose
    assert "ARG BASE_IMAGE=127.0.0.1:5000/python:3.11-slim\n" in git(repository, "show", "v1.2.0:Dockerfile")


@pytest.mark.parametrize("version", ["v1.2.0", "v1.2.8", "v1.2.4", "v1.3.3"])
def test_the_tests_of_a_version_pass_with_enough_coverage(repository: Path, tmp_path: Path, version: str) -> None:
    done = suite(exported(repository, version, tmp_path / version))
    assert done.returncode == 0, done.stdout


def test_the_tests_of_v1_3_5_fail(repository: Path, tmp_path: Path) -> None:
    done = suite(exported(repository, "v1.3.5", tmp_path / "sources"))
    assert done.returncode == 1
    assert "FAILED tests/test_sequence.py::test_observations_are_numbered_from_one" in done.stdout


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


class Observer:
    """The program of one version as a process of its own."""

    def __init__(self, sources: Path) -> None:
        self.sources = sources
        self.port = free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": "src",
            "PYTHONDONTWRITEBYTECODE": "1",
            "KIS_API_KEY": "key",
            "KIS_API_SECRET": "secret",
            "OBSERVER_LISTEN_PORT": str(self.port),
        }
        command = (sys.executable, "-m", "observer")
        self.process = subprocess.Popen(
            command, cwd=sources, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def status(self, path: str) -> int:
        for _ in range(100):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as reply:
                    return int(reply.status)
            except urllib.error.HTTPError as error:
                error.close()
                return error.code
            except urllib.error.URLError:
                time.sleep(0.05)
        raise AssertionError("the observer never listened")

    def stopped(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        printed, _ = self.process.communicate(timeout=20)
        return printed


def test_the_newest_good_version_answers_records_and_stops_in_order(repository: Path, tmp_path: Path) -> None:
    observer = Observer(exported(repository, "v1.2.8", tmp_path / "sources"))
    assert [observer.status(path) for path in ("/health", "/", "/metrics", "/nowhere")] == [200, 200, 200, 404]
    printed = observer.stopped()
    assert observer.process.returncode == 0
    assert "observer v1.2.8 started" in printed
    assert "observer v1.2.8 stopped after" in printed
    assert '"sequence": 1' in (observer.sources / "data/observer/observer.jsonl").read_text()
    assert (observer.sources / "config/observer/state.json").is_file()
    assert "started" in (observer.sources / "logs/observer.log").read_text()


def test_the_unhealthy_version_answers_503_and_the_fragile_one_500_now_and_then(
    repository: Path, tmp_path: Path
) -> None:
    unhealthy = Observer(exported(repository, "v1.2.4", tmp_path / "unhealthy"))
    fragile = Observer(exported(repository, "v1.3.1", tmp_path / "fragile"))
    assert unhealthy.status("/health") == 503
    assert [fragile.status("/") for _ in range(6)].count(500) == 2
    assert fragile.status("/health") == 200
    unhealthy.stopped()
    fragile.stopped()


def test_the_crashing_version_ends_with_a_traceback(repository: Path, tmp_path: Path) -> None:
    crashing = Observer(exported(repository, "v1.2.7", tmp_path / "sources"))
    printed, _ = crashing.process.communicate(timeout=20)
    assert crashing.process.returncode == 1
    assert "Traceback" in printed
    assert "calendar.json" in printed
