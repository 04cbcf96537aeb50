"""GitHub: the token or the App, and what it may do on each repository. Nothing is written to find that out."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from agents.entrypoints.checkup import github_needs
from agents.entrypoints.checkup.check import Check, State, missing, ok, optional, settled, unknown
from agents.entrypoints.checkup.github_needs import Held, Need
from agents.entrypoints.checkup.questions import SERVER_ERROR, Heard, Question, ask
from agents.entrypoints.github_login import github_client
from config.shipmate import Configuration
from config.sources import Repository
from tools.redaction import Redactor
from tools.references import Reference

TOKEN, APP = "GITHUB_TOKEN", "GITHUB_APP_ID"
_GOOD, _MOVED, _UNKNOWN_TOKEN, _FORBIDDEN, _ABSENT = 200, (301, 307, 308), 401, 403, 404
_TAKEN = (400, 422)
"""Answers to a request that asks for nothing, by whoever would have let it through."""
_CLASSIC = "x-oauth-scopes"
_NOBODY = "0" * 40
_HOW = (
    "Make a fine-grained token for the repositories at https://github.com/settings/personal-access-tokens with "
    "contents: read, pull requests, commit statuses and deployments: write; set GITHUB_TOKEN to it. "
    "Or install a GitHub App."
)
PROBES: Mapping[str, str] = {
    "contents": "/git/refs",
    "pull_requests": "/pulls",
    "statuses": f"/statuses/{_NOBODY}",
    "deployments": "/deployments",
    "checks": "/check-runs",
}
"""Where something is written; an empty body can never be, and who may not write is told so before it is read."""
GUARDED: Mapping[str, str] = {"administration": "/keys", "secrets": "/actions/secrets"}
"""What a release bot has no business to see."""


async def github_checks(configuration: Configuration, limit: timedelta) -> tuple[Check, ...]:
    """Look at the login and at every repository that a service names. A release never waits for GitHub."""
    packages = await _packages(configuration, limit)
    credentials = configuration.credentials
    if credentials.github_app_id or credentials.github_app_private_key:
        return (*await _app_checks(configuration, limit), *packages)
    if credentials.github_token is None:
        detail = "not set: no pull requests are read, no comments, statuses, deployments and releases written"
        return (optional(TOKEN, detail, _HOW), *packages)
    return (*await _token_checks(configuration, credentials.github_token, limit), *packages)


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


def judged_probe(heard: Heard) -> str | None:
    """Tell from the answer to a request that asks for nothing whether it would have been let through."""
    if heard.status in _TAKEN:
        return github_needs.WRITE
    return "" if heard.status == _FORBIDDEN and not _used_up(heard) else None


def judged_packages(registry: str, heard: Heard) -> Check:
    """Tell whether a login may push to GitHub's registry, which takes classic tokens only."""
    name, scopes = f"{registry}: push", heard.headers.get(_CLASSIC)
    how = "Set SHIPMATE_REGISTRY_PASSWORD to a classic token with the scope write:packages and nothing else."
    if heard.status == _UNKNOWN_TOKEN:
        return missing(name, "GitHub does not accept SHIPMATE_REGISTRY_PASSWORD", how)
    if heard.status != _GOOD or scopes is None:
        return unknown(name, "what this kind of token may push cannot be told", how)
    has = {scope.strip() for scope in scopes.split(",")}
    if "write:packages" not in has:
        return missing(name, f"the token has only the scopes {scopes or '(none)'}", how)
    extra = sorted(has - {"write:packages", "read:packages"})
    return optional(name, f"more than needed: {', '.join(extra)}", how) if extra else ok(name, "scope write:packages")


async def _token_checks(configuration: Configuration, token: SecretStr, limit: timedelta) -> tuple[Check, ...]:
    wanted = github_needs.needs(configuration)
    declared = {s.repository.github: s.repository for s in configuration.services.values() if s.repository.github}
    work = [_repository(configuration, token, (name, declared.get(name)), wanted[name], limit) for name in wanted]
    held, found = await asyncio.gather(
        settled(TOKEN, _held(configuration, token), limit, State.UNKNOWN), asyncio.gather(*work)
    )
    if held.state is State.MISSING:
        return (held, *(unknown(name, "not looked at, since the token does not work") for name in wanted))
    return (held, *(check for checks in found for check in checks))


async def _held(configuration: Configuration, token: SecretStr) -> Check:
    return judged_token(await ask(_question(configuration, token, "/user")))


async def _repository(
    configuration: Configuration,
    token: SecretStr,
    place: tuple[str, Repository | None],
    wanted: Sequence[Need],
    limit: timedelta,
) -> tuple[Check, ...]:
    name, declared = place
    further: list[Check] = []

    async def check() -> Check:
        main = declared.main if declared else "main"
        repository, pulls, statuses = await asyncio.gather(
            ask(_question(configuration, token, f"/repos/{name}")),
            ask(_question(configuration, token, f"/repos/{name}/pulls", per_page="1")),
            ask(_question(configuration, token, f"/repos/{name}/commits/{main}/statuses", per_page="1")),
        )
        answers = [("contents: read", repository)] + ([("pull requests: read", pulls)] if declared else [])
        # Without such a branch GitHub finds no commit, which says nothing about the token.
        answers += [("commit statuses: read", statuses)] if declared and statuses.status in (_GOOD, _FORBIDDEN) else []
        reading = judged_reading(name, answers)
        if repository.status == _GOOD:
            further.extend(await _writing(configuration, token, name, wanted, repository))
        return reading

    return (await settled(f"{name}: read", check(), limit, State.UNKNOWN), *further)


async def _writing(
    configuration: Configuration, token: SecretStr, name: str, wanted: Sequence[Need], repository: Heard
) -> tuple[Check, ...]:
    """Tell what may be written: a classic token says it, of every other kind an empty request is refused or not."""
    scopes = repository.headers.get(_CLASSIC)
    if scopes:
        push = bool((repository.body.get("permissions") or {}).get("push", False))
        held = github_needs.held_by_scopes(scopes, push=push, private=bool(repository.body.get("private")))
        extra = github_needs.extra_scopes(scopes)
        judged = github_needs.judged(name, wanted, held, github_needs.CLASSIC)
        return (*judged, *github_needs.too_strong(name, extra, github_needs.CLASSIC))
    held = await _probed(configuration, token, name, wanted)
    seen = await asyncio.gather(
        *(ask(_question(configuration, token, f"/repos/{name}{at}")) for at in GUARDED.values())
    )
    extra = [f"{subject}: read" for subject, heard in zip(GUARDED, seen, strict=True) if heard.status == _GOOD]
    where = github_needs.FINE_GRAINED
    return (*github_needs.judged(name, wanted, held, where), *github_needs.too_strong(name, extra, where))


async def _probed(configuration: Configuration, token: SecretStr, name: str, wanted: Sequence[Need]) -> Held:
    """Try to write nothing, wherever something must be writable; what was read already counts as readable."""
    tried = [need.permission for need in wanted if need.level == github_needs.WRITE]
    questions = [_question(configuration, token, f"/repos/{name}{PROBES[one]}", document={}) for one in tried]
    found = await asyncio.gather(*map(ask, questions))
    levels = {one: judged_probe(heard) for one, heard in zip(tried, found, strict=True)}
    return dict.fromkeys((need.permission for need in wanted), github_needs.READ) | levels


async def _app_checks(configuration: Configuration, limit: timedelta) -> tuple[Check, ...]:
    wanted = github_needs.needs(configuration)
    found: list[Check] = []

    async def look() -> Check:
        client = github_client(configuration.credentials, Redactor())
        if client is None:
            return unknown(APP, "not set")
        with closing(client):
            for name, need in wanted.items():
                granted = await client.granted(name) or {}
                held = {one.permission: granted.get(one.permission, "") for one in need}
                found.extend(github_needs.judged(name, need, held, github_needs.APP))
                extra = github_needs.extra_permissions(granted, need)
                found.extend(github_needs.too_strong(name, extra, github_needs.APP))
        return ok(APP, f"App {configuration.credentials.github_app_id}, installed where it is needed")

    return (await settled(APP, look(), limit), *found)


async def _packages(configuration: Configuration, limit: timedelta) -> tuple[Check, ...]:
    """Look at the login for GitHub's own registry, where images live there."""
    password = configuration.credentials.registry_password
    images = [part.image for service in configuration.services.values() for part in service.components.values()]
    registries = sorted({one for image in images if (one := Reference.parse(image).registry) == "ghcr.io"})
    if password is None or not registries:
        return ()

    async def check() -> Check:
        return judged_packages(registries[0], await ask(_question(configuration, password, "/user")))

    return (await settled(f"{registries[0]}: push", check(), limit, State.UNKNOWN),)


def _question(
    configuration: Configuration,
    token: SecretStr,
    path: str,
    document: Mapping[str, Any] | None = None,
    **query: str,
) -> Question:
    headers = {
        "Authorization": f"Bearer {token.get_secret_value()}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    method, address = ("GET" if document is None else "POST"), configuration.credentials.github_api_url.rstrip("/")
    return Question("GitHub", f"{address}{path}", headers, method, query, document)


def _used_up(heard: Heard) -> bool:
    return heard.status in (_FORBIDDEN, 429) and heard.headers.get("x-ratelimit-remaining") == "0"
