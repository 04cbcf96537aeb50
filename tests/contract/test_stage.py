"""The stage itself: what the tests and the demo stand on must hold."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stage.commands import StageError, execute
from tests.stage.images import PYTHON, PYTHON_TEST
from tests.stage.oci import publish
from tests.stage.places import ROOT
from tests.stage.ports import LOOPBACK, free_port
from tests.stage.registry import Registry
from tests.stage.remains import mounts_below, processes_of
from tests.stage.sshd import SshServer
from tests.stage.stage import Stage, own_directory

DOCKERFILE = """\
FROM {base}
RUN useradd --create-home --uid 10001 qts && mkdir /app && echo hello >/app/index.html && chown -R qts /app
USER qts
WORKDIR /app
CMD ["python", "-m", "http.server", "8000"]
"""
COMPOSE = """\
services:
  web:
    image: {image}
    ports: ["127.0.0.1:{port}:8000"]
    mem_limit: 64m
  neighbour:
    image: {image}
    depends_on: [web]
    command: ["sh", "-c", "until wget -q -O- http://web:8000/; do sleep 0.1; done; sleep 60"]
"""

RUN = """\
import sys
from tests.stage.stage import Stage, own_directory
with Stage(own_directory()) as stage:
    print(stage.bot.runtime, stage.server.runtime, "up", flush=True)
    sys.stdin.read()
"""


def on_server(stage: Stage, *words: str, stdin: str | None = None) -> str:
    done = subprocess.run(stage.ssh.command(*words), input=stdin, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def image(stage: Stage) -> str:
    """An image of our own, built on the bot's engine and pushed."""
    sources = stage.scratch("sources")
    (sources / "Dockerfile").write_text(DOCKERFILE.format(base=f"{stage.registry.address}/{PYTHON}"))
    name = f"{stage.registry.address}/acme/deployed:v1"
    stage.bot.docker("build", "--quiet", "--tag", name, sources)
    stage.bot.docker("push", "--quiet", name)
    return name


@pytest.fixture
def deployed(stage: Stage, image: str) -> Iterator[int]:
    """The image, running on the server by compose over ssh; yields its port."""
    port = free_port()
    directory = stage.scratch("deployed")
    (directory / "docker-compose.yml").write_text(COMPOSE.format(image=image, port=port))
    compose = ("docker", "compose", "--progress", "quiet", "--file", str(directory / "docker-compose.yml"))
    on_server(stage, *compose, "up", "--detach")
    yield port
    on_server(stage, *compose, "down", "--timeout", "0")


def fetched(port: int) -> str | None:
    line = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    try:
        line.request("GET", "/")
        return line.getresponse().read().decode()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        line.close()


def until(done: "subprocess.Popen[str]", word: str) -> None:
    assert done.stdout is not None
    for line in done.stdout:
        if word in line:
            return
    pytest.fail(f"it ended before it said {word!r}")


def test_an_image_built_from_the_base_answers_on_the_server_after_compose_over_ssh(deployed: int) -> None:
    deadline = time.monotonic() + 20
    while (answer := fetched(deployed)) is None and time.monotonic() < deadline:
        time.sleep(0.05)  # the port is published before the program behind it listens
    assert answer == "hello\n"


def test_containers_of_one_compose_project_reach_each_other_by_name(stage: Stage, deployed: int) -> None:
    assert deployed
    name = on_server(stage, "docker", "ps", "--quiet", "--filter", "label=com.docker.compose.service=neighbour").strip()
    log = subprocess.Popen(stage.ssh.command("docker", "logs", "--follow", name), stdout=subprocess.PIPE, text=True)
    try:
        until(log, "hello")
    finally:
        log.terminate()
        log.communicate()


def test_the_two_engines_know_nothing_of_each_other(stage: Stage, deployed: int) -> None:
    assert deployed
    assert stage.bot.docker("info", "--format", "{{.ID}}") != stage.server.docker("info", "--format", "{{.ID}}")
    assert stage.bot.docker("ps", "--all", "--quiet") == ""
    assert on_server(stage, "docker", "ps", "--quiet").split()


def test_suites_run_in_the_test_image_without_a_network_and_as_nobody(stage: Stage) -> None:
    sources = stage.scratch("suite")
    (sources / "test_sum.py").write_text("def test_sum():\n    assert 1 + 1 == 2\n")
    sources.chmod(0o777)
    image = f"{stage.registry.address}/{PYTHON_TEST}"
    run = ("run", "--rm", "--network", "none", "--user", "65534", "--volume", f"{sources}:/w", "--workdir", "/w")
    command = ("python", "-W", "error", "-m", "pytest", "-q", "--cov=.", "--cov-report=xml:coverage.xml")
    assert "1 passed" in stage.bot.docker(*run, image, *command)
    assert 'line-rate="1"' in (sources / "coverage.xml").read_text()


def test_compose_and_buildx_are_the_toolsets_own(stage: Stage) -> None:
    assert stage.bot.docker("compose", "version", "--short").startswith("2.")
    assert "buildx" in stage.bot.docker("buildx", "version")


def test_the_ssh_server_refuses_a_key_it_does_not_know(stage: Stage) -> None:
    other = stage.scratch("keys") / "other"
    execute(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", other])
    command = [word.replace(str(stage.ssh.key), str(other)) for word in stage.ssh.command("true")]
    with pytest.raises(StageError, match="Permission denied"):
        execute(command)


def test_a_registry_with_login_refuses_strangers_and_lets_its_user_in(stage: Stage) -> None:
    with Registry(stage.scratch("locked"), stage.toolset, login=True) as locked:
        publish(locked, "acme/empty:1", [], {}, "amd64")
        with pytest.raises(StageError, match=r"no basic auth credentials|unauthorized"):
            stage.bot.docker("pull", f"{locked.address}/acme/empty:1")
        locked.login = None
        with pytest.raises(StageError, match="401"):
            publish(locked, "acme/empty:1", [], {}, "amd64")


def test_a_stopped_ssh_server_and_registry_come_back_on_their_ports_with_their_content(stage: Stage) -> None:
    stage.registry.stop()
    stage.registry.start()
    with SshServer(stage.scratch("ssh"), stage.toolset, {"WHERE": "second"}) as server:
        server.stop()
        server.start()
        assert execute(server.command("echo", "$WHERE")).strip() == "second"
    assert PYTHON in stage.bases
    stage.bot.docker("pull", "--quiet", f"{stage.registry.address}/{PYTHON}")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_run_ended_from_outside_leaves_no_process_and_no_mount_once_the_next_began(end: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - no threads here
    ) as run:
        assert run.stdout is not None
        line = next(line for line in run.stdout if line.endswith("up\n"))
        places = [*(Path(word) for word in line.split()[:2]), own_directory().with_name(f"run-{run.pid}")]
        assert processes_of(places)
        os.kill(run.pid, end)
    if end is signal.SIGKILL:
        assert processes_of(places), "a killed run cannot clear away: the next one has to"
        with Stage(own_directory().with_name("run-next")):
            pass
    assert processes_of(places) == []
    assert [mount for place in places for mount in mounts_below(place)] == []
    assert not any(place.exists() for place in places)
