"""Where the gate shows how far it is: a check run beside the commit, or a status where only that may be written."""

import logging
from collections.abc import Mapping

from agents.gate.sheet import NAME
from tools.errors import Denied, ToolError
from tools.github import GithubRepository, StatusState
from tools.github_checks import Check, Conclusion, GithubChecks, Progress
from tools.github_client import GithubClient

log = logging.getLogger(__name__)

_STATES: Mapping[Conclusion, StatusState] = {"success": "success", "neutral": "success", "cancelled": "error"}


class Board:
    """What stands beside the commits of one repository, `owner/name`."""

    def __init__(self, github: GithubClient, name: str) -> None:
        self._name = name
        self._checks = GithubChecks(github, name)
        self._statuses = GithubRepository(github, name)

    async def show(self, commit: str, status: Progress, title: str) -> bool:
        """Show how far it is; what GitHub does meanwhile holds nothing up. False where only a status can be shown."""
        try:
            await self._checks.show(commit, NAME, status, title)
        except Denied:
            await self._pending(commit, title)
            return False
        except ToolError as error:
            log.warning("the gate of %s at %s: %s", self._name, commit, error)
        return True

    async def conclude(self, commit: str, check: Check) -> None:
        """Show the verdict; raises a `ToolError` where neither a check run nor a status can be written."""
        try:
            await self._checks.conclude(commit, check)
        except Denied:
            state = _STATES.get(check.conclusion, "failure")
            await self._statuses.commit_status(commit, state, context=NAME, description=check.title)

    async def _pending(self, commit: str, title: str) -> None:
        try:
            await self._statuses.commit_status(commit, "pending", context=NAME, description=title)
        except ToolError as error:
            log.warning("the gate of %s at %s: %s", self._name, commit, error)
