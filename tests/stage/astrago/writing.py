"""A bare repository with one commit."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


def begin(bare: Path, files: Mapping[str, str], message: str, who: str) -> None:
    """Make a bare repository in a directory that is not there yet, with these files on `main`."""
    bare.mkdir(parents=True)
    git(bare, "init", "--quiet", "--bare", "--initial-branch=main")
    stream = [f"commit refs/heads/main\nauthor {who}\ncommitter {who}", _data(message)]
    stream += [f"M 100644 inline {path}\n{_data(text)}" for path, text in sorted(files.items())]
    git(bare, "fast-import", "--quiet", stdin="\n".join([*stream, ""]))


def git(bare: Path, *words: str, stdin: str = "") -> str:
    """Run git there; nothing of the machine's own git settings may change the commits."""
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ("git", *words), cwd=bare, input=stdin, env=environment, capture_output=True, check=True, text=True, timeout=60
    ).stdout


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"
