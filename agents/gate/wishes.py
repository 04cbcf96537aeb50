"""What an event asks of the gate: which commit, compared with what, and whether its code may be trusted."""

from collections.abc import Sequence
from datetime import timedelta

from agents.triggers import Examine
from config.service import Service
from tools.clock import Clock
from tools.errors import NotFound
from tools.github_client import GithubClient
from tools.github_pulls import GithubPulls
from tools.history.gates import Ask
from tools.repository import Repository

LATE, PATIENCE = timedelta(seconds=2), 5
"""GitHub tells of a push a moment before git can fetch it."""


async def of_branch(wanted: Examine, services: Sequence[Service], repository: Repository) -> Ask | None:
    """Ask for a branch's newest commit; None where the branch is gone.

    Whoever can push a branch here may run code here. Nothing is left out for what is on the main branch.
    """
    await repository.refresh()
    commit = await repository.branch(wanted.branch)
    if commit is None:
        return None
    whole = any(service.repository.main == wanted.branch for service in services)
    name, line, main = wanted.repository.lower(), f"heads/{wanted.branch}", services[0].repository.main
    return Ask(name, commit, line, main, trusted=True, whole=whole)


async def of_pull(wanted: Examine, github: GithubClient, repository: Repository, clock: Clock) -> Ask | None:
    """Ask for a pull request's newest commit, trusted only where it comes from this repository; None once closed."""
    for _ in range(PATIENCE):
        pull = await GithubPulls(github, wanted.repository).get(wanted.number)
        if not pull.open:
            return None
        head = await repository.pull_request(wanted.number)
        if pull.head_commit in (head, await repository.resolve(pull.head_commit)):
            name, line = wanted.repository.lower(), f"pull/{wanted.number}"
            return Ask(name, pull.head_commit, line, pull.base, trusted=not pull.fork, whole=False)
        await clock.sleep(LATE)
    raise NotFound(
        f"The commits of pull request {wanted.number} are not in the repository that is cloned.",
        remedy="Let `repository.url` of the service name the repository on GitHub itself, not a mirror of it.",
    )
