"""Many separate hosts: each an engine with images of its own, and an SSH server that sees its own directory."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.stage.commands import StageError
from tests.stage.engine import Engine
from tests.stage.packages import Toolset
from tests.stage.sshd import SshServer

STARTING_AT_ONCE = 4
_OWN_VIEW = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'


@dataclass(frozen=True, slots=True)
class Member:
    """One host of a crowd."""

    name: str
    engine: Engine
    ssh: SshServer
    own: Path
    """What it sees as the crowd's directory."""

    @property
    def settings(self) -> dict[str, Any]:
        """Describe it as an operator would."""
        ssh = self.ssh
        known = {"key": str(ssh.key), "known_hosts": str(ssh.known_hosts)}
        return {"name": self.name, "address": "127.0.0.1", "port": ssh.port, "user": ssh.user, **known}


class Crowd:
    """`with Crowd(directory, toolset, 50) as crowd:`; needs root, for each host sees files of its own."""

    def __init__(self, directory: Path, toolset: Toolset, size: int) -> None:
        if not toolset.private:
            raise StageError("Separate hosts need engines of their own: run as root on Debian.")
        self.seen = directory / "seen"
        """The service's directory, as every host sees it."""
        self.members: Sequence[Member] = [self._member(directory, toolset, number) for number in range(1, size + 1)]
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        self.seen.mkdir(parents=True)
        try:
            with ThreadPoolExecutor(STARTING_AT_ONCE) as pool:
                list(pool.map(self._start, self.members))
        except BaseException:
            self._closing.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def _member(self, directory: Path, toolset: Toolset, number: int) -> Member:
        place = directory / f"host-{number:02d}"
        engine = Engine(place / "engine", toolset)
        within = ("unshare", "--mount", "sh", "-c", _OWN_VIEW, "view", place / "files", self.seen)
        return Member(place.name, engine, SshServer(place / "ssh", toolset, engine.env(), within), place / "files")

    def _start(self, member: Member) -> None:
        member.own.mkdir(parents=True)
        self._closing.callback(member.engine.stop)
        member.engine.launch()
        self._closing.callback(member.ssh.stop)
        member.ssh.start()
        member.engine.wait()
