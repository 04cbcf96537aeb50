"""No hardcoded secrets: the structural layer and the pattern layer weighed together (P14)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from guardrails.secrets import source
from guardrails.secrets.allowances import Allowance, excepted
from guardrails.secrets.formats import Format, format_of, is_example
from guardrails.secrets.objections import Objection
from guardrails.secrets.remedies import remedy, rotation
from guardrails.secrets.uses import SecretUse, State
from guardrails.verdict import Level
from tools.scanner import PatternMatch


def objections(
    uses: Iterable[SecretUse],
    matches: Iterable[PatternMatch],
    allowed: Iterable[Allowance] = (),
    *,
    today: date = date.max,
) -> tuple[Objection, ...]:
    """List every secret that is written out, by path and line; without a date no allowance holds."""
    uses = tuple(uses)
    found = [one for use in uses if (one := _about_use(use)) is not None]
    found += _about_matches(matches, uses)
    return tuple(sorted(excepted(found, allowed, today), key=lambda one: (one.path, one.line, one.rule, one.key)))


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
    if use.state is State.LITERAL and _in_test(use):
        return "secret-in-test", Level.WARNING, f"{use.key} is written out in a test; anywhere else it would block."
    if use.state is State.LITERAL:
        return "secret-literal", Level.BLOCKING, f"{use.key} is written out in the file."
    if use.state is State.PLACEHOLDER and not is_example(use.path):
        return "secret-placeholder", Level.BLOCKING, f"{use.key} holds a placeholder or a default that everybody knows."
    return None


def _in_test(use: SecretUse) -> bool:
    """Tell what only a test holds: a password of its own making. A provider's token is one anywhere."""
    shaped = use.kind in {"known-token", "private-key"}
    return not shaped and source.is_test(use.path) and format_of(use.path, "") is Format.SOURCE


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
