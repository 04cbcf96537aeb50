"""Ways of bringing a version onto hosts: what people use instead of Shipmate, each as its own manual tells it.

All of them fetch the image where it is missing, let compose replace the service, and return once it is healthy.
"""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.stage.sshd import SshServer

LIMIT_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Spot:
    """A host as a tool sees it, with the compose project in one directory of it."""

    name: str
    directory: Path
    project: str
    variables: Mapping[str, str]
    """What its compose file asks for beside the tag."""
    ssh: SshServer


@dataclass(frozen=True, slots=True)
class Fleet:
    """Hosts that run the same service."""

    spots: tuple[Spot, ...]
    service: str
    file: str
    scratch: Path
    at_once: int = 1
    """How many hosts are worked on side by side."""


Way = Callable[[Fleet, str], None]
"""Brings a version onto all hosts, and returns once they all run it; raises `CalledProcessError` where one does not."""


def plain(fleet: Fleet, version: str) -> None:
    """Run `docker compose up --wait` by ssh, a connection per host."""
    with ThreadPoolExecutor(fleet.at_once) as pool:
        list(pool.map(lambda spot: _run(spot.ssh.command(_up(fleet, spot, version)), fleet), fleet.spots))


def ansible(fleet: Fleet, version: str, program: Path) -> None:
    """Run a playbook with `community.docker.docker_compose_v2`, pipelined, and without gathering facts."""
    inventory, playbook = fleet.scratch / "inventory.json", fleet.scratch / "playbook.json"
    hosts = {
        spot.name: {
            **_ansible_login(spot.ssh),
            "directory": str(spot.directory),
            "project": spot.project,
            "given": {**spot.variables, "IMAGE_TAG": version},
        }
        for spot in fleet.spots
    }
    composed = {
        "project_src": "{{ directory }}",
        "project_name": "{{ project }}",
        "files": [fleet.file],
        "services": [fleet.service],
        "dependencies": False,
        "wait": True,
    }
    task = {"community.docker.docker_compose_v2": composed, "environment": "{{ given }}"}
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    words = (program, "--inventory", inventory, "--forks", str(fleet.at_once), playbook)
    _run(words, fleet, ANSIBLE_PIPELINING="True", ANSIBLE_HOME=str(fleet.scratch / "ansible"))


def pyinfra(fleet: Fleet, version: str, program: Path) -> None:
    """Run a deploy of one `server.shell` operation."""
    hosts = [(spot.name, {**_pyinfra_login(spot.ssh), "line": _up(fleet, spot, version)}) for spot in fleet.spots]
    inventory, deploy = fleet.scratch / "inventory.py", fleet.scratch / "deploy.py"
    inventory.write_text(f"hosts = {hosts!r}\n")
    deploy.write_text(
        "from pyinfra import host\nfrom pyinfra.operations import server\n\nserver.shell(commands=[host.data.line])\n"
    )
    _run((program, "--yes", "--parallel", str(fleet.at_once), inventory, deploy), fleet)


def _ansible_login(ssh: SshServer) -> dict[str, object]:
    return {
        "ansible_host": "127.0.0.1",
        "ansible_port": ssh.port,
        "ansible_user": ssh.user,
        "ansible_ssh_private_key_file": str(ssh.key),
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={ssh.known_hosts} -o IdentitiesOnly=yes",
        "ansible_python_interpreter": sys.executable,
    }


def _pyinfra_login(ssh: SshServer) -> dict[str, object]:
    return {
        "ssh_hostname": "127.0.0.1",
        "ssh_port": ssh.port,
        "ssh_user": ssh.user,
        "ssh_key": str(ssh.key),
        "ssh_known_hosts_file": str(ssh.known_hosts),
    }


def _up(fleet: Fleet, spot: Spot, version: str) -> str:
    given = " ".join(f"{name}={shlex.quote(value)}" for name, value in {**spot.variables, "IMAGE_TAG": version}.items())
    place = shlex.quote(str(spot.directory))
    compose = f"docker compose --project-name {spot.project} --project-directory {place} --file {place}/{fleet.file}"
    return f"env {given} {compose} up --detach --no-deps --wait {fleet.service}"


def _run(words: Sequence[str | Path], fleet: Fleet, **variables: str) -> None:
    argv = [str(word) for word in words]
    environment = {**os.environ, "HOME": str(fleet.scratch), **variables}
    subprocess.run(argv, check=True, capture_output=True, cwd=fleet.scratch, env=environment, timeout=LIMIT_SECONDS)
