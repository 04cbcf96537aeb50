"""`guard secrets PATH...`: the guardrail against hardcoded secrets, for hooks, pipelines and people."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TextIO

from agents.entrypoints import objections_told as told
from config.allowances import AllowedSecret
from guardrails.secrets import Allowance, Objection, objections, secret_uses
from guardrails.secrets.remedies import ROTATE
from guardrails.verdict import Level
from tools.errors import ToolError
from tools.scanner import KEY_VARIABLE, Scanner, shared_key
from tools.worktree import files_below, ignored_below

LARGEST_SCANNED_BYTES = 50_000_000
PASSED, OBJECTED, FAILED = 0, 1, 2
_HOW_TO_ALLOW = (
    "One that may stay: an entry in the service's `allowed_secrets` with path, key, fingerprint, reason and expires;"
    f" the fingerprint counts where {KEY_VARIABLE} is the same here and for the bot."
)
_ROTATE_ALL = "Then rotate what was written out where it was issued: whoever can read the repository has it."


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What a service allows, and the day it is asked on."""

    allowed: Sequence[AllowedSecret]
    today: date


def guard_secrets(
    paths: Sequence[Path],
    *,
    as_json: bool,
    out: TextIO,
    scanner: Scanner | None = None,
    exceptions: Exceptions | None = None,
    base: Path = Path("/"),
) -> int:
    """Look at files with both layers and print what is wrong; 0 passed, 1 a blocking finding, 2 could not be done.

    Files below `base`, where somebody typed the command, are told as seen from there.
    """
    missing = [path for path in paths if not path.exists()]
    if missing:
        return _failed(f"There is no {missing[0]}.", as_json=as_json, out=out)
    try:
        scanner = scanner or own_scanner()
        files = tuple((_seen_from(base, file), content) for file, content in _contents(paths))
        matches = scanner.scan_now(files)
        uses = [use for path, content in files for use in secret_uses(path, content, scanner.seal)]
        ignored = sum(map(ignored_below, paths))
    except (ToolError, OSError) as error:
        return _failed(f"Secrets were not checked: {error}", as_json=as_json, out=out)
    today = exceptions.today if exceptions else date.max
    found = objections(uses, matches, _allowances(exceptions, paths, base), today=today)
    out.write(told.as_json(found) if as_json else _as_text(found, len(files), ignored))
    return OBJECTED if any(one.level is Level.BLOCKING for one in found) else PASSED


def _seen_from(base: Path, file: Path) -> str:
    """Name a file as people do who stand in a directory."""
    whole = os.path.normpath(file)
    below = base != Path("/") and Path(whole).is_relative_to(base)
    return str(Path(whole).relative_to(base)) if below else str(file)


def own_scanner() -> Scanner:
    """Make a scanner whose compiled rules are kept where a person's machine keeps caches."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "shipmate", "scanner")
    return Scanner(cache, shared_key(os.environ))


def _allowances(exceptions: Exceptions | None, paths: Sequence[Path], base: Path) -> list[Allowance]:
    """See the service's entries from where the command looks: below each directory that was named."""
    return [
        Allowance(place, one.key, one.fingerprint, one.reason, one.expires)
        for one in (exceptions.allowed if exceptions else ())
        for place in dict.fromkeys((one.path, *(_seen_from(base, path / one.path) for path in paths)))
    ]


def _contents(paths: Sequence[Path]) -> Iterator[tuple[Path, bytes]]:
    for file in dict.fromkeys(file for path in paths for file in files_below(path, untracked=True)):
        if file.stat().st_size > LARGEST_SCANNED_BYTES:
            raise ToolError(
                f"{file} is too large to be looked at.", remedy="Keep it out of the repository, or out of the paths."
            )
        yield file, file.read_bytes()


def _failed(reason: str, *, as_json: bool, out: TextIO) -> int:
    out.write(json.dumps({"error": reason}) + "\n" if as_json else f"{reason}\n")
    return FAILED


def _as_text(found: Sequence[Objection], files: int, ignored: int) -> str:
    blocking = sum(one.level is Level.BLOCKING for one in found)
    summary = f"{files} file{'s' * (files != 1)} looked at, {blocking} blocking finding{'s' * (blocking != 1)}."
    if ignored:
        summary += f" Not looked at, because git ignores them: {ignored}; name a file to look at it all the same."
    end = [_ROTATE_ALL] if any(one.remedy.endswith(ROTATE) for one in found) else []
    return "\n".join([*told.as_rows(found), summary, *end, *([_HOW_TO_ALLOW] if blocking else [])]) + "\n"
