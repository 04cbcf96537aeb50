"""A pull request of our own on GitHub: one branch, one commit on top of the base, opened once and kept up to date."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from github import Github, UnknownObjectException
from github.GitCommit import GitCommit
from github.GitRef import GitRef
from github.InputGitTreeElement import InputGitTreeElement
from github.Repository import Repository

from tools.errors import Denied, Garbled, NotFound
from tools.github_client import GithubClient
from tools.github_refusals import Limited

Answer = TypeVar("Answer")
_STANDING = "Whether anything was written is looked at when it is tried again."


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed: files by path, and the words around them."""

    branch: str
    files: Mapping[str, str]
    message: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """The pull request, and what became of it."""

    number: int
    url: str
    outcome: Literal["opened", "updated", "unchanged"]


class GithubProposals:
    """Proposals to one repository, `owner/name`."""

    def __init__(self, client: GithubClient, name: str) -> None:
        self._client = client
        self._name = name

    async def present(self, files: Mapping[str, str]) -> Mapping[str, bool]:
        """Tell which of some files the default branch has already: path -> whether with this content."""

        def question(github: Github) -> Mapping[str, bool]:
            repository = github.get_repo(self._name)
            blobs = _blobs(repository, repository.default_branch)
            return {path: blobs[path] == blob_sha(text) for path, text in files.items() if path in blobs}

        return await self._ask(f"Looking at the files of {self._name}", question)

    async def propose(self, proposal: Proposal) -> Proposed:
        """Open the pull request, or bring the open one up to date; nothing is written where nothing changed.

        Raises `Denied` where somebody else's commits lie on the branch.
        """

        def question(github: Github) -> Proposed:
            repository = github.get_repo(self._name)
            return _pull_request(repository, proposal, moved=_brought_up_to_date(repository, proposal))

        return await self._ask(f"Proposing {proposal.branch} to {self._name}", question)

    async def _ask(self, doing: str, question: Callable[[Github], Answer]) -> Answer:
        try:
            return await self._client.ask(doing, question, self._name, standing=_STANDING)
        except (Denied, NotFound) as error:
            if not isinstance(error, Limited) and "pull request" not in error.remedy:
                # GitHub answers "not found" to a token that may not write workflows.
                error.remedy = (
                    f"Let the token read and write contents, pull requests and workflows of {self._name} "
                    "(a classic token: the scopes repo and workflow)."
                )
            raise


def blob_sha(text: str) -> str:
    """Name a file's content as git does."""
    content = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _blobs(repository: Repository, ref: str) -> dict[str, str]:
    tree = repository.get_git_tree(ref, recursive=True)
    if tree.raw_data.get("truncated"):
        raise Garbled(
            "GitHub lists only a part of the files of this repository.",
            standing="Nothing was proposed.",
            remedy="Use --write in a clone, and open the pull request by hand.",
        )
    return {entry.path: entry.sha for entry in tree.tree if entry.type == "blob"}


def _brought_up_to_date(repository: Repository, proposal: Proposal) -> bool:
    """Let the branch be one commit on top of the base that holds exactly the files; tells whether it moved."""
    base = repository.get_git_commit(repository.get_branch(repository.default_branch).commit.sha)
    elements = [InputGitTreeElement(path, "100644", "blob", text) for path, text in sorted(proposal.files.items())]
    tree = repository.create_git_tree(elements, base.tree)
    ref = _ref(repository, proposal.branch)
    head = _ours(repository, ref, proposal) if ref else None
    if head and head.tree.sha == tree.sha and [parent.sha for parent in head.parents] == [base.sha]:
        return False
    commit = repository.create_git_commit(proposal.message, tree, [base])
    if ref is None:
        repository.create_git_ref(f"refs/heads/{proposal.branch}", commit.sha)
    else:
        ref.edit(commit.sha, force=True)
    return True


def _ref(repository: Repository, branch: str) -> GitRef | None:
    """Find a branch; one that was only promised by the library has another address, which cannot be edited."""
    try:
        return repository.get_git_ref(f"heads/{branch}").complete()
    except UnknownObjectException:
        return None


def _ours(repository: Repository, ref: GitRef, proposal: Proposal) -> GitCommit:
    head = repository.get_git_commit(ref.object.sha)
    if head.message.strip() != proposal.message.strip():
        raise Denied(
            f"The branch {proposal.branch} holds a commit that is not ours: {head.message.splitlines()[0]}",
            standing="Nothing was written, so that nobody's work is lost.",
            remedy=f"Merge or close its pull request and delete the branch {proposal.branch}, then try again.",
        )
    return head


def _pull_request(repository: Repository, proposal: Proposal, *, moved: bool) -> Proposed:
    owner = repository.full_name.partition("/")[0]
    open_ones = list(
        repository.get_pulls(state="open", head=f"{owner}:{proposal.branch}", base=repository.default_branch)
    )
    if not open_ones:
        one = repository.create_pull(
            base=repository.default_branch, head=proposal.branch, title=proposal.title, body=proposal.body
        )
        return Proposed(one.number, one.html_url, "opened")
    one = open_ones[0]
    reworded = one.title != proposal.title or (one.body or "") != proposal.body
    if reworded:
        one.edit(title=proposal.title, body=proposal.body)
    return Proposed(one.number, one.html_url, "updated" if moved or reworded else "unchanged")
