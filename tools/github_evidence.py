"""GitHub's checks of a commit as evidence: of exactly that name and commit, by exactly whom the service trusts."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from github.CheckRun import CheckRun
from github.CheckSuite import CheckSuite
from github.Commit import Commit
from github.CommitStatus import CommitStatus
from github.Repository import Repository

GITHUB_ACTIONS = "github-actions"
LONGEST_SUMMARY = 4_000
_APP = re.compile(r"([a-z0-9][a-z0-9-]{0,99})/(\S.*)", re.ASCII | re.DOTALL)
_PERSON = re.compile(r"@([A-Za-z0-9-]{1,39})/(\S.*)", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Trusted:
    """Whose check counts: `unit` of GitHub Actions, `APP/unit` of the App with that slug, `@LOGIN/unit` of a person."""

    name: str
    by: str = GITHUB_ACTIONS
    person: bool = False

    @classmethod
    def parse(cls, written: str) -> "Trusted":
        """Read what an operator wrote."""
        person, app = _PERSON.fullmatch(written), _APP.fullmatch(written)
        if person:
            return cls(person[2], person[1], person=True)
        return cls(app[2], app[1]) if app else cls(written)

    def __str__(self) -> str:
        return f"'{self.name}' of {'@' if self.person else ''}{self.by}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a check stands. Title and summary are words of whoever runs it."""

    state: Literal["passed", "failed", "waiting"]
    conclusion: str
    url: str = ""
    title: str = ""
    summary: str = ""


def found(repository: Repository, sha: str, wanted: Trusted) -> Evidence | None:
    """Tell how the check of a commit stands; None where there is none, and its App does not intend to make one."""
    commit = repository.get_commit(sha)
    runs = [] if wanted.person else [run for run in commit.get_check_runs(check_name=wanted.name) if _is(run, wanted)]
    if runs:
        return _of_runs([run for run in runs if run.head_sha == sha])
    status = next((one for one in commit.get_statuses() if _said_by(one, wanted)), None)
    if status:
        return _of_status(status, f"{repository.html_url}/commit/{sha}")
    return Evidence("waiting", "not begun") if not wanted.person and _is_coming(commit, wanted) else None


def _is(run: CheckRun, wanted: Trusted) -> bool:
    return run.name == wanted.name and _slug(run) == wanted.by


def _slug(made: CheckRun | CheckSuite) -> str:
    return getattr(made.app, "slug", "")


def _said_by(status: CommitStatus, wanted: Trusted) -> bool:
    who = wanted.by if wanted.person else f"{wanted.by}[bot]"
    kind = "User" if wanted.person else "Bot"
    return status.context == wanted.name and status.creator.login == who and status.creator.type == kind


def _is_coming(commit: Commit, wanted: Trusted) -> bool:
    """Tell whether the App has begun with the commit: the check may be one of its later steps."""
    return any(_slug(suite) == wanted.by and suite.status != "completed" for suite in commit.get_check_suites())


def _of_runs(runs: Iterable[CheckRun]) -> Evidence | None:
    """Weigh all runs of the name: one that ended badly is enough, and none may be under way."""
    weighed = sorted((_of_run(run) for run in runs), key=lambda one: ("failed", "waiting", "passed").index(one.state))
    return weighed[0] if weighed else None


def _of_run(run: CheckRun) -> Evidence:
    if run.status != "completed":
        return Evidence("waiting", run.status, run.html_url)
    title, summary = run.output.title or "", (run.output.summary or "")[:LONGEST_SUMMARY]
    state: Literal["passed", "failed"] = "passed" if run.conclusion == "success" else "failed"
    return Evidence(state, run.conclusion, run.html_url, title, summary)


def _of_status(status: CommitStatus, url: str) -> Evidence:
    states: dict[str, Literal["passed", "waiting"]] = {"success": "passed", "pending": "waiting"}
    return Evidence(states.get(status.state, "failed"), status.state, url, status.description or "")
