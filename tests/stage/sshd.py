"""A real OpenSSH server on a free loopback port, for the user who started it."""

import getpass
import os
import shutil
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.stage.commands import execute
from tests.stage.daemon import Daemon
from tests.stage.packages import Toolset
from tests.stage.ports import LOOPBACK, free_port

PRIVILEGE_SEPARATION = Path("/run/sshd")


class SshServer:
    """A server that lets in one key, and gives every session the variables it was told."""

    def __init__(
        self, directory: Path, toolset: Toolset, env: Mapping[str, str], within: Sequence[str | Path] = ()
    ) -> None:
        """Let `within` be a command that runs the server in surroundings of its own."""
        self.directory = directory
        self.port = free_port()
        self.user = getpass.getuser()
        self.key = directory / "client_key"
        self.host_key = directory / "host_key"
        self.known_hosts = directory / "known_hosts"
        self._toolset = toolset
        self._env = env
        self._within = [str(word) for word in within]
        self._daemon: Daemon | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self) -> None:
        """Start it and return once it answers; the port and the keys stay the same after a `stop`."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._make_keys()
        if os.geteuid() == 0:
            PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
        settings = self.directory / "sshd_config"
        settings.write_text("\n".join(self._settings()) + "\n")
        argv = [*self._within, self._toolset.program("sshd"), "-D", "-e", "-f", str(settings)]
        self._daemon = Daemon(argv, self.directory / "sshd.log", {"PATH": self._toolset.path})
        self._daemon.wait_until(self.answers)

    def stop(self) -> None:
        """End it and every session."""
        if self._daemon is not None:
            self._daemon.stop()
            self._daemon = None

    def answers(self) -> bool:
        """Tell whether it greets."""
        with suppress(OSError), socket.create_connection((LOOPBACK, self.port), timeout=2) as line:
            return line.recv(4) == b"SSH-"
        return False

    def command(self, *words: str) -> list[str]:
        """Build the ssh command that runs words on it."""
        options = {
            "IdentityFile": f'"{self.key}"',
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": f'"{self.known_hosts}"',
            "BatchMode": "yes",
            "Port": self.port,
        }
        settings = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return [self._toolset.program("ssh"), "-F", "none", *settings, f"{self.user}@{LOOPBACK}", "--", *words]

    def _make_keys(self) -> None:
        generate = self._toolset.program("ssh-keygen")
        for key in (self.key, self.host_key):
            if not key.exists():
                execute([generate, "-q", "-t", "ed25519", "-N", "", "-C", "stage", "-f", key])
        public = " ".join(self.host_key.with_suffix(".pub").read_text().split()[:2])
        self.known_hosts.write_text(f"[{LOOPBACK}]:{self.port} {public}\n")

    def _settings(self) -> list[str]:
        # A home of its own: what the machine's owner put into a shell's start-up files is not part of the server.
        given = {**self._env, "HOME": self.directory}
        variables = " ".join(f'"{name}={value}"' for name, value in given.items())
        return [
            f"ListenAddress {LOOPBACK}:{self.port}",
            f'HostKey "{self.host_key}"',
            f'PidFile "{self.directory}/sshd.pid"',
            f'AuthorizedKeysFile "{self.key}.pub"',
            "StrictModes no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            f"UsePAM {'yes' if self._locked() else 'no'}",
            f"AllowUsers {self.user}",
            "UseDNS no",
            "MaxStartups 200",
            "MaxSessions 100",
            "Subsystem sftp internal-sftp",
            f"SetEnv {variables}",
        ]

    def _locked(self) -> bool:
        """Tell whether the account has no password at all: sshd then asks PAM, or lets nobody in."""
        with suppress(OSError):
            for line in Path("/etc/shadow").read_text().splitlines():
                name, password, *_ = line.split(":")
                if name == self.user:
                    return password.startswith("!")
        return False
