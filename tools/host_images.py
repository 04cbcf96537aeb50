"""Images on a host: pulled by digest, named by tag, archived for the day the registry is gone."""

import json
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Literal

from tools.errors import Garbled
from tools.hosts import Argv, Host
from tools.manifests import Chain, chains_in
from tools.pull_failure import pull_failure

Way = Literal["pull", "tunnel", "copy", "own"]
"""The host pulls by itself, or through the bot, or is sent a copy; `own`: the bot pulls on its own machine."""
PULL_LIMIT = timedelta(minutes=15)
_FORMAT = '{"id":{{json .ID}},"digests":{{json .RepoDigests}},"tags":{{json .RepoTags}},"size":{{json .Size}}}'
_MARK = re.compile(r"sha256-[0-9a-f]{64}")
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
found=$1
docker image tag "$found" "$2" 2> /dev/null || { found=$4; docker image tag "$found" "$2" || exit; }
exec docker image inspect --format "$3" "$found" "$2"
"""
_NOT_HERE = "No such image"
_LISTED = (
    'docker image ls --no-trunc --quiet --filter "reference=$1" | sort -u | xargs -r docker image inspect --format "$2"'
)
_LAYERS = (
    "docker image ls --no-trunc --quiet | sort -u | xargs -r docker image inspect --format '{{json .RootFS.Layers}}'"
)
_MACHINE = ("docker", "version", "--format", "{{.Server.Os}}/{{.Server.Arch}}")
_STOCK = f"""\
docker info --format '{{{{.DockerRootDir}}}}' || exit
docker version --format '{{{{.Server.Os}}}}/{{{{.Server.Arch}}}}' || exit
echo $(ls /proc/sys/fs/binfmt_misc 2> /dev/null)
{_LAYERS}
"""
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

    @property
    def exact(self) -> tuple[str, ...]:
        """List `repository@sha256:...` for all that it is known to be, however it came here.

        Marks come first: engines with containerd's store make up a digest of their own for what was loaded.
        """
        marked = (_marked(tag) for tag in self.tags)
        return tuple(dict.fromkeys((*(reference for reference in marked if reference), *self.digests)))

    def digest_of(self, repository: str) -> str | None:
        """Return the digest under which a registry's repository has this image."""
        return next((d.partition("@")[2] for d in self.exact if d.partition("@")[0] == repository), None)


def mark_of(reference: str) -> str:
    """Name `repository@sha256:...` by a tag, as an engine keeps it that did not get it from that repository itself.

    Engines remember digests for the registry they pulled from only. The tag is given to nothing but content that
    was held against the digest.
    """
    repository, _, digest = reference.partition("@")
    return f"{repository}:{digest.replace(':', '-')}"


def _marked(tag: str) -> str | None:
    """Read a tag that `mark_of` made; None for any other."""
    repository, _, name = tag.rpartition(":")
    return f"{repository}@{name.replace('-', ':', 1)}" if _MARK.fullmatch(name) else None


def inspected(*references: str) -> Argv:
    """Build the command that describes images; those that are there, where some are not."""
    return ("docker", "image", "inspect", "--format", _FORMAT, *references)


def pulled(reference: str) -> Argv:
    """Build the command that fetches an image."""
    return ("docker", "pull", "--quiet", reference)


def tagged(reference: str, name: str) -> Argv:
    """Build the command that gives an image a further name."""
    return ("docker", "image", "tag", reference, name)


def named(reference: str, name: str) -> Argv:
    """Build the command that gives an image a further name and describes what both then mean."""
    return ("sh", "-c", _NAME, "named", reference, name, _FORMAT, mark_of(reference))


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


@dataclass(frozen=True, slots=True)
class Arrival:
    """How an image came to a host."""

    way: Way
    why: str = ""
    """Why not by the way that is tried before it."""
    sent_bytes: int | None = None
    """What the bot sent; None where the host got it elsewhere."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What an engine has, and where."""

    root: PurePosixPath
    """Directory in which it keeps its images."""
    platform: str
    chains: tuple[Chain, ...]
    """The layers of every image."""
    emulated: Collection[str] = ()
    """Emulators of foreign programs, as the host's kernel names them."""


class HostImages:
    """The images of one host."""

    def __init__(self, host: Host, bring: Callable[["HostImages", str], Awaitable[Arrival]] | None = None) -> None:
        """Let `bring` decide how an image gets here; the host pulls by itself where there is nobody else."""
        self._host = host
        self._bring = bring

    @property
    def host(self) -> Host:
        """The host that the images are on."""
        return self._host

    @property
    def name(self) -> str:
        """The name by which plans and people call the host."""
        return self._host.name

    async def image(self, reference: str) -> HostImage | None:
        """Describe an image; None where the host does not have it."""
        names = (reference, mark_of(reference)) if "@" in reference else (reference,)
        answer = await self._host.run(inspected(*names))
        if not answer.ok and not answer.stdout.strip() and _NOT_HERE in answer.stderr:
            return None
        found = (
            answer.stdout if answer.stdout.strip() else answer.require(f"Describing {reference} on {self.name}").stdout
        )
        return image_in(found.splitlines()[0])

    async def ensure(self, repository: str, digest: str, tag: str) -> HostImage:
        """Make `repository:tag` mean exactly this digest on the host; pulls only where the digest is not there yet.

        Raises `Denied` with the login command, `NotFound`, `Unreachable`, or `Garbled` where the tag means something
        else afterwards.
        """
        exact, name = f"{repository}@{digest}", f"{repository}:{tag}"
        meant = await self._named(exact, name)
        if not meant:
            await self.bring(exact)
            meant = await self._named(exact, name)
        if len({image.id for image in meant}) != 1:
            raise Garbled(
                f"On {self.name}, {name} is not the image with digest {digest}.",
                standing="The running service was not touched.",
                remedy="Somebody tags images there at the same moment; release again.",
            )
        return meant[-1]

    async def bring(self, reference: str) -> Arrival:
        """Fetch an image by the first way that works; raises why none did."""
        if self._bring:
            return await self._bring(self, reference)
        await self.pull(reference)
        return Arrival("pull")

    async def pull(self, reference: str) -> None:
        """Let the host fetch an image from its registry."""
        answer = await self._host.run(pulled(reference), timeout=PULL_LIMIT)
        if answer.ok:
            return
        failure = pull_failure(reference, self.name, answer)
        if failure is not None:
            raise failure
        answer.require(f"Pulling {reference} on {self.name}")

    async def platform(self) -> str:
        """Tell what the host's engine runs: `linux/amd64`."""
        return (await self._host.run(_MACHINE)).require(f"Asking the engine on {self.name}").stdout.strip()

    async def stock(self) -> Stock:
        """Tell where the engine keeps its images, what it can run, and which layers it has."""
        answer = (await self._host.run(("sh", "-c", _STOCK))).require(f"Asking the engine on {self.name}")
        root, platform, emulated, chains = (*answer.stdout.split("\n", 3), "", "", "")[:4]
        if not root.startswith("/"):
            raise Garbled(f"The engine on {self.name} answered {root[:80]!r} when asked where its images are.")
        return Stock(PurePosixPath(root), platform, tuple(chains_in(chains)), frozenset(emulated.split()))

    async def tag(self, reference: str, name: str) -> None:
        """Give an image a further name."""
        (await self._host.run(tagged(reference, name))).require(f"Tagging {name} on {self.name}")

    async def _named(self, reference: str, name: str) -> tuple[HostImage, ...]:
        """Give an image a further name; returns both as they then are, nothing where the host lacks the image."""
        answer = await self._host.run(named(reference, name))
        if not answer.ok and _NOT_HERE in answer.stderr:
            return ()
        answer.require(f"Tagging {name} on {self.name}")
        return tuple(image_in(line) for line in answer.stdout.splitlines())

    async def archive(self, reference: str, directory: PurePosixPath, keep: int) -> None:
        """Save `repository:tag` as a tar and keep the newest ones of that name; with `keep` 0 do nothing."""
        if keep == 0:
            return
        answer = await self._host.run(archived(reference, directory, keep), timeout=PULL_LIMIT)
        answer.require(f"Archiving {reference} on {self.name}")

    async def listed(self, repository: str) -> tuple[HostImage, ...]:
        """List the images of one repository, those without a tag too."""
        answer = await self._host.run(("sh", "-c", _LISTED, "listed", repository, _FORMAT))
        found = answer.require(f"Listing images on {self.name}").stdout
        return tuple(image_in(line) for line in found.splitlines())

    async def used(self) -> frozenset[str]:
        """Name by their ids the images that containers were made from, whether they run or not."""
        answer = await self._host.run(("sh", "-c", _USED))
        return frozenset(answer.require(f"Listing containers on {self.name}").stdout.split())

    async def remove(self, names: Sequence[str]) -> None:
        """Take names off images, and what has none left off the disk; never by force. Raises `CommandFailed`."""
        if names:
            answer = await self._host.run(("sh", "-c", _REMOVED, "removed", *names), timeout=PULL_LIMIT)
            answer.require(f"Removing images on {self.name}")

    async def root(self) -> PurePosixPath:
        """Tell the directory in which the engine keeps its images."""
        answer = await self._host.run(("docker", "info", "--format", "{{.DockerRootDir}}"))
        return PurePosixPath(answer.require(f"Asking the engine on {self.name}").stdout.strip())
