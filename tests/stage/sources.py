"""A repository made on the spot, with the git of this machine."""

import os
import subprocess
from pathlib import Path

_IDENTITY = {"GIT_AUTHOR_NAME": "Hana", "GIT_AUTHOR_EMAIL": "hana@example.com"}
_COMMITTER = {"GIT_COMMITTER_NAME": "Hana", "GIT_COMMITTER_EMAIL": "hana@example.com"}


class Sources:
    """A work tree with commits in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        environment = {**os.environ, **_IDENTITY, **_COMMITTER, "GIT_CONFIG_GLOBAL": os.devnull}
        done = subprocess.run(
            ("git", *arguments), cwd=self.directory, env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, subject: str, files: dict[str, bytes | None]) -> str:
        """Write (or, for None, delete) files and commit them."""
        for name, content in files.items():
            path = self.directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True) if content is None else path.write_bytes(content)
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--message", subject)
        return self.git("rev-parse", "HEAD")
