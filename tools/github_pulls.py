"""A pull request as GitHub knows it now: whether it is open, from where it comes and where it goes."""

from dataclasses import dataclass

from github import Github

from tools.github import PullRequest
from tools.github_client import GithubClient


@dataclass(frozen=True, slots=True)
class Pull:
    """One pull request. Branch names are words of other people, like everything in `about`."""

    about: PullRequest
    open: bool
    base: str
    """The branch that it goes into."""
    base_commit: str
    head_commit: str
    fork: bool
    """Whether it comes from another repository, or from one that is gone."""


class GithubPulls:
    """The pull requests of one repository, `owner/name`."""

    def __init__(self, client: GithubClient, name: str) -> None:
        self._client = client
        self._name = name

    async def get(self, number: int) -> Pull:
        """Read one pull request; raises `NotFound` where there is none."""

        def question(github: Github) -> Pull:
            pull = github.get_repo(self._name).get_pull(number)
            source = pull.head.repo
            about = PullRequest(pull.number, pull.title, pull.body or "", pull.user.login, pull.html_url)
            return Pull(
                about=about,
                open=pull.state == "open",
                base=pull.base.ref,
                base_commit=pull.base.sha,
                head_commit=pull.head.sha,
                fork=source is None or source.full_name != pull.base.repo.full_name,
            )

        return await self._client.ask(f"Reading pull request {number} of {self._name}", question)
