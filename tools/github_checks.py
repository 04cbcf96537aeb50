"""Check runs: a verdict beside a commit, its findings annotated on their lines. GitHub lets only apps write them."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import requests
from github import Github, GithubException
from github.CheckRun import CheckRun
from github.Repository import Repository

from tools.github_access import app_login
from tools.github_client import GithubClient
from tools.github_pulls import STANDING

AT_ONCE = 50
"""GitHub takes no more annotations in one request; each further request adds to those that are there."""
MOST_ANNOTATIONS = 500
LONGEST_SUMMARY = 65_535
LONGEST_MESSAGE = 4_000
LONGEST_TITLE = 255

Conclusion = Literal["success", "neutral", "failure", "action_required", "cancelled", "timed_out"]
Progress = Literal["queued", "in_progress"]
Level = Literal["notice", "warning", "failure"]
_SERVER_ERROR = 500
_KEY = "shipmate:"
_UNDER_WAY = f"{_KEY}under-way"


@dataclass(frozen=True, slots=True)
class Annotation:
    """One remark on one line of the commit's version of a file."""

    path: str
    line: int
    level: Level
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class Check:
    """What shall stand beside a commit."""

    name: str
    conclusion: Conclusion
    title: str
    summary: str
    annotations: tuple[Annotation, ...] = ()

    @property
    def key(self) -> str:
        """Tell this check from every other one by its content."""
        content = json.dumps(asdict(self), sort_keys=True).encode()
        return _KEY + hashlib.sha256(content).hexdigest()[:32]


class GithubChecks:
    """The check runs of one repository, `owner/name`."""

    def __init__(self, client: GithubClient, name: str) -> None:
        self._client = client
        self._name = name

    async def bring(self, commit: str, check: Check) -> str:
        """Let the newest check run of this name beside a commit say this; one that says it is left alone.

        Returns its address. One that was written in part is completed, another one is superseded by
        a new run, since annotations cannot be taken back. Raises `Denied` for a token that is no app's.
        """

        def question(github: Github) -> str:
            repository = github.get_repo(self._name)
            run = _newest(repository, commit, check) or _begun(repository, commit, check)
            _complete(run, check)
            return run.html_url

        doing = f"Writing the check '{check.name}' beside {commit[:12]} in {self._name}"
        return await self._client.ask(doing, question, self._name, standing=STANDING)

    async def show(self, commit: str, name: str, status: Progress, title: str) -> None:
        """Show beside a commit that a check is under way: in its run that has not ended, or in a new one.

        Raises `Denied` for a token that is no app's.
        """

        def question(github: Github) -> None:
            repository = github.get_repo(self._name)
            output: dict[str, Any] = {"title": title[:LONGEST_TITLE], "summary": ""}
            run = _under_way(repository, commit, name)
            if run:
                run.edit(status=status, output=output)
            else:
                repository.create_check_run(name, commit, external_id=_UNDER_WAY, status=status, output=output)

        await self._client.ask(f"Showing the check '{name}' beside {commit[:12]}", question, self._name)

    async def conclude(self, commit: str, check: Check) -> str:
        """Let what `show` began end with this, or say it as `bring` does; returns its address."""

        def question(github: Github) -> str | None:
            run = _under_way(github.get_repo(self._name), commit, check.name)
            if run:
                run.edit(external_id=check.key, status="in_progress")
                _complete(run, check)
            return run.html_url if run else None

        doing = f"Writing the check '{check.name}' beside {commit[:12]} in {self._name}"
        ended = await self._client.ask(doing, question, self._name, standing=STANDING)
        return ended or await self.bring(commit, check)


def _under_way(repository: Repository, commit: str, name: str) -> CheckRun | None:
    """Find the newest run that `show` began and nothing ended."""
    newest = _newest_of_ours(repository, commit, name)
    return newest if newest and newest.external_id == _UNDER_WAY and newest.status != "completed" else None


def _newest(repository: Repository, commit: str, check: Check) -> CheckRun | None:
    """Find the newest run of this name, where it is ours and says the same."""
    newest = _newest_of_ours(repository, commit, check.name)
    return newest if newest and newest.external_id == check.key else None


def _newest_of_ours(repository: Repository, commit: str, name: str) -> CheckRun | None:
    """Pass over runs of other Apps: whoever may run workflows can give one our name, our key and a conclusion."""
    login = app_login(repository.requester)
    runs = repository.get_commit(commit).get_check_runs(check_name=name)
    ours = (run for run in runs if login is None or f"{run.app.slug}[bot]" == login)
    return max(ours, key=lambda run: run.id, default=None)


def _begun(repository: Repository, commit: str, check: Check) -> CheckRun:
    """Create the run once: when the answer was lost, what is there decides whether it arrived."""
    try:
        return repository.create_check_run(check.name, commit, external_id=check.key, status="in_progress")
    except (GithubException, requests.RequestException) as error:
        if isinstance(error, GithubException) and error.status < _SERVER_ERROR:
            raise
        arrived = _newest(repository, commit, check)
        if arrived is None:
            raise
        return arrived


def _complete(run: CheckRun, check: Check) -> None:
    if run.status == "completed":
        return
    there = run.output.annotations_count or 0
    *earlier, last = _outputs(check, there)
    for output in earlier:
        run.edit(status="in_progress", output=output)
    run.edit(status="completed", conclusion=check.conclusion, output=last)


def _outputs(check: Check, there: int) -> Iterator[dict[str, Any]]:
    """Cut what is to be written into requests that GitHub takes; at least one."""
    head: dict[str, Any] = {"title": check.title[:LONGEST_TITLE], "summary": check.summary[:LONGEST_SUMMARY]}
    missing = check.annotations[there:MOST_ANNOTATIONS]
    for start in range(0, max(len(missing), 1), AT_ONCE):
        yield head | {"annotations": [_annotation(one) for one in missing[start : start + AT_ONCE]]}


def _annotation(one: Annotation) -> dict[str, Any]:
    return {
        "path": one.path,
        "start_line": one.line,
        "end_line": one.line,
        "annotation_level": one.level,
        "title": one.title[:LONGEST_TITLE],
        "message": one.message[:LONGEST_MESSAGE],
    }
