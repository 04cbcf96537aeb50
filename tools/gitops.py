"""The deployment repository: which images a branch names, and new ones written as one commit.

A write names what it expects to stand there. When somebody else was quicker, the
file is read again and the change made again on top; when that somebody changed
the same image, it is a conflict, and theirs stays.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from config.targets import GitopsTarget
from tools.clock import Clock
from tools.errors import TimedOut
from tools.github_client import GithubClient
from tools.github_files import CommitLine, FileContent, GithubFile, Landed, Log, Raced, Replacement
from tools.gitops_pins import Pin, edited, pins

TRAILER = "Shipmate-Release"
_LIMIT = timedelta(minutes=1)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0


@dataclass(frozen=True, slots=True)
class Standing:
    """The deployment file at one commit."""

    commit: str
    text: str
    pins: Mapping[str, Pin]
    """Component -> the image it names."""


@dataclass(frozen=True, slots=True)
class Change:
    """What must stand there for the change to be made, and what shall stand there then."""

    before: Pin
    after: Pin


@dataclass(frozen=True, slots=True)
class Written:
    """What was wanted stands in the file. `commit` brought it there, in `attempts` tries."""

    commit: str
    attempts: int
    fresh: bool = True
    """False: it stood there before, by this release's own earlier commit or by somebody's hand."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody else changed the same image since it was read; theirs was left alone, and nothing was written."""

    component: str
    expected: Pin
    found: Pin
    commit: str
    author: str

    @property
    def told(self) -> str:
        """Say what happened and what to do, in a sentence each."""
        return (
            f"{self.component} should be at {self.expected}, but {self.author} set it to {self.found} "
            f"({self.commit[:8]}). Nothing was written. Release again: the new plan starts from what stands there now."
        )


class DeploymentRepository:
    """The file of a GitOps target, `target.file`, on its branch."""

    def __init__(
        self,
        client: GithubClient,
        target: GitopsTarget,
        clock: Clock,
        limit: timedelta = _LIMIT,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._file = GithubFile(client, target.repository, target.branch, str(target.file))
        self._target = target
        self._clock = clock
        self._limit = limit
        self._jitter = jitter

    async def standing(self, commit: str | None = None) -> Standing:
        """Read the images that the branch's newest commit names, or those of an earlier commit.

        Raises `NotFound` for a missing file or place, `Garbled` for a file that is no YAML.
        """
        at = commit or await self._file.head()
        content = await self._file.read(at)
        return Standing(at, content.text, pins(content.text, self._target.file, self._target.images))

    async def writable(self) -> bool:
        """Tell whether the token may write there."""
        return await self._file.writable()

    async def contains(self, head: str, commit: str) -> bool:
        """Tell whether a commit of the deployment repository is `commit` or came after it."""
        return await self._file.contains(head, commit)

    async def write(self, key: str, subject: str, changes: Mapping[str, Change]) -> Written | Conflict:
        """Make all changes as one commit whose message carries `key`; a repeated write finds that commit.

        A rollback is a write too, under a key of its own, with `before` and `after` the other way round.
        Raises `TimedOut` when others kept being quicker, `Denied` where the branch may not be written.
        """
        end = self._clock.monotonic() + self._limit.total_seconds()
        attempts, again = 0, False
        while True:
            attempts += 1
            decide = _decision(self._target, key, subject, changes, again)
            landed: Landed | Raced | CommitLine | Conflict = await self._file.replace(decide)
            if isinstance(landed, Conflict):
                return landed
            if isinstance(landed, Landed):
                return Written(landed.commit, attempts)
            if isinstance(landed, CommitLine):
                return Written(landed.sha, attempts, fresh=again)
            again = True
            await self._pause(attempts, end, landed)

    async def _pause(self, attempts: int, end: float, raced: Raced) -> None:
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempts, 10))
        pause = longest * self._jitter()
        if self._clock.monotonic() + pause > end:
            raise TimedOut(
                f"Others kept changing {self._file.place} for {self._limit}: {raced.reason}",
                standing=f"Nothing was written, after {attempts} attempts.",
                remedy="See who writes to the deployment repository that often, then release again.",
            )
        await self._clock.sleep(timedelta(seconds=pause))


def message(key: str, subject: str) -> str:
    """Write the message of a commit, with the line by which it is found again."""
    return f"{subject}\n\n{TRAILER}: {key}\n"


def _decision(
    target: GitopsTarget, key: str, subject: str, changes: Mapping[str, Change], again: bool
) -> Callable[[FileContent, Log], Replacement | CommitLine | Conflict]:
    def decide(content: FileContent, log: Log) -> Replacement | CommitLine | Conflict:
        found = pins(content.text, target.file, {name: target.images[name] for name in changes})
        strays = [name for name, change in changes.items() if found[name] not in (change.before, change.after)]
        waiting = [name for name, change in changes.items() if found[name] != change.after]
        past = log() if strays or not waiting or not again else ()
        own = _own(key, past)
        if not waiting:
            return own or past[0]
        if own or strays:
            return _conflict((strays or waiting)[0], changes, found, past, own)
        text = edited(content.text, target.file, target.images, {name: one.after for name, one in changes.items()})
        return Replacement(text, message(key, subject))

    return decide


def _own(key: str, log: tuple[CommitLine, ...]) -> CommitLine | None:
    line = f"{TRAILER}: {key}"
    return next((commit for commit in log if line in commit.message.splitlines()), None)


def _conflict(
    name: str,
    changes: Mapping[str, Change],
    found: Mapping[str, Pin],
    past: tuple[CommitLine, ...],
    own: CommitLine | None,
) -> Conflict:
    """Tell whose image stands there; where our own commit is among the past, it was undone after it had landed."""
    change = changes[name]
    return Conflict(name, change.after if own else change.before, found[name], past[0].sha, past[0].author)
