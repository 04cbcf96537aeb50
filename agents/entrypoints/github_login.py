"""Who the bot is on GitHub, from its credentials: an App where one is set, else the holder of a token."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from config.shipmate import Credentials
from tools.errors import Denied
from tools.github_client import GithubAccess, GithubApp, GithubClient
from tools.redaction import Redactor

TOKENS_KEPT = 24
"""An App's token lives for an hour; so many are masked at a time."""
_NAMED_BY_GITHUB = frozenset({"content", "sha", "head_sha", "base_tree", "tree", "parents", "object", "ref", "base"})
"""Contents and what git calls them."""


def github_client(credentials: Credentials, redactor: Redactor) -> GithubClient | None:
    """Construct a client with a thread of its own; None without App and token. Tokens made for the App are masked."""
    app = github_app(credentials)
    if app is None and credentials.github_token is None:
        return None
    token = credentials.github_token.get_secret_value() if credentials.github_token else ""
    minted = partial(redactor.register, "GITHUB_APP_TOKEN", newest=TOKENS_KEPT)
    outgoing = partial(outgoing_body, redactor)
    return GithubClient(GithubAccess(token, credentials.github_api_url, app=app, minted=minted, outgoing=outgoing))


def outgoing_body(redactor: Redactor, body: Any) -> Any:
    """Let what is told to GitHub pass the redactor; files go as they are, or raise `Denied` where one is new.

    A deployment file is somebody else's, of which a release changes a tag: what stands there is out already.
    """
    if isinstance(body, Mapping):
        files = body["tree"] if isinstance(body.get("tree"), list) else ()
        if any(redactor.leaks(str(file.get("content", ""))) for file in files):
            raise Denied(
                "A file for GitHub holds a secret that Shipmate knows.",
                standing="Nothing was written.",
                remedy="Keep the value out of the pull request; let the service read it from its environment.",
            )
    return redactor.outgoing_values(body, verbatim=_NAMED_BY_GITHUB)


def github_app(credentials: Credentials) -> GithubApp | None:
    """Read the App; raises `Denied` where it is set in part. A key may have its line ends written as two signs."""
    number, key = credentials.github_app_id, credentials.github_app_private_key
    if number is None and key is None:
        return None
    where = credentials.github_app_installation
    if number is None or key is None or (where and not where.isdecimal()):
        raise Denied(
            "The GitHub App is set in part.",
            standing="Nothing was started.",
            remedy="Set GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY (PEM) both; GITHUB_APP_INSTALLATION is a number.",
        )
    return GithubApp(number, key.get_secret_value().replace("\\n", "\n"), int(where) if where else None)
