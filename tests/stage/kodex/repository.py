"""Write the sample repository, as a hosting service keeps it: good versions on `main`, traps beside it."""

import os
import subprocess
from pathlib import Path

from tests.stage.kodex.traps import GOOD, traps
from tests.stage.observer.tree import Change, Tree, both, replaced
from tests.stage.versions import WHO, publish

SOURCE = Path(__file__).parent / "source"
DEFAULT_BASE_IMAGE = "python:3.11-slim"
DEFAULT_IMAGE = "ghcr.io/acme/kodex"
FIRST, NEXT = "v0.9.9", "v1.0.1"
SEARCH = '    @app.get("/search")\n'


def build_kodex(bare: Path, *, base_image: str = DEFAULT_BASE_IMAGE, image: str = DEFAULT_IMAGE) -> Path:
    """Make the bare repository; `main` is at the newest good version."""
    own = both(
        replaced("Dockerfile", DEFAULT_BASE_IMAGE, base_image), replaced("docker-compose.yml", DEFAULT_IMAGE, image)
    )
    bare.mkdir(parents=True)
    _git(bare, "init", "--quiet", "--bare", "--initial-branch=main")
    _begin(bare, both(own, told(FIRST))(source_tree()))
    publish(bare, FIRST, on="main", change=_unchanged, subject="Find passages and read them out")
    tell_more = replaced("src/kodex/library.py", "most: int = 3", "most: int = 5")
    publish(bare, GOOD, on=FIRST, change=both(told(GOOD, FIRST), tell_more), subject="Tell more passages")
    publish(bare, NEXT, on=GOOD, change=both(told(NEXT, GOOD), _readme), subject="Say where voices lie")
    _git(bare, "update-ref", "refs/heads/main", NEXT)
    for trap in traps():
        publish(bare, trap.tag, on=GOOD, change=both(told(trap.tag, GOOD), trap.change), subject=trap.subject)
    return bare


def source_tree() -> Tree:
    """Read the newest good tree."""
    files = (file for file in sorted(SOURCE.rglob("*")) if file.is_file() and "__pycache__" not in file.parts)
    return {file.relative_to(SOURCE).as_posix(): file.read_text(encoding="utf-8") for file in files}


def told(version: str, before: str = "v0.0.0") -> Change:
    """Write the version that the program tells."""
    return replaced("src/kodex/__init__.py", f'"{before.removeprefix("v")}"', f'"{version.removeprefix("v")}"')


def push(bare: Path, branch: str, change: Change, subject: str) -> str:
    """Commit a change on a branch, begun at `main` where it is new, as somebody pushes it; returns the commit."""
    has = _git(bare, "for-each-ref", f"refs/heads/{branch}")
    commit = publish(
        bare, f"pushed-{branch.replace('/', '-')}", on=branch if has else "main", change=change, subject=subject
    )
    _git(bare, "tag", "--delete", f"pushed-{branch.replace('/', '-')}")
    _git(bare, "update-ref", f"refs/heads/{branch}", commit)
    return commit


def _readme(tree: Tree) -> Tree:
    return tree | {"README.md": tree["README.md"] + "\nA voice is a file below `models/` on the server.\n"}


def _unchanged(tree: Tree) -> Tree:
    return tree


def _begin(bare: Path, tree: Tree) -> None:
    who = f"author {WHO}\ncommitter {WHO}"
    stream = [f"commit refs/heads/main\n{who}", _data("Begin")]
    stream += [f"M 100644 inline {path}\n{_data(text)}" for path, text in sorted(tree.items())]
    _git(bare, "fast-import", "--quiet", stdin="\n".join([*stream, ""]))


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"


def _git(bare: Path, *words: str, stdin: str = "") -> str:
    # Nothing of the machine's own git settings may change the commits.
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ("git", *words), cwd=bare, input=stdin, env=environment, capture_output=True, check=True, text=True, timeout=60
    ).stdout
