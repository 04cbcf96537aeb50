"""A service's repository on GitHub: the pull request behind a commit, one comment kept up to date, a commit's status.

Nothing here decides about a release, and no release waits for it: callers take a
`ToolError` as a fact to mention.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import requests
from github import Github, GithubException
from github.File import File
from github.GithubObject import NotSet
from github.Issue import Issue
from github.IssueComment import IssueComment
from github.PullRequest import PullRequest as GithubPullRequest
from github.Repository import Repository

from tools.changes import ChangedFile, Status
from tools.errors import Garbled
from tools.github_access import app_login
from tools.github_changes import tree_changes
from tools.github_client import GithubAccess, GithubClient
from tools.github_evidence import Evidence, Trusted, found
from tools.github_refusals import answered

__all__ = ["GithubAccess", "GithubClient", "GithubRepository", "PullRequest"]

LONGEST_BODY = 65_536
LONGEST_DESCRIPTION = 140
COMPARISON_CAP = 300
"""GitHub's comparison silently ends here."""

_CUT = "\n\n*The rest did not fit into one comment.*\n"
_FORBIDDEN = 403
_SERVER_ERROR = 500
_STATUSES: Mapping[str, Status] = {"added": "added", "copied": "added", "removed": "deleted", "renamed": "renamed"}
StatusState = Literal["pending", "success", "failure", "error"]


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request. Title, body and author are words of other people."""

    number: int
    title: str
    body: str
    author: str
    url: str


def marked(key: str, body: str) -> str:
    """Write a comment's body with its marker, cut to what GitHub takes."""
    text = f"{marker(key)}\n{body}"
    return text if len(text) <= LONGEST_BODY else text[: LONGEST_BODY - len(_CUT)] + _CUT


def marker(key: str) -> str:
    """Write the invisible line by which our comment is found again."""
    return f"<!-- shipmate:{key} -->"


class GithubRepository:
    """One repository, `owner/name`."""

    def __init__(self, client: GithubClient, name: str) -> None:
        self._client = client
        self._name = name

    @property
    def name(self) -> str:
        """Tell which repository it is."""
        return self._name

    async def pull_request_of(self, commit: str) -> PullRequest | None:
        """Tell the pull request that brought a commit; the merged one where there are several."""

        def question(github: Github) -> PullRequest | None:
            pulls = list(self._repository(github).get_commit(commit).get_pulls())
            pulls.sort(key=lambda pull: (pull.merge_commit_sha != commit, pull.merged_at is None, pull.number))
            return described(pulls[0]) if pulls else None

        return await self._client.ask(
            f"Looking for the pull request of {commit[:12]} in {self._name}", question, self._name
        )

    async def sticky_comment(self, number: int, key: str, body: str) -> str:
        """Keep exactly one comment of ours under a pull request: edited when it changed, else left alone.

        Returns its address. Comments of other people with our marker are never touched.
        """
        text = marked(key, body)

        def question(github: Github) -> str:
            issue = self._repository(github).get_issue(number)
            login = _own_login(github)
            ours = _ours(issue.get_comments(), key, login)
            if not ours:
                return _create(issue, text, lambda: _ours(issue.get_comments(), key, login))
            for duplicate in ours[1:]:
                duplicate.delete()
            if ours[0].body != text:
                ours[0].edit(text)
            return ours[0].html_url

        return await self._client.ask(f"Commenting on pull request {number} of {self._name}", question, self._name)

    async def comment(self, number: int, key: str) -> str | None:
        """Read our comment under a pull request, without its marker; None where there is none."""

        def question(github: Github) -> str | None:
            comments = self._repository(github).get_issue(number).get_comments()
            ours = _ours(comments, key, _own_login(github))
            return ours[0].body.removeprefix(f"{marker(key)}\n") if ours else None

        return await self._client.ask(
            f"Reading the comment under pull request {number} of {self._name}", question, self._name
        )

    async def changed_files(self, base: str, head: str) -> tuple[ChangedFile, ...]:
        """List every file that differs between two commits, sorted by path.

        Where GitHub's comparison cannot tell (300 files and more, or histories
        that went apart) the two trees are compared, and lines are not counted.
        """

        def question(github: Github) -> tuple[ChangedFile, ...]:
            repository = self._repository(github)
            comparison = repository.compare(base, head)
            if comparison.behind_by or len(comparison.files) >= COMPARISON_CAP:
                return tree_changes(_tree(repository, base), _tree(repository, head))
            return tuple(sorted(map(_changed_file, comparison.files), key=lambda change: change.path))

        return await self._client.ask(f"Comparing {base[:12]} with {head[:12]} in {self._name}", question, self._name)

    async def commit_status(
        self, commit: str, state: StatusState, *, context: str, description: str, url: str | None = None
    ) -> None:
        """Show a state beside a commit; the same one is not written twice."""
        short = description[:LONGEST_DESCRIPTION]

        def question(github: Github) -> None:
            shown = self._repository(github).get_commit(commit)
            newest = next((status for status in shown.get_statuses() if status.context == context), None)
            if newest is None or (newest.state, newest.description) != (state, short):
                answered(shown.create_status(state, context=context, description=short, target_url=url or NotSet).id)

        await self._client.ask(f"Setting the status of {commit[:12]} in {self._name}", question, self._name)

    async def evidence(self, commit: str, wanted: Trusted) -> Evidence | None:
        """Tell how somebody's check of a commit stands; None where there is none."""
        doing = f"Looking for the check {wanted} of {commit[:12]} in {self._name}"
        return await self._client.ask(doing, lambda github: found(self._repository(github), commit, wanted), self._name)

    def _repository(self, github: Github) -> Repository:
        return github.get_repo(self._name)


def described(pull: GithubPullRequest) -> PullRequest:
    """Read what people say of a pull request."""
    return PullRequest(pull.number, pull.title, pull.body or "", pull.user.login, pull.html_url)


def _own_login(github: Github) -> str | None:
    """Tell who we are; None for a bare token of an App, whose name it does not say."""
    try:
        return app_login(github.requester) or github.get_user().login
    except GithubException as error:
        if error.status != _FORBIDDEN:
            raise
        return None


def _ours(comments: Iterable[IssueComment], key: str, login: str | None) -> list[IssueComment]:
    """Find our comments by marker and author: anybody can write the marker."""
    with_marker = [comment for comment in comments if (comment.body or "").startswith(marker(key))]
    if login is None:
        return [comment for comment in with_marker if comment.user.type == "Bot"]
    return [comment for comment in with_marker if comment.user.login == login]


def _create(issue: Issue, text: str, look_again: Callable[[], list[IssueComment]]) -> str:
    """Create a comment once: when the answer was lost, what is there decides whether it arrived."""
    try:
        return issue.create_comment(text).html_url
    except (GithubException, requests.RequestException) as error:
        if isinstance(error, GithubException) and error.status < _SERVER_ERROR:
            raise
        arrived = look_again()
        if not arrived:
            raise
        return arrived[0].html_url


def _changed_file(file: File) -> ChangedFile:
    return ChangedFile(
        path=file.filename,
        status=_STATUSES.get(file.status, "modified"),
        previous_path=file.previous_filename if file.status == "renamed" else None,
        added=file.additions,
        deleted=file.deletions,
        binary=not file.changes and file.status in ("added", "modified") and not file.patch,
    )


def _tree(repository: Repository, commit: str) -> dict[str, str]:
    tree = repository.get_git_tree(commit, recursive=True)
    if tree.raw_data.get("truncated"):
        raise Garbled(
            "GitHub lists only a part of the files of this repository.",
            standing="Nothing was decided from a part.",
            remedy="Give the service a `repository.url` that git can clone; a clone has no such limit.",
        )
    return {entry.path: entry.sha for entry in tree.tree if entry.type != "tree"}
