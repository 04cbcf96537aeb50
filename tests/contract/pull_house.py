"""A house with a GitHub, a repository with a history, and everything that looks after its pull requests."""

import os
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from agents.narrator import Narrator
from agents.pull_requests import PullRequests
from config.loading import load
from config.shipmate import Configuration
from tests.contract.crews import HastyClock
from tests.emulators.github import CheckRun, GitHubEmulator
from tests.emulators.github.git import IDENTITY
from tests.stage.observer.repository import build_observer
from tools.github_client import GithubAccess, GithubClient
from tools.redaction import Redactor
from tools.repository import Repository
from tools.scanner import Scanner

NAME = "acme/observer"
COMPOSE = "docker-compose.server.yml"
SETTINGS = Path(__file__).parents[2] / "config/shipmate.yaml"
START = "v1.2.8"
"""Where main stands: a version that no guardrail objects to."""


def git(directory: Path, *arguments: str) -> str:
    """Run git as a developer does."""
    environment = {**os.environ, **IDENTITY}
    done = subprocess.run(("git", *arguments), cwd=directory, env=environment, check=True, capture_output=True)
    return done.stdout.decode(errors="replace").strip()


@dataclass
class House:
    """What a test may do there."""

    work: Path
    bare: Path
    github: GitHubEmulator
    pulls: PullRequests
    clients: list[GithubClient] = field(default_factory=list)

    def pushes(self, branch: str, files: Mapping[str, str | bytes | None], *, start: str = "main") -> str:
        """Put one commit on top of `start`, as a branch that may have been elsewhere before."""
        git(self.work, "checkout", "--quiet", "--force", "-B", branch, start)
        for name, content in files.items():
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        git(self.work, "add", "--all", "--force")
        git(self.work, "commit", "--quiet", "--message", f"Work on {branch}")
        git(self.work, "push", "--quiet", "--force", str(self.bare), f"{branch}:{branch}")
        return git(self.work, "rev-parse", "HEAD")

    def opens(self, branch: str, files: Mapping[str, str | bytes | None], title: str = "Work", fork: str = "") -> int:
        """Push a branch and open a pull request."""
        self.pushes(branch, files)
        return self.github[NAME].opens_pull(branch, title, "For a reason.", author="ben", fork=fork).number

    def without(self, file: str, *words: str) -> str:
        """Give a file of main without the lines that hold one of these words."""
        lines = git(self.work, "show", f"main:{file}").splitlines(keepends=True)
        return "".join(line for line in lines if not any(word in line for word in words)) + "\n"

    def comments(self, number: int) -> list[str]:
        """Give the comments under a pull request."""
        return [one.body for one in self.github[NAME].comments.values() if one.issue == number]

    def checks(self, commit: str) -> list[CheckRun]:
        """Give the check runs beside a commit."""
        return [one for one in self.github[NAME].check_runs.values() if one.sha == commit]

    def writes(self) -> int:
        """Count the requests that changed something."""
        return sum(method != "GET" for method, _, _ in self.github.requests)

    def looked_after_by(self, token: str) -> PullRequests:
        """Let somebody with another token look after the pull requests."""
        return self._pulls(token, None)

    def described_by(self, narrator: Narrator) -> PullRequests:
        """Let a model write, too."""
        return self._pulls(self.github.token, narrator)

    def configured(self, database: str) -> Configuration:
        """Give the configuration of a bot that would look after them."""
        environ = {"GITHUB_TOKEN": self.github.token, "GITHUB_API_URL": self.github.url}
        loaded = load(SETTINGS, environ | {"SHIPMATE_DATABASE_URL": database})
        service = loaded.services["observer"]
        here = service.repository.model_copy(update={"url": str(self.bare)})
        return loaded.model_copy(update={"services": {"observer": service.model_copy(update={"repository": here})}})

    def _pulls(self, token: str, narrator: Narrator | None) -> PullRequests:
        access = GithubAccess(token, self.github.url, politeness=False, limit=timedelta(seconds=20))
        self.clients.append(GithubClient(access))
        repository = Repository(str(self.bare), self.bare.with_name("copy.git"))
        return PullRequests(
            load(SETTINGS, {}),
            self.clients[-1],
            lambda _: repository,
            scanner=Scanner(self.bare.with_name("scanner")),
            redactor=Redactor(),
            narrator=narrator,
            clock=HastyClock(),
        )


@asynccontextmanager
async def pull_house(directory: Path) -> AsyncIterator[House]:
    """Build it."""
    work, bare = directory / "work", directory / "observer.git"
    build_observer(work)
    git(work, "checkout", "--quiet", "--force", "-B", "main", START)
    git(directory, "clone", "--quiet", "--bare", str(work), str(bare))
    async with GitHubEmulator({NAME: bare}) as github:
        house = House(work, bare, github, pulls=None)  # type: ignore[arg-type]  # needs the house itself
        house.pulls = house.looked_after_by(github.token)
        yield house
        await house.pulls.close()
        for client in house.clients:
            client.close()
