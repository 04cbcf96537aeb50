"""The check suites of a commit: all that GitHub Actions and other apps have to say about it, taken together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from github import Github

from tools.github_client import GithubClient

_GOOD = frozenset({"success", "neutral", "skipped"})
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
        listed = github.get_repo(repository).get_commit(commit).get_check_suites()
        return judged([_suite(suite.raw_data) for suite in listed if _counts(suite.raw_data, now)])

    return await client.ask(f"Asking for the checks of {commit[:12]}", question, repository, standing=_STANDING)


def _counts(suite: Mapping[str, Any], now: datetime) -> bool:
    """Tell whether an app has begun to check, or still may."""
    created = str(suite.get("created_at") or "")
    fresh = bool(created) and now - datetime.fromisoformat(created) < IDLE_AFTER
    return fresh or bool(suite.get("latest_check_runs_count")) or suite.get("status") != "queued"


def _suite(suite: Mapping[str, Any]) -> Suite:
    return Suite(str((suite.get("app") or {}).get("name", "a check")), str(suite.get("conclusion") or ""))
