"""Images on a host: pulled by digest, named by tag, archived for the day the registry is gone."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath

from tools.errors import Denied, Garbled, NotFound, ToolError, Unreachable
from tools.hosts import Argv, Completed, Host
from tools.registry_login import login_remedy, registry_of

PULL_LIMIT = timedelta(minutes=15)
_FORMAT = '{"id":{{json .ID}},"digests":{{json .RepoDigests}},"tags":{{json .RepoTags}},"size":{{json .Size}}}'
_REFUSED = ("denied", "unauthorized", "no basic auth credentials", "authentication required")
_UNKNOWN = ("not found", "manifest unknown", "does not exist")
_SILENT = (
    "connection refused",
    "no such host",
    "i/o timeout",
    "timeout exceeded",
    "deadline exceeded",
    "TLS handshake",
)
# Written beside its place and moved there whole; the oldest beyond the number kept go. "@" is in no image name.
_ARCHIVE = """\
set -eu
umask 077
mkdir -p -- "$1"
docker save --output "$1/$2@$3.tar.part" "$4"
sync -- "$1/$2@$3.tar.part" 2>/dev/null || sync
mv -f -- "$1/$2@$3.tar.part" "$1/$2@$3.tar"
ls -1t -- "$1/$2@"*.tar | tail -n "+$(($5 + 1))" | while IFS= read -r old; do rm -f -- "$old"; done
"""
# One visit: the image gets its name, and both are looked at.
_NAME = """\
docker image tag "$1" "$2" || exit
exec docker image inspect --format "$3" "$1" "$2"
"""
_NOT_HERE = "No such image"
_LISTED = (
    'docker image ls --no-trunc --quiet --filter "reference=$1" | sort -u | xargs -r docker image inspect --format "$2"'
)
_USED = "docker ps --all --quiet --no-trunc | xargs -r docker inspect --format '{{.Image}}'"
# Taking the last tag away takes the digests with it: what is gone already is no failure.
_REMOVED = """\
failed=0
for name; do
  docker image rm "$name" > /dev/null 2>&1 && continue
  if docker image inspect --format x "$name" > /dev/null 2>&1; then echo "$name is still used" >&2; failed=1; fi
done
exit "$failed"
"""


@dataclass(frozen=True, slots=True)
class HostImage:
    """An image as one host has it."""

    id: str
    digests: tuple[str, ...] = ()
    """`repository@sha256:...` for each registry that it came from."""
    tags: tuple[str, ...] = ()
    size_bytes: int = 0

    def digest_of(self, repository: str) -> str | None:
        """Return the digest under which a registry's repository has this image."""
        return next((d.partition("@")[2] for d in self.digests if d.partition("@")[0] == repository), None)


def inspected(reference: str) -> Argv:
    """Build the command that describes an image."""
    return ("docker", "image", "inspect", "--format", _FORMAT, reference)


def pulled(reference: str) -> Argv:
    """Build the command that fetches an image."""
    return ("docker", "pull", "--quiet", reference)


def tagged(reference: str, name: str) -> Argv:
    """Build the command that gives an image a further name."""
    return ("docker", "image", "tag", reference, name)


def named(reference: str, name: str) -> Argv:
    """Build the command that gives an image a further name and describes what both then mean."""
    return ("sh", "-c", _NAME, "named", reference, name, _FORMAT)


def archived(reference: str, directory: PurePosixPath, keep: int) -> Argv:
    """Build the command that saves an image as `<directory>/<name>@<tag>.tar` and keeps the newest of that name."""
    repository, _, tag = reference.rpartition(":")
    name = repository.rpartition("/")[2]
    return ("sh", "-c", _ARCHIVE, "archive", str(directory), name, tag, reference, str(keep))


def image_in(text: str) -> HostImage:
    """Read the answer of `inspected`."""
    try:
        raw = json.loads(text)
        return HostImage(raw["id"], tuple(raw["digests"] or ()), tuple(raw["tags"] or ()), raw["size"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Garbled(f"The engine's description of an image could not be understood: {error}") from error


def pull_failure(reference: str, host: str, answer: Completed) -> ToolError | None:
    """Tell why an image could not be fetched; None where the reason is not one of the known ones."""
    said = answer.stderr.strip() or answer.stdout.strip()
    if any(word in said for word in _REFUSED):
        return Denied(f"{host} may not pull {reference}: {said}.", remedy=login_remedy(registry_of(reference), host))
    if any(word in said for word in _UNKNOWN):
        return NotFound(f"{reference} does not exist: {said}.", remedy="Check that the image was pushed.")
    if any(word in said for word in _SILENT):
        return Unreachable(
            f"{host} cannot reach the registry {registry_of(reference)}: {said}.",
            remedy=f"On {host}, check the network and DNS: `docker pull {reference}`",
        )
    return None


class HostImages:
    """The images of one host."""

    def __init__(self, host: Host, fetch: Callable[[str], Awaitable[object]] | None = None) -> None:
        """Let `fetch` bring images where the host is the bot's own machine: with the bot's login, stored nowhere."""
        self._host = host
        self._fetch = fetch

    @property
    def host(self) -> Host:
        """The host that the images are on."""
        return self._host

    async def image(self, reference: str) -> HostImage | None:
        """Describe an image; None where the host does not have it."""
        answer = await self._host.run(inspected(reference))
        if not answer.ok and _NOT_HERE in answer.stderr:
            return None
        return image_in(answer.require(f"Describing {reference} on {self._host.name}").stdout)

    async def ensure(self, repository: str, digest: str, tag: str) -> HostImage:
        """Make `repository:tag` mean exactly this digest on the host; pulls only where the digest is not there yet.

        Raises `Denied` with the login command, `NotFound`, `Unreachable`, or `Garbled` where the tag means something
        else afterwards.
        """
        exact, name = f"{repository}@{digest}", f"{repository}:{tag}"
        meant = await self._named(exact, name)
        if not meant:
            await self.pull(exact)
            meant = await self._named(exact, name)
        if len({image.id for image in meant}) != 1:
            raise Garbled(
                f"On {self._host.name}, {name} is not the image with digest {digest}.",
                standing="The running service was not touched.",
                remedy="Somebody tags images there at the same moment; release again.",
            )
        return meant[-1]

    async def pull(self, reference: str) -> None:
        """Fetch an image from its registry."""
        if self._fetch:
            await self._fetch(reference)
            return
        answer = await self._host.run(pulled(reference), timeout=PULL_LIMIT)
        if answer.ok:
            return
        failure = pull_failure(reference, self._host.name, answer)
        if failure is not None:
            raise failure
        answer.require(f"Pulling {reference} on {self._host.name}")

    async def tag(self, reference: str, name: str) -> None:
        """Give an image a further name."""
        (await self._host.run(tagged(reference, name))).require(f"Tagging {name} on {self._host.name}")

    async def _named(self, reference: str, name: str) -> tuple[HostImage, ...]:
        """Give an image a further name; returns both as they then are, nothing where the host lacks the image."""
        answer = await self._host.run(named(reference, name))
        if not answer.ok and _NOT_HERE in answer.stderr:
            return ()
        answer.require(f"Tagging {name} on {self._host.name}")
        return tuple(image_in(line) for line in answer.stdout.splitlines())

    async def archive(self, reference: str, directory: PurePosixPath, keep: int) -> None:
        """Save `repository:tag` as a tar and keep the newest ones of that name; with `keep` 0 do nothing."""
        if keep == 0:
            return
        answer = await self._host.run(archived(reference, directory, keep), timeout=PULL_LIMIT)
        answer.require(f"Archiving {reference} on {self._host.name}")

    async def listed(self, repository: str) -> tuple[HostImage, ...]:
        """List the images of one repository, those without a tag too."""
        answer = await self._host.run(("sh", "-c", _LISTED, "listed", repository, _FORMAT))
        found = answer.require(f"Listing images on {self._host.name}").stdout
        return tuple(image_in(line) for line in found.splitlines())

    async def used(self) -> frozenset[str]:
        """Name by their ids the images that containers were made from, whether they run or not."""
        answer = await self._host.run(("sh", "-c", _USED))
        return frozenset(answer.require(f"Listing containers on {self._host.name}").stdout.split())

    async def remove(self, names: Sequence[str]) -> None:
        """Take names off images, and what has none left off the disk; never by force. Raises `CommandFailed`."""
        if names:
            answer = await self._host.run(("sh", "-c", _REMOVED, "removed", *names), timeout=PULL_LIMIT)
            answer.require(f"Removing images on {self._host.name}")

    async def root(self) -> PurePosixPath:
        """Tell the directory in which the engine keeps its images."""
        answer = await self._host.run(("docker", "info", "--format", "{{.DockerRootDir}}"))
        return PurePosixPath(answer.require(f"Asking the engine on {self._host.name}").stdout.strip())
