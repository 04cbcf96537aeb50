"""GitHub deployments: a record, beside the commit, of where it runs and how it came there. Each is made once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import requests
from github import Github, GithubException
from github.DeploymentStatus import DeploymentStatus
from github.Repository import Repository

from tools.github_client import GithubClient
from tools.github_refusals import answered

DeploymentState = Literal["error", "failure", "inactive", "in_progress", "queued", "pending", "success"]
LONGEST_DESCRIPTION = 140
_KEY = "shipmate"
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Deployment:
    """What shall be recorded. `key` finds it again: a deployment with it is never made twice."""

    key: str
    commit: str
    environment: str
    description: str
    production: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How a deployment is doing, and where people can look."""

    state: DeploymentState
    description: str
    log_url: str = ""
    environment_url: str = ""


class GithubDeployments:
    """The deployments of one repository, `owner/name`."""

    def __init__(self, client: GithubClient, name: str) -> None:
        self._client = client
        self._name = name

    async def made(self, wanted: Deployment) -> int:
        """Make a deployment exist, once, and return its number. GitHub neither merges nor checks anything for it."""

        def question(github: Github) -> int:
            repository = github.get_repo(self._name)
            there = _found(repository, wanted)
            return there if there is not None else _created(repository, wanted, lambda: _found(repository, wanted))

        doing = f"Recording the deployment to {wanted.environment} in {self._name}"
        return await self._client.ask(doing, question, self._name)

    async def stands(self, number: int, wanted: Standing) -> None:
        """Let the newest status of a deployment say this; one that says it is left alone."""

        def question(github: Github) -> None:
            deployment = github.get_repo(self._name).get_deployment(number)
            newest = next(iter(deployment.get_statuses()), None)
            if newest is None or _said(newest) != (wanted.state, wanted.description[:LONGEST_DESCRIPTION]):
                # The library knows only the older name of `log_url`.
                address = f"{deployment.url}/statuses"
                _, said = deployment.requester.requestJsonAndCheck("POST", address, input=_fields(wanted))
                answered(said.get("id"))

        doing = f"Setting deployment {number} of {self._name} to {wanted.state}"
        await self._client.ask(doing, question, self._name)


def _fields(wanted: Standing) -> dict[str, Any]:
    """Write a status. Which deployments are no longer active is said by us, not guessed by GitHub."""
    told = {"state": wanted.state, "description": wanted.description[:LONGEST_DESCRIPTION], "auto_inactive": False}
    links = {"log_url": wanted.log_url, "environment_url": wanted.environment_url}
    return told | {name: url for name, url in links.items() if url}


def _said(status: DeploymentStatus) -> tuple[str, str]:
    return status.state, status.description


def _found(repository: Repository, wanted: Deployment) -> int | None:
    """Look for it. The library takes no deployment of somebody else whose payload is a text, so it is not asked."""
    parameters = {"sha": wanted.commit, "environment": wanted.environment, "per_page": 100}
    _, known = repository.requester.requestJsonAndCheck("GET", f"{repository.url}/deployments", parameters)
    return next((int(one["id"]) for one in known if _key(one["payload"]) == wanted.key), None)


def _key(payload: Any) -> str:
    return str(payload.get(_KEY, "")) if isinstance(payload, dict) else ""


def _created(repository: Repository, wanted: Deployment, look_again: Callable[[], int | None]) -> int:
    """Create it once: when the answer was lost, what is there decides whether it arrived."""
    try:
        created = repository.create_deployment(
            ref=wanted.commit,
            environment=wanted.environment,
            description=wanted.description[:LONGEST_DESCRIPTION],
            payload={_KEY: wanted.key},
            production_environment=wanted.production,
            auto_merge=False,
            required_contexts=[],
        )
        return answered(created.id)
    except (GithubException, requests.RequestException) as error:
        if isinstance(error, GithubException) and error.status < _SERVER_ERROR:
            raise
        arrived = look_again()
        if arrived is None:
            raise
        return arrived
