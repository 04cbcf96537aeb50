"""What people type, read into commands. Pure and total: any text gives a command or a `Misread`, never an error."""

import unicodedata
from dataclasses import replace
from typing import Any

from agents.entrypoints.commands.catalog import Catalog, pasted, spelled
from agents.entrypoints.commands.grammar import (
    ENVIRONMENT,
    FIELDS,
    FORMS,
    OPTIONS,
    REASON,
    SERVICE,
    SPAN,
    Form,
    Shape,
    Words,
    arranged,
    usage,
)
from agents.entrypoints.commands.slots import (
    Unfit,
    listed,
    near,
    options_of,
    reasonless,
    shortened,
    unfit,
    unfit_options,
)
from agents.entrypoints.commands.typed import Command, Deploy, Help, Misread
from guardrails.hidden import is_hidden

LONGEST_TEXT = 600


def parse(text: str, catalog: Catalog) -> Command | Misread:
    """Read what somebody typed behind the prefix."""
    words = tuple(text.split())
    read = _unreadable(text, catalog) or _read(words, catalog)
    return replace(read, verb=words[0]) if isinstance(read, Misread) and words[:1] and words[0] in FORMS else read


def _unreadable(text: str, catalog: Catalog) -> Misread | None:
    if len(text) > LONGEST_TEXT:
        standing = f"A command has at most {LONGEST_TEXT} characters, this one has {len(text)}."
        return Misread("too-long", standing, f"Type `{spelled(catalog.prefix, 'help')}` to see what can be said.")
    hidden = next((mark for mark in text.strip().replace("\t", " ") if _hides(mark)), None)
    if hidden is not None:
        standing = f"The text holds a character that cannot be seen (U+{ord(hidden):04X})."
        return Misread("hidden-character", standing, "Type the command by hand instead of pasting it.")
    return None


def _hides(mark: str) -> bool:
    """Tell whether nobody types a mark: one that is not seen, that ends a line, or that is not defined at all."""
    return is_hidden(mark) or mark == "\n" or unicodedata.category(mark) == "Cn"


def _read(words: Words, catalog: Catalog) -> Command | Misread:
    if not words:
        return Help()
    if words[0] in FORMS:
        return _read_form(words[0], words[1:], catalog)
    if words[0] in catalog.services:
        return _read_form("deploy", words, catalog)
    return _unknown_start(words, catalog)


def _read_form(verb: str, words: Words, catalog: Catalog) -> Command | Misread:
    """Read what stands behind a verb, and how much of it is wanted where it takes options."""
    options, rest = options_of(words) if FORMS[verb].options else ((), words)
    wrong = unfit_options(options)
    if wrong:
        better = wrong[2]
        return _misread(verb, wrong, (verb, *rest, better) if better else (), catalog)
    read = _read_shapes(verb, rest, catalog)
    if isinstance(read, Misread):
        meant = " ".join((read.did_you_mean, *options)) if read.did_you_mean else ""
        return replace(read, did_you_mean=meant)
    return replace(read, only=OPTIONS[options[0]]) if options and isinstance(read, Deploy) else read


def _read_shapes(verb: str, words: Words, catalog: Catalog) -> Command | Misread:
    """Take the first shape that fits in every word; where none does, tell what is wrong by the first one."""
    form, objections = FORMS[verb], []
    for shape in form.shapes:
        laid = arranged(shape, words)
        if laid is None:
            continue
        objection = _objection(verb, shape, laid, catalog)
        if objection is None:
            return _made(form, shape, laid, catalog)
        objections.append(objection)
    return min(objections, key=_doubtful) if objections else _misshapen(verb, words, catalog)


def _doubtful(objection: Misread) -> bool:
    """Tell what is surely wrong first; a word in front of a reason may have been an environment, or a part of it."""
    return objection.code not in {"bad-time", "reason-missing"}


def _made(form: Form, shape: Shape, laid: Words, catalog: Catalog) -> Command:
    named: dict[str, Any] = {FIELDS[slot]: word for slot, word in zip(shape, laid, strict=True) if slot in FIELDS}
    if form.targeted and REASON in shape and ENVIRONMENT not in shape:
        named["assumed"] = True
    if form.targeted:
        named.setdefault(FIELDS[ENVIRONMENT], catalog.services[named[FIELDS[SERVICE]]].default)
    return form.make(**named)


def _objection(verb: str, shape: Shape, laid: Words, catalog: Catalog) -> Misread | None:
    timed = any(SPAN in other for other in FORMS[verb].shapes)
    found = ((place, unfit(shape, place, laid, catalog, timed=timed)) for place in range(len(shape)))
    place, trouble = next(((place, trouble) for place, trouble in found if trouble), (0, None))
    if trouble is None:
        return None
    return _misread(verb, trouble, _with((verb, *laid), place + 1, trouble[2]), catalog)


def _misread(verb: str, trouble: Unfit, better: Words, catalog: Catalog) -> Misread:
    code, standing, _ = trouble
    return Misread(code, standing, f"Type `{usage(catalog.prefix, verb)}`.", _corrected(better, catalog))


def _unknown_start(words: Words, catalog: Catalog) -> Misread:
    """Object to a first word that is neither a verb nor a service; a version put first is put behind its service."""
    tries = [_with(words, 0, near(words[0], (*FORMS, *catalog.services)))]
    if len(words) > 1 and words[1] in catalog.services:
        tries.append((words[1], words[0], *words[2:]))
    return Misread(
        "unknown-command",
        f"'{shortened(words[0])}' is neither a command nor a service. Services: {listed(catalog.services)}.",
        f"Type `{spelled(catalog.prefix, 'help')}` to see what can be said.",
        _first_corrected(tries, catalog),
    )


def _misshapen(verb: str, words: Words, catalog: Catalog) -> Misread:
    """Object to words in a shape that the verb does not have, trying the little word that people leave out."""
    line = (verb, *words)
    tries: list[Words] = []
    if verb == "deploy" and len(words) in (3, 4):
        tries = [(*line[:3], "to", words[-1])]
    elif verb == "rollback" and len(words) in (2, 3):
        tries = [(*line[:2], "to", words[-1]), (*line[:2], "in", words[-1])]
    said = " ".join(words)
    code, standing = "bad-form", f"`{verb}` cannot be followed by '{shortened(said)}'."
    if not said:
        standing = f"`{verb}` needs to know what."
    elif verb == "deploy" and len(words) == 1:
        code, standing = "version-missing", "A release needs a version."
    elif all(REASON in shape for shape in FORMS[verb].shapes):
        code, standing, _ = reasonless(f"`{verb}`")
    return Misread(code, standing, f"Type `{usage(catalog.prefix, verb)}`.", _first_corrected(tries, catalog))


def _first_corrected(tries: list[Words], catalog: Catalog) -> str:
    return next((right for right in (_corrected(attempt, catalog) for attempt in tries) if right), "")


def _corrected(words: Words, catalog: Catalog) -> str:
    """Write a corrected line, with every further mistake in it corrected too; empty where it would still be wrong."""
    if not words:
        return ""
    again = _read(words, catalog)
    if isinstance(again, Misread):
        return again.did_you_mean
    explicit = words if words[0] in FORMS else ("deploy", *words)
    return pasted(catalog.prefix, *explicit)


def _with(words: Words, place: int, better: str | None) -> Words:
    """Put other words in place; no words at all where none are known or nothing would change."""
    if better is None or better == words[place]:
        return ()
    return tuple(" ".join((*words[:place], better, *words[place + 1 :])).split())
