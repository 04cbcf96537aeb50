"""Whether a release can be gone back from once its migrations have run: a rollback puts back images, never a schema.

What only adds is no objection: the version before works with it, as expand and contract demands. What loses data, or
what the version before fails with, is told before anybody approves.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from config.migrations import Migrations
from guardrails.migration_code import Read, python, script
from guardrails.migration_sql import deeds, obscure, sections, statements
from guardrails.verdict import Finding, Level, Verdict

_DOWN = re.compile(r"(?:\.down\.|\.rollback\.|\.undo\.|(?:^|/)(?:down|rollback|undo)/|(?:^|/)(?:down|rollback)\.sql$)")
_UNDONE = re.compile(r"(?:^|/)U[\d._]+__[^/]+\.sql$")
_READERS = {".sql", ".py", ".js", ".cjs", ".mjs", ".ts"}
EXPAND = (
    "Make two releases of it: one that only adds and works with both, and, once that has proved itself, one that "
    "takes away."
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One new migration of a release."""

    path: str
    text: str | None
    """None: it is no text, or too large to be read."""
    down: str | None = None
    """The file beside it that takes it back, where there is one."""
    beyond: bool = False
    """There are so many that this one was not looked at."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a release goes."""

    rules: Migrations
    both_run: bool
    """Whether the version before answers on while the new one's migrations have run."""


def is_migration(path: str, rules: Migrations) -> bool:
    """Tell whether a path is a migration: what takes one back, documents and Python's `__init__.py` are not."""
    folder, name = posixpath.split(path)
    lies_there = any(
        f"/{place}" in f"/{folder}/" if place.endswith("/") else fnmatchcase(path, place) for place in rules.paths
    )
    is_down = _DOWN.search(path) or _UNDONE.search(path)
    return lies_there and not is_down and name != "__init__.py" and posixpath.splitext(name)[1] in _READERS


def ways_back(path: str) -> tuple[str, ...]:
    """List the names under which the common tools keep what takes a migration back."""
    folder, name = posixpath.split(path)
    stem, kind = posixpath.splitext(name)
    plain = stem.removesuffix(".up")
    names = [f"{plain}.down{kind}", f"{plain}.rollback{kind}", f"{plain}.undo{kind}"]
    names += [f"{place}/{name}" for place in ("down", "rollback", "undo")]
    names += ["down.sql"] if name in {"up.sql", "migration.sql"} else []
    names += [f"U{name[1:]}"] if re.match(r"V[\d._]+__", name) else []
    return tuple(posixpath.join(folder, one) for one in names)


def migrations_reversible(found: Iterable[Migration], setting: Setting) -> Verdict:
    """Tell what going back would not bring back, or would not work with; of those beyond the limit, that they exist."""
    judged, beyond = _parted(found)
    return Verdict.of((*(finding for one in judged for finding in _judge(one, setting)), *_uncounted(beyond)))


def not_undone(found: Iterable[Migration]) -> tuple[str, ...]:
    """Name what a rollback leaves as the migrations made it."""
    judged, beyond = _parted(found)
    more = [f"{len(beyond)} more, of which nobody knows what they do"] * bool(beyond)
    return (*(_left(one) for one in judged), *more)


def read(migration: Migration) -> Read:
    """Read a migration as the tool that runs it would."""
    kind, text = posixpath.splitext(migration.path)[1], migration.text
    if text is None:
        return Read(understood=False)
    if kind == ".py":
        return python(text)
    if kind != ".sql":
        return script(text)
    forward, back = sections(text)
    back_there = bool(migration.down) or bool(statements(back))
    return Read(deeds(forward), way_back=back_there, understood=not obscure(forward))


def _judge(one: Migration, setting: Setting) -> Iterator[Finding]:
    seen, reason = read(one), declared(one.path, setting.rules)
    heavy = bool(seen.deeds) or not seen.understood
    if heavy and reason:
        yield _finding(one, "declared", f"Declared as harmless: {reason}.", "Nothing, while that holds.", Level.NOTE)
        return
    level = Level.BLOCKING if setting.rules.no_way_back == "refuse" else Level.WARNING
    if not seen.understood:
        message = "What it does could not be told, so nobody knows whether the version before works with it."
        yield _finding(one, "not-read", message, f"Read it before you approve. {_declare(one)}", Level.WARNING)
    if not seen.deeds:
        return
    told = "; ".join(deed.what for deed in seen.deeds)
    if seen.way_back:
        by_hand = f"It {told}. A rollback does not take that back; {_down(one)} does, run by hand, and what was lost "
        yield _finding(one, "back-by-hand", f"{by_hand}stays lost.", f"{EXPAND} {_declare(one)}", Level.WARNING)
    else:
        message = f"It {told}, and has no way back: a rollback puts back the image, not that."
        yield _finding(one, "no-way-back", message, f"{EXPAND} {_declare(one)}", level)
    if setting.both_run and (breaking := [deed.what for deed in seen.deeds if deed.breaks]):
        message = f"It {'; '.join(breaking)} while the version before still answers requests, which then fail."
        yield _finding(one, "breaks-running", message, EXPAND, level)


def _parted(found: Iterable[Migration]) -> tuple[list[Migration], list[Migration]]:
    every = list(found)
    return [one for one in every if not one.beyond], [one for one in every if one.beyond]


def _uncounted(beyond: Sequence[Migration]) -> Iterator[Finding]:
    if beyond:
        message = f"There are so many migrations that {len(beyond)}, from this one on, were not read."
        remedy = "Read them before you approve, or release them in smaller steps."
        yield _finding(beyond[0], "not-read", message, remedy, Level.WARNING)


def declared(path: str, rules: Migrations) -> str:
    """Return why an operator says that a migration may be gone back from; empty where nobody does."""
    return next((why for place, why in sorted(rules.declared.items()) if fnmatchcase(path, place)), "")


def _left(one: Migration) -> str:
    seen = read(one)
    told = "; ".join(deed.what for deed in seen.deeds)
    if not seen.understood:
        known = f": it {told}, and more" if told else ""
        return f"{one.path}{known}, of which nobody knows what it does"
    return f"{one.path}: it {told}" if told else f"{one.path}, which only adds"


def _down(one: Migration) -> str:
    return one.down or "its own way back"


def _declare(one: Migration) -> str:
    return f"Where it is harmless, say why in `migrations.declared`, under {one.path}."


def _finding(one: Migration, rule: str, message: str, remedy: str, level: Level) -> Finding:
    return Finding(f"migration-{rule}", one.path, message, remedy, level)
