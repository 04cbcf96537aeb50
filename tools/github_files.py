"""One file on a branch of a GitHub repository: read, and written only over the content that was read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from github import Github, GithubException
from github.Commit import Commit
from github.ContentFile import ContentFile
from github.Repository import Repository

from tools.errors import Denied, Garbled, NotFound
from tools.github_client import GithubClient

Decided = TypeVar("Decided")

_RACES = frozenset({409, 422})
_REFUSED = 403
_INCOMPLETE = 422
_PROTECTION = ("protected branch", "must be made through a pull request", "rule violation", "required status check")
_LOG_LENGTH = 100
_STANDING = "Whether it was written is seen when it is tried again."


@dataclass(frozen=True, slots=True)
class CommitLine:
    """One commit that touched a file."""

    sha: str
    author: str
    message: str


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a file holds; `sha` names this content."""

    sha: str
    text: str


@dataclass(frozen=True, slots=True)
class Replacement:
    """What shall stand there instead, and the message of its commit."""

    text: str
    message: str


@dataclass(frozen=True, slots=True)
class Landed:
    """The commit that was made."""

    commit: str


@dataclass(frozen=True, slots=True)
class Raced:
    """Somebody else wrote the file, or moved the branch, in between: nothing was written."""

    reason: str


Log = Callable[[], tuple[CommitLine, ...]]
"""Asks for the newest commits that touched the file."""


class GithubFile:
    """One file, `path`, on one branch of `owner/name`. A commit that it makes replaces what was read right before."""

    def __init__(self, client: GithubClient, repository: str, branch: str, path: str) -> None:
        self._client = client
        self._name = repository
        self._branch = branch
        self._path = path

    @property
    def place(self) -> str:
        """Say which file it is."""
        return f"{self._path} in {self._name} ({self._branch})"

    async def writable(self) -> bool:
        """Tell whether the login may write the repository.

        `permissions.push` tells what the person may do, not what their token may: a request that asks for nothing is
        refused as incomplete (422) to who may write, and as forbidden to who may not.
        """

        def question(github: Github) -> bool:
            status, _, _ = github.requester.requestJson("POST", f"/repos/{self._name}/git/refs", input={})
            return status == _INCOMPLETE

        return await self._ask(f"Looking at the permissions on {self._name}", question)

    async def head(self) -> str:
        """Tell the newest commit of the branch."""

        def question(github: Github) -> str:
            return self._repository(github).get_branch(self._branch).commit.sha

        return await self._ask(f"Looking for the branch {self._branch} of {self._name}", question)

    async def read(self, commit: str) -> FileContent:
        """Read the file as a commit has it."""

        def question(github: Github) -> FileContent:
            return self._content(self._repository(github), commit)

        return await self._ask(f"Reading {self.place}", question)

    async def log(self) -> tuple[CommitLine, ...]:
        """List the newest 100 commits that touched the file, newest first."""

        def question(github: Github) -> tuple[CommitLine, ...]:
            return self._log(self._repository(github))

        return await self._ask(f"Reading the history of {self.place}", question)

    async def contains(self, head: str, commit: str) -> bool:
        """Tell whether a commit is another one or lies before it."""

        def question(github: Github) -> bool:
            return self._repository(github).compare(commit, head).behind_by == 0

        return head == commit or await self._ask(f"Comparing {commit[:12]} with {head[:12]} in {self._name}", question)

    async def replace(self, decide: Callable[[FileContent, Log], Replacement | Decided]) -> Landed | Raced | Decided:
        """Read the file, let `decide` say what shall become of it, and write that: as one commit, or not at all.

        Returns what was decided where that is no replacement.
        """

        def question(github: Github) -> Landed | Raced | Decided:
            repository = self._repository(github)
            before = self._content(repository, self._branch)
            wanted = decide(before, lambda: self._log(repository))
            return self._put(repository, before, wanted) if isinstance(wanted, Replacement) else wanted

        return await self._ask(f"Writing {self.place}", question, _STANDING)

    def _put(self, repository: Repository, before: FileContent, wanted: Replacement) -> Landed | Raced:
        try:
            answer = repository.update_file(
                self._path, wanted.message, wanted.text.encode(), before.sha, branch=self._branch
            )
        except GithubException as error:
            said = str((error.data or {}).get("message", "")) if isinstance(error.data, dict) else ""
            if _is_protected(said) or error.status == _REFUSED:
                raise self._refused(said) from error
            if error.status not in _RACES:
                raise
            return Raced(said or f"status {error.status}")
        commit = answer["commit"]
        return Landed(commit.sha)

    def _content(self, repository: Repository, ref: str) -> FileContent:
        found = repository.get_contents(self._path, ref=ref)
        if not isinstance(found, ContentFile) or found.encoding != "base64":
            raise Garbled(
                f"{self.place} is no file of less than 1 MB.",
                standing="Nothing was written.",
                remedy="Correct `target.file` of the environment.",
            )
        try:
            return FileContent(found.sha, found.decoded_content.decode())
        except UnicodeDecodeError as error:
            raise Garbled(f"{self.place} is no UTF-8 text.", standing="Nothing was written.") from error

    def _log(self, repository: Repository) -> tuple[CommitLine, ...]:
        commits: Iterable[Commit] = repository.get_commits(sha=self._branch, path=self._path)[:_LOG_LENGTH]
        return tuple(CommitLine(one.sha, one.commit.author.name, one.commit.message) for one in commits)

    def _refused(self, said: str) -> Denied:
        if _is_protected(said):
            return Denied(
                f"The branch {self._branch} of {self._name} is protected: {said}",
                standing="Nothing was written.",
                remedy="Let Shipmate's token bypass the rule, or give its own branch in `target.branch`.",
            )
        return Denied(
            f"GitHub refuses to write {self.place}: {said}",
            standing="Nothing was written.",
            remedy=f"Give the token `contents: write` on {self._name}.",
        )

    async def _ask(
        self, doing: str, question: Callable[[Github], Decided], standing: str = "Nothing was written."
    ) -> Decided:
        """Ask on the client's thread; what GitHub does not know is told by the settings that name it."""
        try:
            return await self._client.ask(doing, question, self._name, standing=standing)
        except NotFound as error:
            error.standing = "Nothing was written."
            if isinstance(error.__cause__, GithubException):
                error.remedy = (
                    f"Check `repository`, `branch` and `file` of the target, and that the token may read and write "
                    f"{self._name} (contents: write)."
                )
            raise

    def _repository(self, github: Github) -> Repository:
        return github.get_repo(self._name)


def _is_protected(said: str) -> bool:
    return any(words in said.lower() for words in _PROTECTION)
