"""The check suites of a commit: all that GitHub Actions and other apps have to say about it, taken together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from github import Github

from tools.github_client import GithubClient

_GOOD = frozenset({"success", "neutral", "skipped"})
MOST_PAGES = 10
IDLE_AFTER = timedelta(minutes=5)
"""GitHub gives every app a suite for every push; one in which nothing has begun by then is that app's silence."""
_STANDING = "It is asked again later; until then the release waits."


@dataclass(frozen=True, slots=True)
class Suite:
    """One suite, by the app that runs it; `conclusion` is empty until it has ended."""

    app: str
    conclusion: str


@dataclass(frozen=True, slots=True)
class Suites:
    """How the checks of a commit stand."""

    verdict: Literal["waiting", "passed", "failed"]
    detail: str


def judged(suites: Sequence[Suite]) -> Suites:
    """Take suites together: one that failed is enough, all must have ended well, and there must be one."""
    bad = [f"{suite.app}: {suite.conclusion}" for suite in suites if suite.conclusion and suite.conclusion not in _GOOD]
    if bad:
        return Suites("failed", ", ".join(bad))
    ended = sum(bool(suite.conclusion) for suite in suites)
    if not suites:
        return Suites("waiting", "GitHub knows of none yet.")
    if ended < len(suites):
        return Suites("waiting", f"{ended} of {len(suites)} check suites have ended.")
    return Suites("passed", ", ".join(sorted(f"{suite.app}: {suite.conclusion}" for suite in suites)))


async def suites_of(client: GithubClient, repository: str, commit: str, now: datetime) -> Suites:
    """Ask how the checks of a commit stand."""

    def question(github: Github) -> Suites:
        return judged([_suite(suite) for suite in _listed(github, repository, commit) if _counts(suite, now)])

    return await client.ask(f"Asking for the checks of {commit[:12]}", question, repository, standing=_STANDING)


def _listed(github: Github, repository: str, commit: str) -> Iterator[Mapping[str, Any]]:
    """List the suites as GitHub gives them; the library would ask for each of them once more."""
    for page in range(1, MOST_PAGES + 1):
        url = f"/repos/{repository}/commits/{commit}/check-suites"
        _, answer = github.requester.requestJsonAndCheck("GET", url, parameters={"per_page": 100, "page": page})
        yield from answer["check_suites"]
        if page * 100 >= answer["total_count"]:
            return


def _counts(suite: Mapping[str, Any], now: datetime) -> bool:
    """Tell whether an app has begun to check, or still may."""
    created = str(suite.get("created_at") or "")
    fresh = bool(created) and now - datetime.fromisoformat(created) < IDLE_AFTER
    return fresh or bool(suite.get("latest_check_runs_count")) or suite.get("status") != "queued"


def _suite(suite: Mapping[str, Any]) -> Suite:
    return Suite(str((suite.get("app") or {}).get("name", "a check")), str(suite.get("conclusion") or ""))
