"""GitHub: the token, and what it allows on each repository, as far as reading tells."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from pydantic import SecretStr

from agents.entrypoints.checkup.check import Check, State, missing, ok, optional, settled, unknown
from agents.entrypoints.checkup.questions import SERVER_ERROR, Heard, Question, ask
from config.shipmate import Configuration
from config.sources import Repository

TOKEN = "GITHUB_TOKEN"  # noqa: S105 - the name of a variable
_GOOD, _MOVED, _UNKNOWN_TOKEN, _FORBIDDEN, _ABSENT = 200, (301, 307, 308), 401, 403, 404
_CLASSIC = "x-oauth-scopes"
_HOW = (
    "Make a fine-grained token for the repositories at https://github.com/settings/tokens with contents: read, "
    "pull requests: write, commit statuses: write; set GITHUB_TOKEN to it."
)


async def github_checks(configuration: Configuration, limit: timedelta) -> tuple[Check, ...]:
    """Look at the token and at every repository that a service names. A release never waits for GitHub."""
    token = configuration.credentials.github_token
    declared = {s.repository.github: s.repository for s in configuration.services.values() if s.repository.github}
    if token is None:
        detail = "not set: no pull requests are read, no comments and commit statuses written"
        return (optional(TOKEN, detail, _HOW),)
    held, *found = await asyncio.gather(
        _held(configuration, token, limit),
        *(_repository(configuration, token, name, repository, limit) for name, repository in declared.items()),
    )
    if held[0].state is State.MISSING:
        return (*held, *(unknown(name, "not looked at, since the token does not work") for name in declared))
    return (*held, *(check for checks in found for check in checks))


def judged_token(heard: Heard) -> Check:
    """Tell from the answer about the user whether the token works; an app's token has no user."""
    if heard.status == _GOOD:
        return ok(TOKEN, f"of {heard.body.get('login', 'somebody')}")
    if heard.status == _UNKNOWN_TOKEN:
        return missing(TOKEN, "GitHub does not accept it", _HOW)
    if _used_up(heard):
        return unknown(TOKEN, "GitHub's rate limit is used up", "It lifts by itself within the hour.")
    if heard.status == _FORBIDDEN:
        return ok(TOKEN, "of an app")
    return unknown(TOKEN, f"GitHub answers with status {heard.status}", "Try again in a minute.")


def judged_reading(name: str, answers: Sequence[tuple[str, Heard]]) -> Check:
    """Tell what the token may not read; `answers` are permissions with what GitHub said when they were tried."""
    for permission, heard in answers:
        if heard.status in _MOVED:
            return optional(f"{name}: read", "it was renamed", "Write its new name into repository.github.")
        if _used_up(heard) or heard.status >= SERVER_ERROR:
            return unknown(f"{name}: read", f"GitHub answers with status {heard.status}", "Try again later.")
        if heard.status in (_UNKNOWN_TOKEN, _FORBIDDEN, _ABSENT):
            told = heard.headers.get("x-accepted-github-permissions", permission)
            detail = f"there is no such repository, or the token may not see it (needs {told})"
            return missing(f"{name}: read", detail, f"Check repository.github, then the token. {_HOW}")
    return ok(f"{name}: read", ", ".join(permission for permission, _ in answers))


def judged_writing(name: str, repository: Heard) -> Check:
    """Tell from the repository's own answer whether the token may comment and set statuses."""
    key, scopes = f"{name}: write", repository.headers.get(_CLASSIC)
    if repository.status != _GOOD:
        return unknown(key, "not looked at, since it cannot be read")
    if not scopes:
        return unknown(
            key,
            "what this kind of token may write cannot be told without writing",
            "It needs pull requests: write and commit statuses: write.",
        )
    has = {scope.strip() for scope in scopes.split(",")}
    enough = {"repo"} if repository.body.get("private") else {"repo", "public_repo"}
    if not has & enough:
        return missing(key, f"the token has only the scopes {scopes}", _HOW)
    if not (repository.body.get("permissions") or {}).get("push", False):
        return missing(key, "the token's owner may not push, so no commit status can be set", _HOW)
    return ok(key, f"scope {', '.join(sorted(has & enough))}")


async def _held(configuration: Configuration, token: SecretStr, limit: timedelta) -> tuple[Check, ...]:
    async def check() -> Check:
        return judged_token(await ask(_question(configuration, token, "/user")))

    return (await settled(TOKEN, check(), limit, State.UNKNOWN),)


async def _repository(
    configuration: Configuration, token: SecretStr, name: str, declared: Repository, limit: timedelta
) -> tuple[Check, ...]:
    writing: list[Check] = []

    async def check() -> Check:
        repository, pulls, statuses = await asyncio.gather(
            ask(_question(configuration, token, f"/repos/{name}")),
            ask(_question(configuration, token, f"/repos/{name}/pulls", per_page="1")),
            ask(_question(configuration, token, f"/repos/{name}/commits/{declared.main}/statuses", per_page="1")),
        )
        writing.append(judged_writing(name, repository))
        answers = [("contents: read", repository), ("pull requests: read", pulls)]
        # Without such a branch GitHub finds no commit, which says nothing about the token.
        answers += [("commit statuses: read", statuses)] if statuses.status in (_GOOD, _FORBIDDEN) else []
        return judged_reading(name, answers)

    return (await settled(f"{name}: read", check(), limit, State.UNKNOWN), *writing)


def _question(configuration: Configuration, token: SecretStr, path: str, **query: str) -> Question:
    headers = {
        "Authorization": f"Bearer {token.get_secret_value()}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    return Question("GitHub", f"{configuration.credentials.github_api_url.rstrip('/')}{path}", headers, query=query)


def _used_up(heard: Heard) -> bool:
    return heard.status in (_FORBIDDEN, 429) and heard.headers.get("x-ratelimit-remaining") == "0"
