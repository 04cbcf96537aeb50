"""Whether a word fits its slot: by full match with ASCII grammars and the names of the configuration."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from agents.entrypoints.commands.catalog import Catalog, Known
from agents.entrypoints.commands.grammar import (
    DIGEST,
    ENVIRONMENT,
    FORMER,
    OPTIONS,
    REASON,
    SERVICE,
    SPAN,
    VERSION,
    Shape,
)
from config.nearest import nearest
from tools.versions import is_commit_version

LONGEST_WORD = 128
_PLAN_DIGEST = re.compile(r"[0-9a-f]{7,64}", re.ASCII)
_SPAN = re.compile(r"(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?", re.ASCII)
_A_TIME = re.compile(r"\bfor(?: (\d\S*(?: \S+)?))?$", re.ASCII)
LONGEST_SPAN = timedelta(days=366)
_OPTION = re.compile(r"-{1,2}\w.*", re.DOTALL)
Unfit = tuple[str, str, str | None]
"""Reason code, how things stand, and the word that was probably meant."""


def unfit(shape: Shape, place: int, words: tuple[str, ...], catalog: Catalog, *, timed: bool = False) -> Unfit | None:
    """Object to the word at `place` of a shape, if it does not fit there; `timed`: a time may follow a reason."""
    slot, word, known = shape[place], words[place], catalog.services.get(words[0])
    if slot == REASON:
        wrong = _misplaced_to(shape, word) or _wrong_reason(word, known, asks_environment=ENVIRONMENT not in shape)
        return wrong or (_mistimed(word) if timed and SPAN not in shape else None)
    if slot not in _WRONG:
        return None
    if word.startswith("-"):
        return _like_an_option(word)
    return _WRONG[slot](word, known, catalog)


def _like_an_option(word: str) -> Unfit:
    return "option", f"'{shortened(word)}' looks like an option; only `deploy` takes any, at most one.", None


def options_of(words: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tell options from other words; a keyboard that makes one dash of two is forgiven."""
    spelled_out = tuple(re.sub(r"^[\u2013\u2014]", "--", word) for word in words)
    return tuple(w for w in spelled_out if w.startswith("--")), tuple(w for w in spelled_out if not w.startswith("--"))


def unfit_options(options: tuple[str, ...]) -> Unfit | None:
    """Object to options that do not exist, or to more than one."""
    strange = next((word for word in options if word not in OPTIONS), None)
    if strange:
        standing = f"'{shortened(strange)}' is no option. Options: {', '.join(OPTIONS)}."
        return "option", standing, near(strange, OPTIONS) if len(options) == 1 else None
    if len(options) > 1:
        return "option", f"{' and '.join(options)} exclude each other: each says how much of a release is wanted.", None
    return None


def _wrong_service(word: str, known: Known | None, catalog: Catalog) -> Unfit | None:
    standing = f"There is no service '{shortened(word)}'. Services: {listed(catalog.services)}."
    return None if known else ("unknown-service", standing, near(word, catalog.services))


def _wrong_version(word: str, known: Known | None, _catalog: Catalog) -> Unfit | None:
    pattern = known.version if known else re.compile("")
    if len(word) <= LONGEST_WORD and pattern.fullmatch(word):
        return None
    tries = (_folded(word), _folded(word).lower(), f"v{_folded(word)}", _folded(word).removeprefix("v"))
    better = next((version for version in tries if len(version) <= LONGEST_WORD and pattern.fullmatch(version)), None)
    return "bad-version", f"'{shortened(word)}' is not a version here; versions look like {pattern.pattern}.", better


def _wrong_former(word: str, known: Known | None, catalog: Catalog) -> Unfit | None:
    commit = known is not None and known.commits and is_commit_version(word)
    return None if commit else _wrong_version(word, known, catalog)


def _wrong_environment(word: str, known: Known | None, _catalog: Catalog) -> Unfit | None:
    environments = known.environments if known else ()
    standing = f"There is no environment '{shortened(word)}'. Environments: {listed(environments)}."
    return None if word in environments else ("unknown-environment", standing, near(word, environments))


def _wrong_digest(word: str, _known: Known | None, _catalog: Catalog) -> Unfit | None:
    standing = f"'{shortened(word)}' is not the beginning of a plan's digest: 7 to 64 of the characters 0-9 and a-f."
    return None if _PLAN_DIGEST.fullmatch(word) else ("bad-digest", standing, None)


def _misplaced_to(shape: Shape, text: str) -> Unfit | None:
    """Object to a reason that begins as an environment is named: the release would go to the default one instead."""
    if VERSION not in shape or ENVIRONMENT in shape or text.split(maxsplit=1)[0] != "to":
        return None
    return "unknown-environment", f"'{shortened(text)}' names no environment, and a reason does not begin so.", None


def _wrong_reason(text: str, known: Known | None, *, asks_environment: bool) -> Unfit | None:
    """Object to what was hardly meant as free text: an option, or a word close to an environment that was left out."""
    first, _, rest = text.partition(" ")
    if _OPTION.fullmatch(first):
        return _like_an_option(first)
    environments = known.environments if known and asks_environment else ()
    if first in environments and not rest:
        return reasonless("This")
    meant = near(first, environments)
    if meant is None:
        return None
    standing = f"There is no environment '{shortened(first)}'. Environments: {listed(environments)}."
    return "unknown-environment", standing, f"{meant} {rest}".strip()


def _wrong_span(word: str, _known: Known | None, _catalog: Catalog) -> Unfit | None:
    return None if span_of(word) else _timeless(word)


def _mistimed(text: str) -> Unfit | None:
    """Object to the end of a reason that was hardly meant as one: `for 2 hours`, `for 500d`, or only `for`."""
    found = _A_TIME.search(text)
    if found is None:
        return None
    return reasonless("This") if found.start() == 0 and span_of(found[1] or "") else _timeless(found[0])


def _timeless(text: str) -> Unfit:
    bounds = "days, hours and minutes (no seconds) such as 1d12h, 2h or 30m, from 1m to 366d"
    return "bad-time", f"'{shortened(text)}' is not how long a lock may last: {bounds}.", None


def reasonless(what: str) -> Unfit:
    """Object to a command that takes a reason and has none."""
    return "reason-missing", f"{what} needs a reason, in words that others read.", None


def span_of(word: str) -> timedelta | None:
    """Read how long something is to last: days, hours and minutes, `1d12h`; None where that is no time, or too long."""
    found = _SPAN.fullmatch(word)
    days, hours, minutes = (int(number or 0) for number in found.groups()) if found else (0, 0, 0)
    span = timedelta(days=days, hours=hours, minutes=minutes)
    return span if timedelta(0) < span <= LONGEST_SPAN else None


_WRONG: Mapping[str, Callable[[str, Known | None, Catalog], Unfit | None]] = {
    SERVICE: _wrong_service,
    VERSION: _wrong_version,
    FORMER: _wrong_former,
    ENVIRONMENT: _wrong_environment,
    DIGEST: _wrong_digest,
    SPAN: _wrong_span,
}


def near(word: str, names: Iterable[str]) -> str | None:
    """Return the name that was probably meant; a beginning such as `prod` means the one name that begins so."""
    known, meant = tuple(names), _folded(word)
    begun = [name for name in known if len(meant) > 1 and name.startswith(meant)]
    return begun[0] if len(begun) == 1 else nearest(meant, known)


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word[:LONGEST_WORD])


def shortened(text: str) -> str:
    """Show the beginning of what was typed, enough to recognise it."""
    return text if len(text) <= 40 else f"{text[:40]}..."  # noqa: PLR2004 - as above


def listed(names: Iterable[str]) -> str:
    """List what may be named."""
    return ", ".join(sorted(names)) or "none"
