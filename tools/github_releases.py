"""GitHub releases: notes beside a tag, published once. A tag is never made, moved or guessed here."""

from dataclasses import dataclass
from itertools import islice

import requests
from github import Github, GithubException, UnknownObjectException
from github.Repository import Repository

from tools.github_client import GithubClient
from tools.github_refusals import answered

LONGEST_NOTES = 125_000
MOST_LISTED = 30
"""So many of the newest releases are looked at for the one before."""
_CUT = "\n\n*The rest did not fit.*\n"
_ABSENT, _INVALID, _SERVER_ERROR = 404, 422, 500


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is published already: tags, newest first, without drafts. `web` is the repository's address for people."""

    web: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """A release of a tag. `url` is empty where there is none, and `reason` says why."""

    url: str = ""
    reason: str = ""


class GithubReleases:
    """The releases of one repository, `owner/name`."""

    def __init__(self, client: GithubClient, name: str) -> None:
        self._client = client
        self._name = name

    async def shelf(self) -> Shelf:
        """List what is published."""

        def question(github: Github) -> Shelf:
            repository = github.get_repo(self._name)
            newest = islice(repository.get_releases(), MOST_LISTED)
            return Shelf(repository.html_url, tuple(one.tag_name for one in newest if not one.draft))

        return await self._client.ask(f"Listing the releases of {self._name}", question, self._name)

    async def publish(self, tag: str, commit: str, notes: str) -> Published:
        """Publish the release of a tag that stands for a commit; a release that the tag has is left alone."""
        body = notes if len(notes) <= LONGEST_NOTES else notes[: LONGEST_NOTES - len(_CUT)] + _CUT

        def question(github: Github) -> Published:
            repository = github.get_repo(self._name)
            objection = _objection(repository, tag, commit)
            if objection:
                return Published(reason=objection)
            return Published(_there(repository, tag) or _created(repository, tag, body))

        return await self._client.ask(f"Publishing the release {tag} of {self._name}", question, self._name)


def _objection(repository: Repository, tag: str, commit: str) -> str:
    """Object to a tag that GitHub does not have, which it would make by itself, or that stands for something else."""
    try:
        # The library answers `.sha` itself, from what it was asked for; only the raw answer is GitHub's.
        stands_for = str(repository.get_commit(f"tags/{tag}").raw_data["sha"])
    except GithubException as error:
        if error.status not in (_ABSENT, _INVALID):
            raise
        return f"GitHub has no tag {tag}."
    return "" if stands_for == commit else f"The tag {tag} on GitHub stands for another commit, {stands_for[:7]}."


def _there(repository: Repository, tag: str) -> str:
    try:
        return repository.get_release(tag).html_url
    except UnknownObjectException:
        return ""


def _created(repository: Repository, tag: str, body: str) -> str:
    """Create it once: when the answer was lost, or somebody was faster, what is there counts."""
    try:
        created = repository.create_git_release(
            tag,
            name=tag,
            message=body,
            prerelease="-" in tag,
            make_latest="legacy",  # by version: an older one that is released again is not the latest
        )
        return answered(created.html_url)
    except (GithubException, requests.RequestException) as error:
        if isinstance(error, GithubException) and error.status != _INVALID and error.status < _SERVER_ERROR:
            raise
        arrived = _there(repository, tag)
        if not arrived:
            raise
        return arrived
