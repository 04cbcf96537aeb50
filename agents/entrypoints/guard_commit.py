"""`guard commit`: what a commit would bring, looked at in the index before it is made. For git's pre-commit hook."""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from agents.entrypoints import objections_told as told
from agents.entrypoints.guard import FAILED, OBJECTED, PASSED, own_scanner
from guardrails.secrets import Objection, SecretUse, State, objections, secret_uses
from guardrails.secrets.remedies import rotation
from guardrails.staged_files import staged_sound
from guardrails.verdict import Finding, Level
from tools.errors import ToolError
from tools.scanner import Scanner
from tools.staged import NoRepository, StagedFile, staged_files

_WAY_ROUND = "The commit was not made. Where it cannot wait: `git commit --no-verify`; the release looks again."


def guard_commit(directory: Path, *, as_json: bool, out: TextIO, scanner: Scanner | None = None) -> int:
    """Judge what is staged; 0 the commit may be made, 1 a blocking finding, 2 it could not be looked at."""
    began = time.monotonic()
    try:
        files = staged_files(directory)
        found, known = _judged(files, scanner or own_scanner())
    except NoRepository as error:  # there is no commit that could be made another way
        return _failed(str(error), "", as_json=as_json, out=out)
    except (ToolError, OSError) as error:
        return _failed(f"The commit was not looked at: {error}", f"{_WAY_ROUND}\n", as_json=as_json, out=out)
    out.write(told.as_json(found) if as_json else _as_text(found, len(files), known, time.monotonic() - began))
    return OBJECTED if any(one.level is Level.BLOCKING for one in found) else PASSED


def _failed(reason: str, way_round: str, *, as_json: bool, out: TextIO) -> int:
    out.write(json.dumps({"error": reason}) + "\n" if as_json else f"{reason}\n{way_round}")
    return FAILED


def _judged(files: Sequence[StagedFile], scanner: Scanner) -> tuple[list[Objection], int]:
    """Judge what the commit brings; what stood there before is counted, and what it takes away is to be rotated."""
    now = _objections([(file.path, file.content) for file in files if file.content], scanner)
    then = _objections([(file.path, file.before) for file in files if file.before], scanner)
    old = {_identity(one) for one in then}
    fresh = [_unpublished(one) for one in now if one.level is Level.NOTE or _identity(one) not in old]
    staged = {one.fingerprint for one in now if one.fingerprint}
    gone = [_removed(one) for one in then if one.level is Level.BLOCKING and one.fingerprint not in staged]
    whole = [_of_file(one) for one in staged_sound(files).findings]
    return [*fresh, *gone, *whole], len(now) - len(fresh)


def _objections(files: Sequence[tuple[str, bytes]], scanner: Scanner) -> tuple[Objection, ...]:
    matches = scanner.scan_now(files)
    uses = [use for path, content in files for use in secret_uses(path, content, scanner.seal)]
    return objections([use for use in uses if not _told_by_syntax(use)], matches)


def _told_by_syntax(use: SecretUse) -> bool:
    return use.state is State.UNREAD and use.path.lower().endswith((".json", ".yml", ".yaml"))


def _identity(one: Objection) -> tuple[str, str, str, str]:
    return one.path, one.key, one.rule, one.fingerprint


def _unpublished(one: Objection) -> Objection:
    """Leave the rotation out: nobody but the author has seen the value yet."""
    return replace(one, remedy=told.unrotated(one.remedy))


def _removed(one: Objection) -> Objection:
    message = f"{one.key} is taken out of {one.path} here, and stays readable in the history."
    return replace(one, rule="secret-removed", level=Level.WARNING, message=message, remedy=rotation(one.key))


def _of_file(one: Finding) -> Objection:
    """Tell of a file as a whole as of a place in it."""
    return Objection(one.place, 1, one.subject, one.rule, "file", one.rule, one.level, one.message, one.remedy, "")


def _as_text(found: Iterable[Objection], files: int, known: int, seconds: float) -> str:
    shown = [one for one in found if one.level is not Level.NOTE]
    blocking = sum(one.level is Level.BLOCKING for one in shown)
    summary = f"{files} staged file{'s' * (files != 1)} looked at in {seconds:.1f} s: {blocking} blocking"
    summary += f", {len(shown) - blocking} to know of" if len(shown) > blocking else ""
    summary += f"; {known} known before this commit" if known else ""
    return "\n".join([*told.as_rows(shown), f"{summary}."]) + "\n" + (f"{_WAY_ROUND}\n" if blocking else "")
