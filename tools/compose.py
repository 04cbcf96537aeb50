"""Compose on a host: its file installed, one service moved at a time.

Nothing here removes a volume, or a container that ever ran.
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import PurePosixPath

from tools import files
from tools.effects import Effects
from tools.hosts import Argv, Host

UP_LIMIT = timedelta(minutes=5)
# Compose makes the new container as `<old id>_<name>` and renames it later. One that was killed in between leaves it
# there, and the next compose then removes the good container and stumbles over the name.
_CLEARED = """\
docker ps --all --quiet --filter "label=com.docker.compose.project=$1" \
  --filter "label=com.docker.compose.service=$2" --filter status=created --filter 'name=^[0-9a-f]{12}_' |
  while IFS= read -r container; do docker rm "$container" > /dev/null; done
shift 2
exec "$@"
"""


def compose(project: str, directory: PurePosixPath, file: PurePosixPath) -> Argv:
    """Build the beginning of every compose command: it depends on nobody's current directory."""
    return (
        *("docker", "compose", "--project-name", project, "--project-directory", str(directory)),
        *("--file", str(directory / file.name)),
    )


def up(base: Argv, service: str, variable: str, tag: str) -> Argv:
    """Build the command that recreates one service from an image already here, and leaves all others alone."""
    return (
        *("env", f"{variable}={tag}", *base),
        *("up", "--detach", "--no-deps", "--no-build", "--pull", "never", service),
    )


def cleared(project: str, service: str, argv: Argv) -> Argv:
    """Build the command that runs `argv` after it has removed what a killed compose had made and not yet started."""
    return ("sh", "-c", _CLEARED, "cleared", project, service, *argv)


def reading(base: Argv, variable: str, tag: str) -> Argv:
    """Build the command that reads the compose file with its env files as `up` would, and shows nothing of it."""
    return ("env", f"{variable}={tag}", *base, "config", "--quiet")


def stop(base: Argv, service: str, variable: str, tag: str) -> Argv:
    """Build the command that stops one service and keeps its container, its logs and its volumes."""
    return ("env", f"{variable}={tag}", *base, "stop", service)


def make_directories(directory: PurePosixPath, below: Sequence[PurePosixPath]) -> Argv:
    """Build the command that creates the directory and those below it where they are absent."""
    return ("mkdir", "-p", "--", str(directory), *(str(directory / path) for path in below))


class Compose:
    """One compose project in one directory of one host. Every effect is behind the fence of that directory."""

    def __init__(self, host: Host, directory: PurePosixPath, file: PurePosixPath, project: str) -> None:
        self._host = host
        self._directory = directory
        self._project = project
        self._effects = Effects(host, directory)
        self._base = compose(project, directory, file)
        self.file = directory / file.name
        """Where the compose file lies on the host; the one before it lies beside it as `.previous`."""
        self.previous = self.file.with_name(f"{file.name}.previous")

    async def up(self, service: str, variable: str, tag: str, fence: int) -> None:
        """Make one service run the given tag; does nothing where it already does, and mends a start that was cut off.

        Raises `Superseded` where a newer run holds the target.
        """
        command = cleared(self._project, service, up(self._base, service, variable, tag))
        await self._effects.do(command, fence, f"Starting {service} {tag}", limit=UP_LIMIT)

    async def stop(self, service: str, variable: str, tag: str, fence: int) -> None:
        """Stop one service that has nothing to go back to."""
        await self._effects.do(stop(self._base, service, variable, tag), fence, f"Stopping {service}", limit=UP_LIMIT)

    async def prepare(self, directories: Sequence[PurePosixPath], fence: int) -> None:
        """Create the directories that the service needs."""
        await self._effects.do(make_directories(self._directory, directories), fence, "Creating directories")

    def reading(self, variable: str, tag: str) -> Argv:
        """Build the command that reads the compose file which lies there, without an effect."""
        return reading(self._base, variable, tag)

    async def installed(self) -> bytes | None:
        """Return the compose file that is on the host now."""
        return await self._host.read(self.file)

    async def install(self, content: bytes, fence: int) -> None:
        """Put the compose file in place, and keep the one before it; does nothing where it is in place already."""
        current = await self.installed()
        if current == content:
            return
        if current is not None:
            await self._write(self.previous, current, fence)
        await self._write(self.file, content, fence)

    async def lacks(self, env_file: PurePosixPath | None) -> PurePosixPath | None:
        """Return the path of the env file where the host lacks it."""
        if env_file is None:
            return None
        path = self._directory / env_file
        present = await self._host.run(("test", "-f", str(path)))
        return None if present.ok else path

    async def _write(self, path: PurePosixPath, content: bytes, fence: int) -> None:
        command = files.write_command(path, 0o644, len(content))
        await self._effects.do(command, fence, f"Writing {path}", stdin=content)
