"""No secret gets out (P16): known values are masked in every encoding; a tripwire refuses what masking cannot see."""

import logging
import re
import threading
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from ahocorasick_rs import AhoCorasick

from tools.encodings import SHORTEST, variants

log = logging.getLogger(__name__)
TRIPWIRE_CHARACTERS = 10
WITHHELD = "Withheld: a secret of this bot stands in this text in disguise. Its own log tells when."
_MARK = "[redacted:"
_PASSES = 8
_FEWEST_DIFFERENT = 4
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_INVISIBLE = re.compile(
    r"[\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^\s:@/]*:(?P<password>.*)@)?(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_KEY_HEADER = re.compile(r"-----[A-Z ]+-----")
_BRAND = re.compile(r"(?:[a-z]{2,10}[-_]){1,3}(?:api\d\d-)?")

Span = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class _Built:
    """The automata; `names` tells for each masked form whose it is."""

    masks: AhoCorasick | None
    names: tuple[str, ...]
    tripwire: AhoCorasick | None


class Redactor:
    """Knows the secrets of this process, and keeps them out of everything that leaves it."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._watched: set[str] = set()
        self._lock = threading.Lock()
        self._built: _Built | None = None

    def register(self, name: str, value: str) -> str | None:
        """Mask a value from now on; return why it cannot be masked where that is so.

        Refused are values under 8 characters or of hardly any different characters
        (masking them would mask ordinary text), and addresses without a password.
        """
        name = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
        refusal = _refusal(name, value)
        if refusal is not None:
            return refusal
        with self._lock:
            for part in _secret_parts(value):
                self._names.update((form, name) for form in variants(part) if form not in self._names)
            self._watched.update(gram for part in _watched_parts(value) for gram in _grams(part))
            self._built = None
        return None

    def redact(self, text: str) -> str:
        """Replace every registered value, however encoded, by `[redacted:NAME]`."""
        for _ in range(_PASSES):  # a mark may complete a value with its neighbours
            spans = self._spans(text)
            if not spans:
                break
            text = _replaced(text, spans)
        return text

    def redact_values(self, value: Any) -> Any:
        """Redact every text in a structure of JSON, keys included."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, Mapping):
            return {self.redact_values(key): self.redact_values(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.redact_values(item) for item in value)
        return value

    def leaks(self, text: str) -> bool:
        """Tell whether ten characters in a row of a secret are in a text, whatever their case, blanks or direction.

        For outgoing text only: whoever gets True does not send.
        """
        tripwire = self._automata().tripwire
        return tripwire is not None and bool(tripwire.find_matches_as_indexes(_normal(text)))

    def outgoing(self, text: str) -> str:
        """Redact a text that leaves the bot; where a disguised secret is still in it, a sentence goes out instead."""
        shown = self.redact(text)
        if not self.leaks(shown):
            return shown
        log.warning("a text of %d characters was withheld: it holds a disguised secret of this bot", len(text))
        return WITHHELD

    def _automata(self) -> "_Built":
        """Build what is searched with, once for all values registered so far."""
        with self._lock:
            if self._built is None:
                forms = tuple(self._names)
                self._built = _Built(
                    masks=AhoCorasick(forms) if forms else None,
                    names=tuple(self._names[form] for form in forms),
                    tripwire=AhoCorasick(sorted(self._watched)) if self._watched else None,
                )
            return self._built

    def _spans(self, text: str) -> list[Span]:
        """Find what to mask. Overlapping values are joined: masking one must not leave the tail of another."""
        built = self._automata()
        found = built.masks.find_matches_as_indexes(text, overlapping=True) if built.masks else []
        joined: list[Span] = []
        for start, end, name in sorted((start, end, built.names[index]) for index, start, end in found):
            if joined and start < joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]), joined[-1][2])
            else:
                joined.append((start, end, name))
        return joined


class RedactingFormatter(logging.Formatter):
    """Redacts a log line after its arguments, exception and stack are rendered."""

    def __init__(self, redactor: Redactor, inner: logging.Formatter | None = None) -> None:
        super().__init__()
        self._redactor = redactor
        self._inner = inner or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        """Render and redact."""
        text = self._redactor.redact(self._inner.format(record))
        if record.exc_text:  # cached on the record, where the next handler would find it
            record.exc_text = self._redactor.redact(record.exc_text)
        return text


def _refusal(name: str, value: str) -> str | None:
    if len(value.strip()) < SHORTEST:
        return f"{name} is shorter than {SHORTEST} characters and cannot be masked: use a longer one."
    if len(set(value)) < _FEWEST_DIFFERENT:
        return f"{name} has hardly any different characters and cannot be masked: use a stronger one."
    if _MARK in value or value in f"{_MARK}{name}]":
        return f"{name} looks like a redaction mark and cannot be masked: use another one."
    if value.startswith("sqlite") and "://" in value:
        return f"{name} is an address without a password; nothing to mask."
    return None


def password_in(value: str) -> str:
    """Return the password that an address carries; empty where there is none."""
    address = _ADDRESS.fullmatch(value.strip())
    return (address["password"] or "") if address else ""


def _secret_parts(value: str) -> list[str]:
    """Split an address: its password is a secret by itself."""
    password = password_in(value)
    return [value, password, unquote(password)]


def _watched_parts(value: str) -> list[str]:
    """Leave out what stands in every other text, too: scheme and host of an address, the brand of a token."""
    address = _ADDRESS.fullmatch(value.strip())
    if address is None:
        value = _KEY_HEADER.sub("", value)
        brand = _BRAND.match(value)
        bare = value[brand.end() :] if brand else value
        return [bare if len(bare) >= 2 * SHORTEST else value]
    if address["password"]:
        return [address["password"], unquote(address["password"])]
    return [max(re.split(r"[/?&=#]", address["rest"]), key=len)]


def _replaced(text: str, spans: Iterable[Span]) -> str:
    parts: list[str] = []
    at = 0
    for start, end, name in spans:
        parts += [text[at:start], f"{_MARK}{name}]"]
        at = end
    return "".join([*parts, text[at:]])


def _normal(text: str) -> str:
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", _TERMINAL.sub("", text)))
    return _INVISIBLE.sub("", text.casefold())


def _grams(value: str) -> Iterable[str]:
    """Yield every run of ten characters of every form, both ways round."""
    for form in variants(value):
        bare = _normal(form)
        for text in (bare, bare[::-1]):
            size = min(TRIPWIRE_CHARACTERS, len(text))
            grams = (text[at : at + size] for at in range(len(text) - size + 1))
            yield from (gram for gram in grams if len(set(gram)) >= _FEWEST_DIFFERENT)
