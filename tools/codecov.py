"""Coverage reports sent to Codecov, with Codecov's own program.

It is given a place of its own with nothing in it but the report: in the sources it would obey the repository's
settings and run coverage tools there, which obey them too. It gets the token by its environment, and no other secret.
"""

import asyncio
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from tools.errors import ToolError
from tools.hosts import Argv, Completed
from tools.process import NOT_STARTED, run

LIMIT = timedelta(seconds=60)
PROGRAM = "codecovcli"
_REPORT = "coverage.xml"
_KEPT = (
    *("LANG", "TZ", "TMPDIR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)
_ERROR = re.compile(r"^(?:error - \S+ \S+ -- |Error: |Exception: )(?P<told>.+)", re.MULTILINE)
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Upload:
    """One report, and what it is about."""

    repository: str
    """`owner/name` on GitHub."""
    commit: str
    suite: str
    """Becomes the flag of the report, so that several suites of one commit stay apart."""
    report: bytes
    sources: Path
    """Its files are listed by name, for Codecov to find those that the report speaks of."""


class Codecov:
    """One account at Codecov; `url` is another server than Codecov's own."""

    def __init__(self, token: SecretStr, url: str | None = None, limit: timedelta = LIMIT) -> None:
        self._token = token
        self._url = url
        self._limit = limit

    async def upload(self, what: Upload) -> str:
        """Send a report; returns why it was not taken, empty where it was. Raises nothing: no release depends on it."""
        try:
            return refusal(await self._sent(what))
        except ToolError as error:
            return error.happened

    async def _sent(self, what: Upload) -> Completed:
        with tempfile.TemporaryDirectory(prefix=".codecov-", dir=what.sources.parent) as scratch:
            await asyncio.to_thread((Path(scratch) / _REPORT).write_bytes, what.report)
            environment = self._environment(scratch)
            return await run(upload_command(what, self._url), cwd=Path(scratch), env=environment, timeout=self._limit)

    def _environment(self, scratch: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        alone = {"HOME": scratch, "GIT_CEILING_DIRECTORIES": str(Path(scratch).parent)}
        return {**kept, "PATH": program_path(), **alone, "CODECOV_TOKEN": self._token.get_secret_value()}


def program_path() -> str:
    """Tell where programs are looked for: where the bot's own requirements put theirs, first."""
    return os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))


def upload_command(what: Upload, url: str | None = None) -> Argv:
    """Write the command that sends one report: nothing is searched for, nothing is run, nobody is told besides."""
    return (
        *(PROGRAM, "--disable-telem", *(("--enterprise-url", url.rstrip("/")) if url else ()), "upload-coverage"),
        *("--git-service", "github", "--slug", what.repository, "--sha", what.commit, "--flag", what.suite),
        *("--name", what.suite, "--file", _REPORT, "--disable-search", "--plugin", "noop", "--disable-file-fixes"),
        *("--network-root-folder", str(what.sources), "--fail-on-error"),
    )


def refusal(ended: Completed) -> str:
    """Say why a report was not taken; empty where it was."""
    if ended.ok:
        return ""
    if ended.exit_code == NOT_STARTED:
        return f"{PROGRAM} is not installed; install the bot's requirements again"
    said = f"{ended.stdout}\n{ended.stderr}"
    told = [found["told"].strip() for found in _ERROR.finditer(said)]
    last = told[-1] if told else next(reversed(said.strip().splitlines()), "it printed nothing")
    return f"Codecov did not take the report: {last[:_SHOWN]}"
