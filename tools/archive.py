"""Images kept as tar files on their host, for the day when an image and its registry are both gone."""

from datetime import timedelta
from pathlib import PurePosixPath

from tools.errors import Garbled, NotFound
from tools.hosts import Argv, Host

DIRECTORY = "archive"
LOAD_LIMIT = timedelta(minutes=15)
_SIZE = '[ -f "$1" ] && wc -c < "$1" || echo none'


def size_of(archive: PurePosixPath) -> Argv:
    """Build the command that tells how large an archive is."""
    return ("sh", "-c", _SIZE, "size", str(archive))


def loaded(archive: PurePosixPath) -> Argv:
    """Build the command that makes images of an archive again."""
    return ("docker", "load", "--quiet", "--input", str(archive))


class Archive:
    """The archives of one service on one host."""

    def __init__(self, host: Host, directory: PurePosixPath) -> None:
        self._host = host
        self._directory = directory / DIRECTORY

    def of(self, repository: str, tag: str) -> PurePosixPath:
        """Name the archive of an image, as `HostImages.archive` writes it."""
        return self._directory / f"{repository.rpartition('/')[2]}@{tag}.tar"

    async def size_bytes(self, repository: str, tag: str) -> int | None:
        """Tell how large an archive is; None where there is none."""
        answer = (await self._host.run(size_of(self.of(repository, tag)))).require(
            f"Looking for an archive on {self._host.name}"
        )
        told = answer.stdout.strip()
        if told != "none" and not told.isdecimal():
            raise Garbled(f"{self._host.name} told {told[:80]!r} for the size of an archive.")
        return None if told == "none" else int(told)

    async def bring_back(self, image_id: str, repository: str, tag: str) -> None:
        """Load exactly this image; raises `NotFound` where no archive has it."""
        archive = self.of(repository, tag)
        answer = await self._host.run(loaded(archive), timeout=LOAD_LIMIT)
        there = await self._host.run(("docker", "image", "inspect", "--format", "{{.Id}}", image_id))
        if not answer.ok or not there.ok:
            why = "holds another image of that name" if answer.ok else "could not be loaded"
            raise NotFound(
                f"The image {repository}:{tag} is gone from {self._host.name}, and {archive} {why}.",
                standing="The former version cannot be started.",
                remedy=f"Pull or load the image {image_id} there, tag it {repository}:{tag}, and roll back again.",
            )
