"""Write the sample repository: real commits with authors and dates, one tag per version."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.stage.observer.history import PULL_REQUEST, STEPS, moment
from tests.stage.observer.traps import traps
from tests.stage.observer.tree import Change, Tree, both, released, replaced, source_tree

DEFAULT_BASE_IMAGE = "python:3.11-slim"
DEFAULT_IMAGE = "ghcr.io/acme/observer"
DEFAULT_SEED = "observer"


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit to write. `parent` is a mark: the number of a commit written before."""

    number: int
    parent: int | None
    branch: str
    author: str
    message: str
    at: datetime
    tree: Tree
    tag: str


def build_observer(
    directory: Path, *, base_image: str = DEFAULT_BASE_IMAGE, image: str = DEFAULT_IMAGE, seed: str = DEFAULT_SEED
) -> Path:
    """Make the repository in a directory that is not there yet, checked out at its newest good version.

    The same arguments make the same commits. The work of pull request 7 is at
    `refs/pull/7/head` and on its own branch.
    """
    directory.mkdir(parents=True)
    _git(directory, "init", "--quiet", "--initial-branch=main")
    own = both(
        replaced("Dockerfile", DEFAULT_BASE_IMAGE, base_image),
        replaced("docker-compose.server.yml", DEFAULT_IMAGE, image),
    )
    stream = b"".join(part for commit in commits(own, seed) for part in _written(commit))
    _git(directory, "fast-import", "--quiet", stdin=stream)
    merged = _git(directory, "log", "main", f"--grep=(#{PULL_REQUEST.number})", "--format=%H").strip()
    for ref in (f"refs/pull/{PULL_REQUEST.number}/head", f"refs/heads/{PULL_REQUEST.branch}"):
        _git(directory, "update-ref", ref, merged)
    _git(directory, "reset", "--quiet", "--hard", "main")
    return directory


def commits(own: Change, seed: str) -> Iterator[Commit]:
    """List every commit in an order in which parents come first."""
    tagged: dict[str, int] = {}
    for number, step in enumerate(STEPS, start=1):
        version = step.tag or _last_tag(number)
        tree = _at(number, version, own)
        message = f"{step.subject}\n\n{step.body}" if step.body else step.subject
        yield Commit(number, number - 1 or None, "main", step.author, message, moment(number), tree, step.tag)
        tagged[step.tag] = number
    for number, trap in enumerate(traps(seed), start=len(STEPS) + 1):
        parent = tagged[trap.parent]
        tree = trap.change(_at(parent, trap.tag, own))
        branch = f"release/{trap.tag}"
        yield Commit(number, parent, branch, trap.author, trap.subject, moment(number), tree, trap.tag)


def _at(number: int, version: str, own: Change) -> Tree:
    lacking = both(*(step.undo for step in reversed(STEPS[number:])))
    return both(lacking, released(version.removeprefix("v")), own)(source_tree())


def _last_tag(number: int) -> str:
    return next(step.tag for step in reversed(STEPS[:number]) if step.tag)


def _written(commit: Commit) -> Iterator[bytes]:
    who = f"{commit.author} <{commit.author}@acme.example> {int(commit.at.timestamp())} +0000"
    yield f"commit refs/heads/{commit.branch}\nmark :{commit.number}\nauthor {who}\ncommitter {who}\n".encode()
    yield _data(commit.message)
    if commit.parent:
        yield f"from :{commit.parent}\n".encode()
    yield b"deleteall\n"
    for path, text in sorted(commit.tree.items()):
        yield f"M 100644 inline {path}\n".encode() + _data(text)
    yield b"\n"
    if commit.tag:
        yield f"tag {commit.tag}\nfrom :{commit.number}\ntagger {who}\n".encode() + _data(f"Release {commit.tag}")


def _data(text: str) -> bytes:
    content = text.encode()
    return f"data {len(content)}\n".encode() + content + b"\n"


def _git(directory: Path, *arguments: str, stdin: bytes = b"") -> str:
    # Nothing of the machine's own git settings may change the commits.
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ("git", *arguments), cwd=directory, input=stdin, env=environment, capture_output=True, check=True, timeout=60
    )
    return done.stdout.decode()
