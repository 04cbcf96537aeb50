"""A deployment repository on the GitHub emulator, and those who write into it."""

import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from config.targets import ArgoApplication, GitopsTarget
from tests.emulators.github import GitHubEmulator
from tools.clock import SystemClock
from tools.github_client import GithubAccess, GithubClient
from tools.gitops import DeploymentRepository

NAME = "acme/deployments"
FILE = "astrago/dev/values.yaml"
ARGO = ArgoApplication(url="http://127.0.0.1:1", application="astrago-dev")


def git(directory: Path, *arguments: str) -> str:
    """Run git in a directory."""
    return subprocess.run(("git", "-C", str(directory), *arguments), capture_output=True, check=True, text=True).stdout


def bare_repository(directory: Path, files: Mapping[str, str]) -> Path:
    """Make a bare repository with one commit."""
    work, bare = directory / "deployments", directory / "deployments.git"
    work.mkdir(parents=True)
    git(work, "init", "--quiet", "--initial-branch=main")
    for path, text in files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(text.encode())
    git(work, "add", "--all")
    git(work, "-c", "user.name=ana", "-c", "user.email=ana@acme.example", "commit", "--quiet", "--message", "Start")
    git(directory, "clone", "--quiet", "--bare", str(work), str(bare))
    return bare


def shown(github: GitHubEmulator, path: str = FILE, revision: str = "main") -> str:
    """Read a file as git has it."""
    return github[NAME].git.raw("show", f"{revision}:{path}").decode()


def messages(github: GitHubEmulator) -> list[str]:
    """List the messages of all commits, newest first."""
    return [text.strip() for text in github[NAME].git.run("log", "--format=%B%x00", "main").split("\0") if text.strip()]


def target(images: Mapping[str, str], file: str = FILE) -> GitopsTarget:
    """Describe where the images stand."""
    return GitopsTarget.model_validate(
        {"kind": "gitops", "repository": NAME, "file": file, "images": images, "argocd": ARGO}
    )


def client(github: GitHubEmulator) -> GithubClient:
    """Connect without pauses."""
    return GithubClient(GithubAccess(github.token, github.url, politeness=False, limit=timedelta(seconds=30)))


def repository(connected: GithubClient, where: GitopsTarget) -> DeploymentRepository:
    """Make the tool under test."""
    return DeploymentRepository(connected, where, SystemClock())
