"""`guard commit`: what a commit would bring, looked at in the index before it is made. For git's pre-commit hook."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from agents.entrypoints.guard import FAILED, OBJECTED, PASSED, own_scanner
from guardrails.secrets import Objection, SecretUse, State, objections, secret_uses
from guardrails.secrets.remedies import ROTATE, rotation
from guardrails.staged_files import staged_sound
from guardrails.verdict import Finding, Level, Verdict
from tools.errors import ToolError
from tools.scanner import Scanner
from tools.staged import StagedFile, staged_files

_WAY_ROUND = "The commit was not made. Where it cannot wait: `git commit --no-verify`; the release looks again."


def guard_commit(directory: Path, *, as_json: bool, out: TextIO, scanner: Scanner | None = None) -> int:
    """Judge what is staged; 0 the commit may be made, 1 a blocking finding, 2 it could not be looked at."""
    began = time.monotonic()
    try:
        files = staged_files(directory)
        verdict, known = _judged(files, scanner or own_scanner())
    except (ToolError, OSError) as error:
        told = f"The commit was not looked at: {error}"
        out.write(json.dumps({"error": told}) + "\n" if as_json else f"{told}\n{_WAY_ROUND}\n")
        return FAILED
    out.write(_as_json(verdict) if as_json else _as_text(verdict, len(files), known, time.monotonic() - began))
    return OBJECTED if verdict.blocks else PASSED


def _judged(files: Sequence[StagedFile], scanner: Scanner) -> tuple[Verdict, int]:
    """Judge what the commit brings; what stood there before is counted, and what it takes away is to be rotated."""
    now = _objections([(file.path, file.content) for file in files if file.content], scanner)
    then = _objections([(file.path, file.before) for file in files if file.before], scanner)
    old = {_identity(one) for one in then}
    fresh = [_unpublished(one.finding) for one in now if one.level is Level.NOTE or _identity(one) not in old]
    staged = {one.fingerprint for one in now if one.fingerprint}
    gone = [_removed(one) for one in then if one.level is Level.BLOCKING and one.fingerprint not in staged]
    return Verdict.of([*fresh, *gone]) + staged_sound(files), len(now) - len(fresh)


def _objections(files: Sequence[tuple[str, bytes]], scanner: Scanner) -> tuple[Objection, ...]:
    matches = scanner.scan_now(files)
    uses = [use for path, content in files for use in secret_uses(path, content, scanner.seal)]
    return objections([use for use in uses if not _told_by_syntax(use)], matches)


def _told_by_syntax(use: SecretUse) -> bool:
    return use.state is State.UNREAD and use.path.lower().endswith((".json", ".yml", ".yaml"))


def _identity(one: Objection) -> tuple[str, str, str, str]:
    return one.path, one.key, one.rule, one.fingerprint


def _unpublished(one: Finding) -> Finding:
    """Leave the rotation out: nobody but the author has seen the value yet."""
    return replace(one, remedy=one.remedy.removesuffix(ROTATE).strip())


def _removed(one: Objection) -> Finding:
    message = f"{one.key} is taken out of {one.path} here, and stays readable in the history."
    return Finding("secret-removed", one.key, message, rotation(one.key), Level.WARNING, f"{one.path}:{one.line}")


def _as_json(verdict: Verdict) -> str:
    return json.dumps([_record(one) for one in verdict.findings], indent=2) + "\n"


def _record(one: Finding) -> dict[str, str]:
    place = {"place": one.place, "rule": one.rule, "subject": one.subject}
    return {**place, "verdict": one.level.name.lower(), "message": one.message, "remedy": one.remedy}


def _as_text(verdict: Verdict, files: int, known: int, seconds: float) -> str:
    told = [one for one in verdict.findings if one.level is not Level.NOTE]
    blocking = sum(one.level is Level.BLOCKING for one in told)
    rows = [f"{one.place}: {one.level.name.lower()}: {one.message}\n    {one.remedy}" for one in told]
    summary = f"{files} staged file{'s' * (files != 1)} looked at in {seconds:.1f} s: {blocking} blocking"
    summary += f", {len(told) - blocking} to know of" if len(told) > blocking else ""
    summary += f"; {known} known before this commit" if known else ""
    return "\n".join([*rows, f"{summary}."]) + "\n" + (f"{_WAY_ROUND}\n" if blocking else "")
