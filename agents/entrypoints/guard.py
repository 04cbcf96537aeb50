"""`guard secrets PATH...`: the guardrail against hardcoded secrets, for hooks, pipelines and people."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from guardrails.secrets import Objection, objections, secret_uses
from guardrails.verdict import Level
from tools.errors import ToolError
from tools.scanner import Scanner
from tools.worktree import files_below

LARGEST_SCANNED_BYTES = 50_000_000
PASSED, OBJECTED, FAILED = 0, 1, 2


def guard_secrets(paths: Sequence[Path], *, as_json: bool, out: TextIO, scanner: Scanner | None = None) -> int:
    """Look at files with both layers and print what is wrong; 0 passed, 1 a blocking finding, 2 could not be done."""
    missing = [path for path in paths if not path.exists()]
    if missing:
        return _failed(f"There is no {missing[0]}.", as_json=as_json, out=out)
    scanner = scanner or Scanner(_cache())
    try:
        files = tuple(_contents(paths))
        matches = scanner.scan_now(files)
        uses = [use for path, content in files for use in secret_uses(path, content, scanner.seal)]
    except (ToolError, OSError) as error:
        return _failed(f"Secrets were not checked: {error}", as_json=as_json, out=out)
    found = objections(uses, matches)
    out.write(_as_json(found) if as_json else _as_table(found, len(files)))
    return OBJECTED if any(one.level is Level.BLOCKING for one in found) else PASSED


def _cache() -> Path:
    """Keep the compiled rules of a person's machine where caches are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "shipmate", "scanner")


def _contents(paths: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    for file in dict.fromkeys(file for path in paths for file in files_below(path, untracked=True)):
        if file.stat().st_size > LARGEST_SCANNED_BYTES:
            raise ToolError(
                f"{file} is too large to be looked at.", remedy="Keep it out of the repository, or out of the paths."
            )
        yield str(file), file.read_bytes()


def _failed(reason: str, *, as_json: bool, out: TextIO) -> int:
    out.write(json.dumps({"error": reason}) + "\n" if as_json else f"{reason}\n")
    return FAILED


def _as_json(found: Sequence[Objection]) -> str:
    return json.dumps([_record(one) for one in found], indent=2) + "\n"


def _record(one: Objection) -> dict[str, str | int]:
    return {
        "file": one.path,
        "line": one.line,
        "key": one.key,
        "kind": one.kind,
        "layer": one.layer,
        "verdict": one.level.name.lower(),
        "rule": one.rule,
        "message": one.message,
        "remedy": one.remedy,
        "fingerprint": one.fingerprint,
    }


def _as_table(found: Sequence[Objection], files: int) -> str:
    blocking = sum(one.level is Level.BLOCKING for one in found)
    summary = f"{files} file{'s' * (files != 1)} looked at, {blocking} blocking finding{'s' * (blocking != 1)}."
    width = max((len(_place(one)) for one in found), default=0)
    keys = max((len(one.key) for one in found), default=0)
    rows = [
        f"{_place(one):<{width}}  {one.level.name.lower():<8}  {one.key:<{keys}}  {one.kind}  {one.remedy}"
        for one in found
    ]
    return "\n".join([*rows, summary]) + "\n"


def _place(one: Objection) -> str:
    return f"{one.path}:{one.line}"
