"""Exceptions that somebody gave to the rule against written-out secrets: how they hold, end, and go stale."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from guardrails.secrets.objections import Objection
from guardrails.verdict import Finding, Level, Verdict

_PLACE_IN_IMAGE = re.compile(r"^.*?layer(?: \d+ of \d+| \w+): (?=/)")

_HELD = "Nothing to do before that day; take the entry out of `allowed_secrets` once the value is gone."


@dataclass(frozen=True, slots=True)
class Allowance:
    """An exception that somebody gave: one value of one key in one file, for a reason, up to and including a day."""

    path: str
    """Relative to the sources; absolute for a file in an image."""
    key: str
    fingerprint: str
    reason: str
    expires: date


def portable(path: str) -> str:
    """Name a file of an image by its path alone: which layer it lies in changes with every build."""
    return _PLACE_IN_IMAGE.sub("", path)


def excepted(found: Iterable[Objection], allowed: Iterable[Allowance], today: date) -> list[Objection]:
    """Lower what an exception holds for to a note, and say of one that ended that it did."""
    exceptions = {(one.path, one.key, one.fingerprint): one for one in allowed}
    return [_excepted(one, exceptions.get((portable(one.path), one.key, one.fingerprint)), today) for one in found]


def _excepted(one: Objection, exception: Allowance | None, today: date) -> Objection:
    if exception is None or not one.fingerprint or one.level is Level.NOTE:
        return one
    if exception.expires < today:
        ended = f"{one.message} The exception for it ended on {exception.expires} ({exception.reason})."
        way_out = f"If it may stay longer, give its entry in `allowed_secrets` a later `expires`. Else: {one.remedy}"
        return replace(one, message=ended, remedy=way_out)
    message = f"{one.message} Allowed until {exception.expires}: {exception.reason}"
    return replace(one, rule="secret-allowed", level=Level.NOTE, message=message, remedy=_HELD)


def idle_allowances(found: Sequence[Objection], allowed: Iterable[Allowance], key_name: str) -> Verdict:
    """Tell entries that match nothing that was found, and why; `key_name` begins the fingerprints made here."""
    met = {(portable(one.path), one.key, one.fingerprint) for one in found}
    values = {(portable(one.path), one.key) for one in found}
    return Verdict.of(
        _idle(entry, key_name, known=(entry.path, entry.key) in values)
        for entry in allowed
        if (entry.path, entry.key, entry.fingerprint) not in met
    )


def _idle(entry: Allowance, key_name: str, *, known: bool) -> Finding:
    made_with = entry.fingerprint.partition("-")[0]
    why, way_out = "Nothing is found there any more.", "Take the entry out of `allowed_secrets`."
    if made_with != key_name:
        why = f"Its fingerprint was made with another key ({made_with}) than the one in use here ({key_name})."
        way_out = (
            "Take the fingerprint from Shipmate's own finding, or set the same SHIPMATE_FINGERPRINT_SECRET for"
            " Shipmate and for `./shipmate guard secrets`."
        )
    elif known:
        why = "The value there is another one than the one that was allowed."
        way_out = "Look at the new value; only if it may stay, write its fingerprint into the entry."
    message = f"The exception for {entry.key} in {entry.path} matches nothing. {why}"
    return Finding("secret-allowance-idle", entry.key, message, way_out, Level.WARNING, entry.path)
