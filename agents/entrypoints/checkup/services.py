"""One service: its repository, the registry of its images, and who may let its releases through."""

import asyncio
import shutil
from collections.abc import Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from agents.entrypoints.checkup.check import Check, missing, ok, optional, settled, unknown
from agents.entrypoints.figures import commit
from agents.entrypoints.github_login import github_client
from config.service import ApprovalPolicy, Service
from config.shipmate import Configuration
from tools import git
from tools.capture import Ended
from tools.codecov import PROGRAM, program_path
from tools.process import NOT_STARTED, run_bytes
from tools.redaction import Redactor
from tools.references import Reference
from tools.registry import Login, Registry


@dataclass(frozen=True, slots=True)
class Subject:
    """A service, and what is needed to look at it."""

    configuration: Configuration
    service: Service
    limit: timedelta

    @property
    def file(self) -> Path:
        """The file that describes the service."""
        return self.configuration.shipmate.services / f"{self.service.service}.yaml"


async def service_checks(subject: Subject) -> tuple[Check, ...]:
    """Look at what all environments of a service share."""
    codecov = [judged_codecov(subject)] if any(suite.codecov for suite in subject.service.suites.values()) else []
    tracker = [judged_tracker(subject)] if subject.service.issues else []
    images = dict.fromkeys(component.image for component in subject.service.components.values())
    found = tuple(
        await asyncio.gather(
            settled("repository", _repository(subject), subject.limit),
            *(settled(f"image {image}", _image(subject, image), subject.limit) for image in images),
        )
    )
    return (*found, *codecov, *tracker)


def judged_tracker(subject: Subject) -> Check:
    """Tell whether issues can be moved; a release never waits for Linear."""
    if subject.configuration.credentials.linear_api_key is None:
        how = "Set LINEAR_API_KEY to a key with read and write: Linear, Settings, Security & access, API keys."
        return optional("Linear", "LINEAR_API_KEY is not set: issues get neither state nor link", how)
    return ok("Linear", "a key is set; it is proved by the first release")


def judged_codecov(subject: Subject) -> Check:
    """Tell whether coverage reports can be sent; a release never waits for Codecov."""
    if subject.configuration.credentials.codecov_token is None:
        how = "Set CODECOV_TOKEN to the repository's upload token: app.codecov.io, the repository, Settings, General."
        return optional("Codecov", "CODECOV_TOKEN is not set: no coverage report is sent", how)
    if subject.service.repository.github is None:
        return optional("Codecov", "the service names no repository on GitHub", f"Set it in {subject.file}.")
    if shutil.which(PROGRAM, path=program_path()) is None:
        return optional("Codecov", f"{PROGRAM} is not installed", "Install the bot's requirements again.")
    return ok("Codecov", f"reports are sent to {subject.configuration.credentials.codecov_url or 'codecov.io'}")


def listing(url: str, branch: str) -> tuple[str, ...]:
    """Build the command that asks a repository for its newest commit and for one branch."""
    return ("git", *git.SETTINGS, "ls-remote", "--end-of-options", url, "HEAD", f"refs/heads/{branch}")


def judged_repository(ended: Ended, url: str, branch: str, file: Path) -> Check:
    """Tell whether a repository can be read and has the branch; raises what git's complaint means."""
    if ended.exit_code == NOT_STARTED:
        return unknown("repository", "not looked at, since git is not installed")
    git.require(ended, f"Reading {git.shown(url)}", url)
    listed = (line.partition("\t") for line in ended.stdout.decode(errors="replace").splitlines())
    head = next((sha for sha, _, name in listed if name == f"refs/heads/{branch}"), None)
    if head is None:
        detail = f"{git.shown(url)} has no branch {branch}; versions must then be named"
        return optional("repository", detail, f"Correct repository.main in {file}.")
    return ok("repository", f"{git.shown(url)}, {branch} is at {commit(head)}")


def judged_approval(policy: ApprovalPolicy, place: str) -> Check:
    """Tell whether a release could ever be let through."""
    if policy.required == 0:
        return ok("approval", "nobody is asked")
    if not policy.approvers:
        remedy = f"Name people in {place}: Slack member ids (profile -> Copy member ID), or terminal:LOGIN."
        return missing("approval", "no approvers are named, so every release is refused", remedy)
    return ok("approval", f"{policy.required} of {', '.join(policy.approvers)}")


async def _repository(subject: Subject) -> Check:
    declared = subject.service.repository
    client = github_client(subject.configuration.credentials, Redactor()) if declared.github else None
    with closing(client) if client else nullcontext():
        token = await client.token(declared.github or "") if client else None
    argv = listing(declared.url, declared.main)
    ended = await run_bytes(argv, env=git.environment(declared.url, token), timeout=subject.limit)
    return judged_repository(ended, declared.url, declared.main, subject.file)


async def _image(subject: Subject, image: str) -> Check:
    """Ask for a tag that need not exist: an answer is all that is wanted."""
    await Registry(_logins(subject), subject.limit).digest(image, "latest")
    return ok(f"image {image}", f"{Reference.parse(image).registry} answers; pushing is proved by the first release")


def _logins(subject: Subject) -> Mapping[str, Login]:
    credentials = subject.configuration.credentials
    if credentials.registry_username is None or credentials.registry_password is None:
        return {}
    login = Login(credentials.registry_username, credentials.registry_password)
    return {Reference.parse(part.image).registry: login for part in subject.service.components.values()}
