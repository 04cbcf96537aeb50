"""No hardcoded secrets: the structural layer and the pattern layer weighed together (P14)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from guardrails.secrets import source
from guardrails.secrets.formats import is_example
from guardrails.secrets.remedies import remedy, rotation
from guardrails.secrets.uses import SecretUse, State
from guardrails.verdict import Finding, Level, Verdict
from tools.scanner import PatternMatch

Layer = Literal["structure", "pattern"]


@dataclass(frozen=True, slots=True)
class Allowance:
    """An exception that somebody gave: one value of one key in one file, for a reason, up to and including a day."""

    path: str
    key: str
    fingerprint: str
    reason: str
    expires: date


@dataclass(frozen=True, slots=True)
class Objection:
    """One objection with all its facts; never the value."""

    path: str
    line: int
    key: str
    kind: str
    layer: Layer
    rule: str
    level: Level
    message: str
    remedy: str
    fingerprint: str

    @property
    def finding(self) -> Finding:
        """The objection as every guardrail tells it."""
        told = f"{self.message} [{self.kind}, {self.layer} layer"
        told += f", fingerprint {self.fingerprint}]" if self.fingerprint else "]"
        return Finding(self.rule, self.key, told, self.remedy, self.level, f"{self.path}:{self.line}")


def no_hardcoded_secrets(
    uses: Iterable[SecretUse],
    matches: Iterable[PatternMatch],
    allowed: Iterable[Allowance] = (),
    *,
    today: date = date.max,
) -> Verdict:
    """Object to every secret that is written out; without a date no allowance holds."""
    return Verdict.of(one.finding for one in objections(uses, matches, allowed, today=today))


def objections(
    uses: Iterable[SecretUse],
    matches: Iterable[PatternMatch],
    allowed: Iterable[Allowance] = (),
    *,
    today: date = date.max,
) -> tuple[Objection, ...]:
    """List what speaks against the files, by path and line."""
    uses = tuple(uses)
    exceptions = {(one.path, one.key, one.fingerprint): one for one in allowed}
    found = [one for use in uses if (one := _about_use(use)) is not None]
    found += _about_matches(matches, uses)
    weighed = (_excepted(one, exceptions.get((one.path, one.key, one.fingerprint)), today) for one in found)
    return tuple(sorted(weighed, key=lambda one: (one.path, one.line, one.rule, one.key)))


def _about_use(use: SecretUse) -> Objection | None:
    if use.state is State.UNREAD:
        return _unread(use)
    told = _removed(use) if use.removed else _told(use)
    if told is None:
        return None
    rule, level, message = told
    way_out = rotation(use.key) if use.removed else remedy(use.path, use.key, use.kind)
    return Objection(use.path, use.line, use.key, use.kind, "structure", rule, level, message, way_out, use.fingerprint)


def _told(use: SecretUse) -> tuple[str, Level, str] | None:
    if use.state is State.LITERAL and use.kind == source.KIND and source.is_test(use.path):
        return "secret-in-test", Level.WARNING, f"{use.key} is written out in a test; it blocks nowhere but there."
    if use.state is State.LITERAL:
        return "secret-literal", Level.BLOCKING, f"{use.key} is written out in the file."
    if use.state is State.PLACEHOLDER and not is_example(use.path):
        return "secret-placeholder", Level.BLOCKING, f"{use.key} holds a placeholder or a default that everybody knows."
    return None


def _removed(use: SecretUse) -> tuple[str, Level, str] | None:
    if use.state is not State.LITERAL:
        return None
    return "secret-removed", Level.WARNING, f"{use.key} is taken out here, and stays readable in the history."


def _unread(use: SecretUse) -> Objection:
    template = use.kind.endswith("template")
    return Objection(
        use.path,
        use.line,
        use.path,
        use.kind,
        "structure",
        "secrets-unparsed",
        Level.NOTE if template else Level.WARNING,
        f"The file could not be read as {use.kind} ({use.key}); it was looked at line by line.",
        "Nothing to do for a template." if template else "Mend the syntax, so that every key can be looked at.",
        "",
    )


def _about_matches(matches: Iterable[PatternMatch], uses: Sequence[SecretUse]) -> Iterator[Objection]:
    by_path: dict[str, list[SecretUse]] = {}
    for use in uses:
        by_path.setdefault(use.path, []).append(use)
    for match in matches:
        if not any(_speaks_for(use, match) for use in by_path.get(match.path, ())):
            yield _about_match(match)


def _speaks_for(use: SecretUse, match: PatternMatch) -> bool:
    """Tell whether the structural layer has already said what the match is: an objection, or nothing to object to."""
    if use.state is State.LITERAL and use.line == match.line and use.fingerprint == match.fingerprint != "":
        return True
    if use.span is None or use.span[1] <= match.span[0] or match.span[1] <= use.span[0]:
        return False
    example = use.state is State.PLACEHOLDER and is_example(use.path)
    return use.settled or example or use.state is State.LITERAL


def _about_match(match: PatternMatch) -> Objection:
    level = Level.WARNING if match.removed else Level.BLOCKING
    return Objection(
        match.path,
        match.line,
        match.rule,
        "known-token",
        "pattern",
        "secret-removed" if match.removed else "secret-pattern",
        level,
        f"The text has the shape of a credential ({match.rule}).",
        rotation(match.rule) if match.removed else remedy(match.path, _name(match.rule), "known-token"),
        match.fingerprint,
    )


def _name(rule: str) -> str:
    return re.sub(r"^[a-z]+\.", "", rule)


def _excepted(one: Objection, exception: Allowance | None, today: date) -> Objection:
    if exception is None or not one.fingerprint or one.level is Level.NOTE:
        return one
    if exception.expires < today:
        message = f"{one.message} The exception for it ended on {exception.expires} ({exception.reason})."
        return _changed(one, one.rule, one.level, message)
    message = f"{one.message} Allowed until {exception.expires}: {exception.reason}"
    return _changed(one, "secret-allowed", Level.NOTE, message)


def _changed(one: Objection, rule: str, level: Level, message: str) -> Objection:
    return Objection(
        one.path, one.line, one.key, one.kind, one.layer, rule, level, message, one.remedy, one.fingerprint
    )
