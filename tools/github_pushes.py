"""Who brought a branch to a commit, as GitHub itself recorded it: the holder of the login that pushed.

What stands in a commit says nothing about that: git lets everybody write any author.
"""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from github import Github

from tools.errors import Denied, Garbled, NotFound, Unreachable
from tools.github_client import GithubClient

_STANDING = "It is asked again later; nothing is released before."
_LISTED = 100


async def pusher_of(client: GithubClient, repository: str, branch: str, commit: str) -> str:
    """Tell the GitHub login of whoever brought a branch to a commit; empty where GitHub does not tell us.

    Raises `Unreachable` where GitHub tells, but not yet of this commit.
    """
    doing = f"Asking who brought {branch} of {repository} to {commit[:12]}"
    url = f"/repos/{repository}/activity?{urlencode({'ref': f'refs/heads/{branch}', 'per_page': _LISTED})}"

    def question(github: Github) -> Any:
        status, headers, body = github.requester.requestJson("GET", url)
        told = json.loads(body)
        if status >= HTTPStatus.BAD_REQUEST:
            raise github.requester.createException(status, headers, told)
        return told

    try:
        listed = await client.ask(doing, question, repository, standing=_STANDING)
    except (Denied, NotFound):  # not allowed, or a GitHub of one's own that has no such listing
        return ""
    try:
        return _pusher(listed, commit, doing)
    except (KeyError, TypeError, AttributeError) as error:
        raise Garbled(f"{doing}: GitHub's answer is not of the agreed form.", standing=_STANDING) from error


def _pusher(listed: Iterable[Mapping[str, Any]], commit: str, doing: str) -> str:
    """Find the newest activity that ended at a commit; an account that was deleted since is nobody's."""
    found = next((one for one in listed if one["after"] == commit), None)
    if found is None:
        raise Unreachable(f"{doing}: GitHub does not list it yet.", standing=_STANDING)
    return str((found["actor"] or {}).get("login", ""))
