"""A pull request as GitHub knows it now: whether it is open, from where it comes and where it goes."""

from dataclasses import dataclass

from github import Github

from tools.github import PullRequest, described
from tools.github_client import GithubClient

STANDING = "What is written at the pull request stays as it is until the next event."


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
    branch: str = ""
    """The branch that it comes from."""


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
            about = described(pull)
            return Pull(
                about=about,
                open=pull.state == "open",
                base=pull.base.ref,
                base_commit=pull.base.sha,
                head_commit=pull.head.sha,
                fork=getattr(source, "full_name", "") != pull.base.repo.full_name,
                branch=str(pull.head.ref),
            )

        doing = f"Reading pull request {number} of {self._name}"
        return await self._client.ask(doing, question, self._name, standing=STANDING)
