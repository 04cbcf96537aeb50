"""The migrations that a release brings, read from its commit, and what the guardrails say of them."""

from collections.abc import Sequence

from agents.toolbox import Toolbox
from config.targets import ComposeTarget
from guardrails.migrations import Migration, Setting, is_migration, migrations_reversible, ways_back
from guardrails.verdict import Verdict
from tools.changes import ChangedFile

LIMIT_BYTES = 200_000
"""A longer file is data, not something that a person wrote."""
MOST = 200
"""Of a release with more migrations than this, those after them are counted only."""


async def migrations_of(
    tools: Toolbox, base: str | None, commit: str, files: Sequence[ChangedFile] | None = None
) -> tuple[Migration, ...]:
    """Read what is new or other since a commit; before a first deploy there is nothing to go back to."""
    if base is None:
        return ()
    changed = await tools.repository.changed_files(base, commit) if files is None else files
    rules = tools.service.migrations
    paths = [file.path for file in changed if file.status != "deleted" and is_migration(file.path, rules)]
    beyond = [Migration(path, None, beyond=True) for path in sorted(paths)[MOST:]]
    return (*[await _read(tools, commit, path) for path in sorted(paths)[:MOST]], *beyond)


def judge_migrations(tools: Toolbox, found: Sequence[Migration]) -> Verdict:
    """Tell what going back would not bring back; a cluster runs both versions for a while, as `rolling` does."""
    target = tools.environment.target
    both_run = not isinstance(target, ComposeTarget) or target.strategy != "recreate"
    return migrations_reversible(found, Setting(tools.service.migrations, both_run))


async def _read(tools: Toolbox, commit: str, path: str) -> Migration:
    content = await tools.repository.read(commit, path)
    down = await _down(tools, commit, path)
    return Migration(path, _text(content), down)


async def _down(tools: Toolbox, commit: str, path: str) -> str | None:
    """Find the file beside it that takes a migration back; an empty one takes nothing back."""
    for place in ways_back(path) if path.endswith(".sql") else ():
        content = await tools.repository.read(commit, place)
        if content and content.strip():
            return place
    return None


def _text(content: bytes | None) -> str | None:
    if content is None or len(content) > LIMIT_BYTES:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
