"""A Docker engine of our own, beside any other, that leaves nothing behind."""

import hashlib
import os
import shutil
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.stage import bridge, cgroups
from tests.stage.commands import StageError, execute
from tests.stage.daemon import Daemon
from tests.stage.packages import Toolset
from tests.stage.remains import end, processes_of, unmount_below

RUNTIME = Path("/run/shipmate")
"""Sockets and mounts: a short path, since a socket's path may have 107 bytes only."""
MACHINE_SOCKET = "unix:///var/run/docker.sock"


class Engine:
    """One private engine with its data below a folder; as another user than root, the engine that already answers."""

    def __init__(self, directory: Path, toolset: Toolset) -> None:
        self.directory = directory
        self.toolset = toolset
        self.runtime = RUNTIME / hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:8]
        self.socket = self.runtime / "docker.sock"
        self._daemon: Daemon | None = None

    def __enter__(self) -> Self:
        try:
            self.launch()
            self.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def host(self) -> str:
        """What DOCKER_HOST must be to reach it."""
        return f"unix://{self.socket}" if self.toolset.private else os.environ.get("DOCKER_HOST", MACHINE_SOCKET)

    def env(self) -> dict[str, str]:
        """Tell the variables with which any docker command, compose and buildx too, uses this engine."""
        return {"DOCKER_HOST": self.host, "DOCKER_CONFIG": str(self.directory / "client"), "PATH": self.toolset.path}

    def launch(self) -> None:
        """Start it; what an earlier run left in this folder is ended first."""
        if self.toolset.private:
            self.clear()
            # an engine that was killed remembers networks it had only begun to make, and then refuses to start
            shutil.rmtree(self.directory / "data" / "network", ignore_errors=True)
        client = self.directory / "client"
        client.mkdir(parents=True, exist_ok=True)
        if self.toolset.plugins is not None and not (client / "cli-plugins").exists():
            (client / "cli-plugins").symlink_to(self.toolset.plugins)
        if self.toolset.private:
            self.runtime.mkdir(parents=True)
            (self.runtime / "daemon.json").write_text("{}")
            cgroups.delegate()
            log = self.directory / "engine.log"
            self._daemon = Daemon(self._argv(bridge.claim(self.directory, self.toolset)), log, self._variables())

    def wait(self) -> None:
        """Return once it answers."""
        if self._daemon is not None:
            self._daemon.wait_until(self.answers)
            self._remove_containers()  # those an engine that was killed had left in its data
        elif not self.answers():
            raise StageError(f"No Docker engine answers at {self.host}. Start one, or run as root on Debian.")

    def stop(self, *, keep_data: bool = False) -> None:
        """End it with all its containers; the images stay only where asked."""
        if not self.toolset.private:
            return
        with suppress(StageError):
            self._remove_containers()
        if self._daemon is not None:
            self._daemon.stop()
            self._daemon = None
        self.clear()
        if not keep_data:
            shutil.rmtree(self.directory, ignore_errors=True)

    def clear(self) -> None:
        """End the processes, mounts and networks that belong to this folder, whoever started them."""
        end(processes_of((self.directory, self.runtime)))
        unmount_below(self.runtime)
        unmount_below(self.directory)
        shutil.rmtree(self.runtime, ignore_errors=True)
        if (claimed := bridge.claimed(self.directory, self.toolset)) is not None:
            claimed.release()
            (self.directory / "slot").unlink()

    def answers(self) -> bool:
        """Tell whether it answers."""
        if not self.toolset.private:
            with suppress(StageError):
                return bool(self.docker("version", "--format", "{{.Server.Version}}"))
            return False
        with socket.socket(socket.AF_UNIX) as line, suppress(OSError):
            line.settimeout(5)
            line.connect(self.host.removeprefix("unix://"))
            line.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return line.recv(64).startswith(b"HTTP/1.0 200")
        return False

    def docker(self, *words: str | Path, variables: Mapping[str, str] | None = None) -> str:
        """Run a docker command against it, with further variables, and return what it printed."""
        return execute([self.toolset.program("docker"), *words], env={**self.env(), **(variables or {})})

    def _remove_containers(self) -> None:
        if containers := self.docker("ps", "--all", "--quiet").split():
            self.docker("rm", "--force", "--volumes", *containers)
        self.docker("network", "prune", "--force")
        self.docker("volume", "prune", "--all", "--force")

    def _argv(self, network: bridge.Bridge) -> Sequence[str]:
        settings = {
            "data-root": self.directory / "data",
            "exec-root": self.runtime / "exec",
            "pidfile": self.runtime / "pid",
            "host": self.host,
            "group": os.getegid(),
            "config-file": self.runtime / "daemon.json",  # the machine's own is not read
            "bridge": network.name,
            "default-address-pool": f"base={network.range},size=26",
            "iptables": "false",
            "ip6tables": "false",
            "ip-masq": "false",
            "shutdown-timeout": "1",
        }
        return [self.toolset.program("dockerd"), *(f"--{name}={value}" for name, value in settings.items())]

    def _variables(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
        return {**kept, "PATH": self.toolset.path}
