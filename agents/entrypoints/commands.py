"""What people type, read into commands. Pure and total: any text gives a command or a `Misread`, never an error."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from config.nearest import nearest
from config.service import Service
from tools.versions import is_commit_version

LONGEST_TEXT = 600
LONGEST_WORD = 128


@dataclass(frozen=True, slots=True)
class Deploy:
    """Release a version."""

    service: str
    version: str
    environment: str


@dataclass(frozen=True, slots=True)
class Status:
    """Tell what runs where and what is under way."""

    service: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """List the last releases."""

    service: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    """Count how releases ended."""

    service: str | None = None


@dataclass(frozen=True, slots=True)
class Rollback:
    """Put a former version back; the one before where none is named."""

    service: str
    environment: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a release at its next safe point."""

    service: str
    environment: str


@dataclass(frozen=True, slots=True)
class Unlock:
    """Release a locked target."""

    service: str
    environment: str


@dataclass(frozen=True, slots=True)
class Approve:
    """Let the waiting plan of a target through."""

    service: str
    environment: str
    digest: str = ""
    """How the digest of the plan that was read begins."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Refuse the waiting plan of a target."""

    service: str
    environment: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Help:
    """Tell what can be typed."""


Command = Deploy | Status | History | Stats | Rollback | Cancel | Unlock | Approve | Reject | Help


@dataclass(frozen=True, slots=True)
class Misread:
    """Why a text is no command; `did_you_mean` is a whole command line that is one, or empty."""

    code: str
    standing: str
    next_step: str
    did_you_mean: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What may be said about one service."""

    environments: tuple[str, ...]
    default: str
    version: re.Pattern[str]
    commits: bool = False
    """Commits without a tag are released too, so that one may be gone back to."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """The services people may name, and the word with which a command line begins."""

    services: Mapping[str, Known]
    prefix: str = "/deploy"

    @classmethod
    def of(cls, services: Mapping[str, Service], prefix: str = "/deploy") -> "Catalog":
        """Take what the configuration declares."""
        known = {
            name: Known(
                tuple(service.environments),
                service.default_environment,
                re.compile(service.version, re.ASCII),
                commits=any(environment.triggers.branches for environment in service.environments.values()),
            )
            for name, service in services.items()
        }
        return cls(known, prefix)


def spelled(prefix: str, *words: str) -> str:
    """Write a command line; where the prefix itself says `deploy`, the verb is left out."""
    shown = words[1:] if prefix.startswith("/") and words[:1] == ("deploy",) else words
    return " ".join((prefix, *shown))


_SERVICE, _VERSION, _FORMER, _ENVIRONMENT, _DIGEST = "SERVICE", "VERSION", "FORMER", "ENV", "DIGEST"
_SLOTS = (_SERVICE, _VERSION, _FORMER, _ENVIRONMENT, _DIGEST)
_PLAN_DIGEST = re.compile(r"[0-9a-f]{7,64}", re.ASCII)
Shape = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Form:
    """The shapes that the words behind a verb may have, and what they make."""

    make: Callable[..., Command]
    usage: str
    shapes: tuple[Shape, ...]
    targeted: bool = True
    """The default environment is filled in where none is named."""


_TARGET: tuple[Shape, ...] = ((_SERVICE,), (_SERVICE, _ENVIRONMENT))
_FORMS: Mapping[str, _Form] = {
    "deploy": _Form(
        Deploy, "SERVICE VERSION [to ENV]", ((_SERVICE, _VERSION), (_SERVICE, _VERSION, "to", _ENVIRONMENT))
    ),
    "status": _Form(Status, "[SERVICE [ENV]]", ((), *_TARGET), targeted=False),
    "history": _Form(History, "[SERVICE [ENV]]", ((), *_TARGET), targeted=False),
    "stats": _Form(Stats, "[SERVICE]", ((), (_SERVICE,)), targeted=False),
    "rollback": _Form(
        Rollback,
        "SERVICE [to VERSION] [in ENV]",
        (
            (_SERVICE,),
            (_SERVICE, "to", _FORMER),
            (_SERVICE, "in", _ENVIRONMENT),
            (_SERVICE, "to", _FORMER, "in", _ENVIRONMENT),
        ),
    ),
    "cancel": _Form(Cancel, "SERVICE [ENV]", _TARGET),
    "unlock": _Form(Unlock, "SERVICE [ENV]", _TARGET),
    "approve": _Form(Approve, "SERVICE [ENV [DIGEST]]", (*_TARGET, (_SERVICE, _ENVIRONMENT, _DIGEST))),
    "reject": _Form(Reject, "SERVICE [ENV] [REASON]", _TARGET),
    "help": _Form(Help, "", ((),), targeted=False),
}


VERBS = frozenset(_FORMS)


def usages(prefix: str) -> tuple[str, ...]:
    """List every command line that can be typed."""
    return tuple(spelled(prefix, verb, *([form.usage] if form.usage else [])) for verb, form in _FORMS.items())


def parse(text: str, catalog: Catalog) -> Command | Misread:
    """Read what somebody typed behind the prefix."""
    trouble = _unreadable(text, catalog)
    return trouble or _read(tuple(text.split()), catalog)


def _unreadable(text: str, catalog: Catalog) -> Misread | None:
    if len(text) > LONGEST_TEXT:
        standing = f"A command has at most {LONGEST_TEXT} characters, this one has {len(text)}."
        return Misread("too-long", standing, f"Type `{spelled(catalog.prefix, 'help')}` to see what can be said.")
    hidden = next((mark for mark in text.strip().replace("\t", " ") if unicodedata.category(mark)[0] == "C"), None)
    if hidden is not None:
        standing = f"The text holds a character that cannot be seen (U+{ord(hidden):04X})."
        return Misread("hidden-character", standing, "Type the command by hand instead of pasting it.")
    return None


def _read(words: tuple[str, ...], catalog: Catalog) -> Command | Misread:
    if not words:
        return Help()
    first, rest = words[0], words[1:]
    if first == "reject":
        return _read_reject(rest, catalog)
    if first in _FORMS:
        return _read_form(first, rest, catalog)
    if first in catalog.services:
        return _read_form("deploy", words, catalog)
    return _unknown_start(words, catalog)


def _unknown_start(words: tuple[str, ...], catalog: Catalog) -> Misread:
    """Object to a first word that is neither a verb nor a service; a version put first is put behind its service."""
    tries = [_with(words, 0, _near(words[0], (*_FORMS, *catalog.services)))]
    if len(words) > 1 and words[1] in catalog.services:
        tries.append((words[1], words[0], *words[2:]))
    return Misread(
        "unknown-command",
        f"'{_short(words[0])}' is neither a command nor a service. Services: {_listed(catalog.services)}.",
        f"Type `{spelled(catalog.prefix, 'help')}` to see what can be said.",
        next((right for right in (_corrected(attempt, catalog) for attempt in tries) if right), ""),
    )


def _read_form(verb: str, words: tuple[str, ...], catalog: Catalog) -> Command | Misread:
    form = _FORMS[verb]
    shape = next((shape for shape in form.shapes if _fits(shape, words)), None)
    if shape is None:
        return _misshapen(verb, words, catalog)
    named: dict[str, Any] = {}
    for place, (slot, word) in enumerate(zip(shape, words, strict=True)):
        trouble = _check(slot, place, (verb, *words), catalog)
        if trouble:
            return trouble
        named[slot] = word
    if form.targeted:
        named.setdefault(_ENVIRONMENT, catalog.services[named[_SERVICE]].default)
    fields = {
        _SERVICE: "service",
        _VERSION: "version",
        _FORMER: "version",
        _ENVIRONMENT: "environment",
        _DIGEST: "digest",
    }
    return form.make(**{fields[slot]: word for slot, word in named.items() if slot in fields})


def _fits(shape: Shape, words: tuple[str, ...]) -> bool:
    pairs = zip(shape, words, strict=False)
    return len(shape) == len(words) and all(slot in _SLOTS or slot == word for slot, word in pairs)


def _check(slot: str, place: int, line: tuple[str, ...], catalog: Catalog) -> Misread | None:
    """Object to the word at `place` behind the verb, with the whole line put right."""
    if slot not in _SLOTS:
        return None
    word = line[place + 1]
    known = catalog.services.get(line[1])
    for unfit in (_like_an_option(word, catalog), _WRONG[slot](word, known, catalog)):
        if unfit is not None:
            code, standing, better = unfit
            return _objection(code, standing, line, _corrected(_with(line, place + 1, better), catalog), catalog)
    return None


Unfit = tuple[str, str, str | None]
"""Reason code, how things stand, and the word that was probably meant."""


def _like_an_option(word: str, _catalog: Catalog) -> Unfit | None:
    unfit: Unfit = ("option", f"'{_short(word)}' looks like an option; commands take none.", None)
    return unfit if word.startswith("-") else None


def _wrong_service(word: str, known: Known | None, catalog: Catalog) -> Unfit | None:
    standing = f"There is no service '{_short(word)}'. Services: {_listed(catalog.services)}."
    return None if known else ("unknown-service", standing, _near(word, catalog.services))


def _wrong_version(word: str, known: Known | None, _catalog: Catalog) -> Unfit | None:
    pattern = known.version if known else re.compile("")
    if len(word) <= LONGEST_WORD and pattern.fullmatch(word):
        return None
    tries = (_folded(word), _folded(word).lower(), f"v{_folded(word)}", _folded(word).removeprefix("v"))
    better = next((version for version in tries if len(version) <= LONGEST_WORD and pattern.fullmatch(version)), None)
    return "bad-version", f"'{_short(word)}' is not a version here; versions look like {pattern.pattern}.", better


def _wrong_former(word: str, known: Known | None, catalog: Catalog) -> Unfit | None:
    commit = known is not None and known.commits and is_commit_version(word)
    return None if commit else _wrong_version(word, known, catalog)


def _wrong_environment(word: str, known: Known | None, _catalog: Catalog) -> Unfit | None:
    environments = known.environments if known else ()
    standing = f"There is no environment '{_short(word)}'. Environments: {_listed(environments)}."
    unfit: Unfit = ("unknown-environment", standing, _near(word, environments))
    return None if word in environments else unfit


def _wrong_digest(word: str, _known: Known | None, _catalog: Catalog) -> Unfit | None:
    standing = f"'{_short(word)}' is not the beginning of a plan's digest: 7 to 64 of the characters 0-9 and a-f."
    return None if _PLAN_DIGEST.fullmatch(word) else ("bad-digest", standing, None)


_WRONG: Mapping[str, Callable[[str, Known | None, Catalog], Unfit | None]] = {
    _SERVICE: _wrong_service,
    _VERSION: _wrong_version,
    _FORMER: _wrong_former,
    _ENVIRONMENT: _wrong_environment,
    _DIGEST: _wrong_digest,
}


def _misshapen(verb: str, words: tuple[str, ...], catalog: Catalog) -> Misread:
    """Object to words in a shape that the verb does not have, trying the little word that people leave out."""
    line = (verb, *words)
    tries: tuple[tuple[str, ...], ...] = ()
    if verb == "deploy" and len(words) in (3, 4):
        tries = ((*line[:3], "to", words[-1]),)
    elif verb == "rollback" and len(words) in (2, 3):
        tries = ((*line[:2], "to", words[-1]), (*line[:2], "in", words[-1]))
    corrected = next((right for right in (_corrected(attempt, catalog) for attempt in tries) if right), "")
    if verb == "deploy" and len(words) == 1:
        return _objection("version-missing", "A release needs a version.", line, corrected, catalog)
    said = " ".join(words)
    standing = f"`{verb}` cannot be followed by '{_short(said)}'." if said else f"`{verb}` needs to know what."
    return _objection("bad-form", standing, line, corrected, catalog)


def _read_reject(words: tuple[str, ...], catalog: Catalog) -> Command | Misread:
    """Read `SERVICE [ENV] [REASON]`; a word close to an environment's name is asked about, never taken as a reason."""
    if not words:
        return _misshapen("reject", words, catalog)
    trouble = _check(_SERVICE, 0, ("reject", *words), catalog)
    if trouble:
        return trouble
    service = words[0]
    known = catalog.services[service]
    if len(words) > 1 and words[1] in known.environments:
        return Reject(service, words[1], " ".join(words[2:]))
    if len(words) > 1 and _near(words[1], known.environments):
        trouble = _check(_ENVIRONMENT, 1, ("reject", *words), catalog)
    return trouble or Reject(service, known.default, " ".join(words[1:]))


def _objection(code: str, standing: str, line: tuple[str, ...], corrected: str, catalog: Catalog) -> Misread:
    usage = spelled(catalog.prefix, line[0], *([_FORMS[line[0]].usage] if _FORMS[line[0]].usage else []))
    return Misread(code, standing, f"Type `{usage}`.", corrected)


def _corrected(words: tuple[str, ...], catalog: Catalog) -> str:
    """Write a corrected line, with every further mistake in it corrected too; empty where it would still be wrong."""
    if not words:
        return ""
    again = _read(words, catalog)
    if isinstance(again, Misread):
        return again.did_you_mean
    explicit = words if words[0] in _FORMS else ("deploy", *words)
    return spelled(catalog.prefix, *explicit)


def _with(words: tuple[str, ...], place: int, word: str | None) -> tuple[str, ...]:
    """Put another word in place; no words at all where none is known or nothing would change."""
    if word is None or word == words[place]:
        return ()
    return (*words[:place], word, *words[place + 1 :])


def _near(word: str, names: Iterable[str]) -> str | None:
    """Return the name that was probably meant; a beginning such as `prod` means the one name that begins so."""
    known, meant = tuple(names), _folded(word)
    begun = [name for name in known if len(meant) > 1 and name.startswith(meant)]
    return begun[0] if len(begun) == 1 else nearest(meant, known)


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word[:LONGEST_WORD])


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}..."  # noqa: PLR2004 - enough to recognise what was typed


def _listed(names: object) -> str:
    return ", ".join(sorted(names)) or "none" if isinstance(names, (Mapping, tuple)) else ""
