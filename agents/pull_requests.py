"""Pull requests: one comment and one check run each, kept equal to what the change is now."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from agents.narrator import Narrator
from agents.notices import NAME, Looked, Sheet, check_of
from agents.review import review
from agents.words.allowance import Allowance
from agents.words.change import change_facts
from agents.words.claims import Words
from agents.words.concealed import concealed
from config.service import Service
from config.shipmate import Configuration
from tools.clock import Clock
from tools.errors import Denied, NotFound, ToolError
from tools.github import GithubRepository, StatusState
from tools.github_checks import Check, Conclusion, GithubChecks
from tools.github_client import GithubClient
from tools.github_pulls import GithubPulls, Pull
from tools.redaction import Redactor
from tools.repository import Repository
from tools.scanner import Scanner

log = logging.getLogger(__name__)

KEY = "summary"
NOT_RUN = "suites run with a release, not for a pull request"
LATE, PATIENCE = timedelta(seconds=2), 5
"""GitHub tells of a push a moment before git can fetch it."""
_STATES: dict[Conclusion, StatusState] = {"success": "success", "neutral": "success", "failure": "failure"}


@dataclass(frozen=True, slots=True)
class Summarised:
    """What became of a pull request; where nothing was written, `skipped` says why."""

    skipped: str = ""
    comment: str = ""
    """Address of the comment."""
    check: str = ""
    """Conclusion of the check run; empty where none could be written."""
    troubles: tuple[str, ...] = ()
    """What could not be done, in sentences."""


class PullRequests:
    """Everything about pull requests that happens without a release. One instance per process."""

    def __init__(  # noqa: PLR0913 - what it needs, each of another kind
        self,
        configuration: Configuration,
        github: GithubClient | None,
        repository_of: Callable[[Service], Repository],
        *,
        scanner: Scanner,
        redactor: Redactor,
        narrator: Narrator | None,
        clock: Clock,
    ) -> None:
        self._configuration = configuration
        self._github = github
        self._repository_of = repository_of
        self._scanner = scanner
        self._redactor = redactor
        self._narrator = narrator
        self._clock = clock
        self._allowance = Allowance(clock)
        self._waiting: dict[tuple[str, int], asyncio.Task[Summarised]] = {}
        self._running: dict[tuple[str, int], asyncio.Task[Summarised]] = {}

    async def changed(self, repository: str, number: int) -> Summarised:
        """Bring comment and check run of a pull request of `owner/name` up to date; never raises for a neighbour.

        Any number of calls at once cost at most two rounds: the one under way, and one that sees everything newer.
        """
        key = (repository.lower(), number)
        if key not in self._waiting:
            self._waiting[key] = asyncio.create_task(self._in_turn(key))
        return await asyncio.shield(self._waiting[key])

    async def close(self) -> None:
        """Stop what is under way; the next call for the same pull request does it again."""
        tasks = [*self._waiting.values(), *self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def look(self, services: Sequence[Service], number: int) -> Looked:
        """Find out what a pull request of the services' repository changes, from where it left its base."""
        github, name = self._access(services)
        repository = self._repository_of(services[0])
        pull, head = await self._fetched(GithubPulls(github, name), repository, number)
        tip = await repository.branch(pull.base) or pull.base_commit
        base = await repository.merge_base(tip, head) or tip
        facts, diff = await change_facts(repository, base, head, services[0].categories)
        found = await review(repository, base, head, facts, services, self._scanner)
        facts = replace(
            facts,
            from_version=pull.base,
            to_version=head[:12],
            pull_request=pull.about,
            not_run={"all suites": NOT_RUN},
        )
        found = replace(found, verdict=found.verdict + await asyncio.to_thread(concealed, facts, diff, pull.branch))
        facts = replace(facts, findings=found.verdict.findings)
        return Looked(pull, facts, diff, found)

    async def words(self, looked: Looked) -> Words | None:
        """Let the model describe it, where there is one."""
        return await self._narrator.summarise(looked.facts, looked.diff) if self._narrator else None

    def _access(self, services: Sequence[Service]) -> tuple[GithubClient, str]:
        name = services[0].repository.github
        if self._github is None or name is None:
            raise Denied(
                "GitHub cannot be asked about the pull request.",
                remedy="Set GITHUB_TOKEN, and `repository.github` of the service.",
            )
        return self._github, name

    async def _fetched(self, pulls: GithubPulls, repository: Repository, number: int) -> tuple[Pull, str]:
        """Fetch the newest commit that GitHub names; a little patience, since git is told last."""
        pull = await pulls.get(number)
        for _ in range(PATIENCE):
            head = await repository.pull_request(number) or await repository.resolve(pull.head_commit)
            if head == pull.head_commit or not pull.open:
                break
            await self._clock.sleep(LATE)
            pull = await pulls.get(number)
        if head is None:
            raise NotFound(
                f"The commits of pull request {number} are not in the repository that is cloned.",
                remedy="Let `repository.url` of the service name the repository on GitHub itself, not a mirror of it.",
            )
        return pull, head

    async def _in_turn(self, key: tuple[str, int]) -> Summarised:
        if key in self._running:
            await asyncio.wait([self._running[key]])
        self._running[key] = self._waiting.pop(key)
        try:
            return await self._brought(*key)
        except ToolError as error:
            log.warning("pull request %s#%s: %s", *key, error)
            return Summarised(troubles=(str(error),))
        finally:
            del self._running[key]

    async def _brought(self, repository: str, number: int) -> Summarised:
        services = [
            service
            for service in self._configuration.services.values()
            if (service.repository.github or "").lower() == repository and service.repository.summaries
        ]
        if not services:
            return Summarised(skipped=f"no service asks for summaries in {repository}")
        github, name = self._access(services)
        if not (await GithubPulls(github, name).get(number)).open:
            return Summarised(skipped=f"pull request {number} is closed; its last summary stays")
        looked = await self.look(services, number)
        if not looked.pull.open:
            return Summarised(skipped=f"pull request {number} was closed meanwhile")
        written = GithubRepository(github, name)
        check, troubles = await self._check(github, written, looked)
        comment, unsaid = await self._comment(written, looked, troubles)
        told = (*looked.found.troubles, *troubles, *unsaid)
        for trouble in told:
            log.warning("pull request %s#%s: %s", repository, number, trouble)
        return Summarised(comment=comment, check=check, troubles=told)

    async def _check(
        self, github: GithubClient, written: GithubRepository, looked: Looked
    ) -> tuple[str, tuple[str, ...]]:
        """Write the check run; where only apps may, a status says the same, without lines."""
        check = check_of(looked, self._redactor.outgoing)
        commit = looked.facts.to_commit
        try:
            await GithubChecks(github, written.name).bring(commit, check)
        except Denied as error:
            return check.conclusion, await self._status(written, commit, check, error)
        except ToolError as error:
            return "", (str(error),)
        return check.conclusion, ()

    async def _status(
        self, written: GithubRepository, commit: str, check: Check, refused: ToolError
    ) -> tuple[str, ...]:
        told = f"The findings are not shown on their lines: {refused.happened}"
        try:
            state = _STATES.get(check.conclusion, "failure")
            await written.commit_status(commit, state, context=NAME, description=check.title)
        except ToolError as error:
            return told, str(error)
        return (told,)

    async def _comment(
        self, written: GithubRepository, looked: Looked, notes: Sequence[str]
    ) -> tuple[str, tuple[str, ...]]:
        """Write the comment, unless the one that is there tells the same facts; only then the model may be asked."""
        number = looked.pull.about.number
        sheet = Sheet.of(looked, notes)
        try:
            there = await written.comment(number, KEY)
            if there and sheet.is_told_by(there, with_model=self._narrator is not None):
                return (await written.sticky_comment(number, KEY, there)), ()
            words = await self.words(looked) if self._allowance.take(f"{written.name}#{number}") else None
            body = sheet.written(words, self._redactor.outgoing)
            return await written.sticky_comment(number, KEY, body), ()
        except ToolError as error:
            return "", (str(error),)
