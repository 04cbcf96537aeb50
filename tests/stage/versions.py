"""Further versions of a sample, written into its bare repository as somebody pushes them: some tests need their own."""

import os
import subprocess
from pathlib import Path

from tests.stage.observer.tree import Change, Tree

WHO = "ana <ana@acme.example> 1767261600 +0000"


def begin(bare: Path, version: str, tree: Tree, subject: str) -> None:
    """Make a bare repository with one version in it, on `main`."""
    bare.mkdir(parents=True)
    _git(bare, "init", "--quiet", "--bare", "--initial-branch=main")
    stream = ["commit refs/heads/main", f"author {WHO}", f"committer {WHO}", _data(subject)]
    stream += [line for path, text in sorted(tree.items()) for line in (f"M 100644 inline {path}", _data(text))]
    _git(bare, "fast-import", "--quiet", stdin="\n".join([*stream, ""]))
    _git(bare, "tag", version, "refs/heads/main")


def publish(bare: Path, version: str, *, on: str, change: Change, subject: str = "Change something") -> str:
    """Commit a change on top of a version and tag it; a tag that is there already is moved. Returns the commit."""
    branch = f"refs/heads/release/{version}"
    stream = [f"commit {branch}", f"author {WHO}", f"committer {WHO}", _data(subject), f"from {on}^0", "deleteall"]
    for path, text in sorted(change(tree_of(bare, on)).items()):
        stream += [f"M 100644 inline {path}", _data(text)]
    _git(bare, "fast-import", "--quiet", "--force", stdin="\n".join([*stream, ""]))
    _git(bare, "tag", "--force", version, branch)
    return _git(bare, "rev-parse", branch).strip()


def tree_of(bare: Path, version: str) -> Tree:
    """Read the files of a version."""
    listed = _git(bare, "ls-tree", "-r", "--name-only", version)
    return {path: _git(bare, "show", f"{version}:{path}") for path in listed.splitlines()}


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"


def _git(bare: Path, *words: str, stdin: str = "") -> str:
    # Nothing of the machine's own git settings may change the commits.
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ("git", *words), cwd=bare, input=stdin, env=environment, capture_output=True, check=True, text=True, timeout=60
    ).stdout
