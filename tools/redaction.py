"""No secret gets out (P16): known values are masked in every encoding; a tripwire refuses what masking cannot see."""

import json
import logging
import re
import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any, Self
from urllib.parse import unquote

from tools.encodings import LONG, variants
from tools.maskable import MARK, refusal
from tools.occurrences import Occurrences, Span, encodable
from tools.token_shapes import without_tokens
from tools.tripwire import disguises, normal, ordinary, password_in, pieces

__all__ = ["Redactor", "password_in"]

log = logging.getLogger(__name__)
_PASSES = 8
_SHORT = 75
"""So long may every text of a message be."""
_NAMES_KEPT = 100


@dataclass(frozen=True, slots=True)
class _Known:
    """One registered value: all that is searched for because of it."""

    name: str
    whole: bool
    forms: tuple[str, ...]
    pieces: frozenset[str] = frozenset()
    disguises: frozenset[str] = frozenset()

    def without(self, runs: Collection[str]) -> Self:
        """Leave out what is a piece of something else, too."""
        pieces = frozenset(piece for piece in self.pieces if normal(piece) not in runs)
        return replace(self, pieces=pieces, disguises=self.disguises.difference(runs))


class Redactor:
    """Knows the secrets of this process, and keeps them out of everything that leaves it.

    `spared` are names that everything speaks of: a password of such a name cannot be masked, and a piece of a
    password that could be made of them is none.
    """

    def __init__(self, spared: Collection[str] = ()) -> None:
        self._spared, self._ordinary = frozenset(spared), ordinary(spared)
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()
        self._spoken: deque[str] = deque(maxlen=_NAMES_KEPT)
        self._long: dict[str, tuple[Occurrences, Occurrences]] = {}
        self._masks: tuple[Occurrences, ...] | None = None
        self._tripwire: tuple[Occurrences, ...] | None = None
        self._forms: tuple[str, ...] | None = None

    def register(self, name: str, value: str, *, whole: bool = False, newest: int | None = None) -> str | None:
        """Mask a value from now on; return why it cannot be masked where that is so.

        Refused are values under 8 characters, ordinary words, values of hardly any different characters
        (masking them would mask ordinary text), and addresses without a password. Ten characters in a row of a
        value are masked too, of one over 2,000 characters only 40, unless only the `whole` value is taken for a
        secret. Of values that run out by themselves the `newest` under a name are kept.
        """
        name, value = re.sub(r"[^A-Za-z0-9_.-]", "_", name), encodable(value)
        objection = refusal(name, value, self._spared)
        if objection is not None:
            return objection
        known = self._known.get(value)
        if known is None or (known.whole and not whole):
            names = [one for one in tuple(self._spoken) if value not in one]
            spoken = self._ordinary.union(*(ordinary([one]) for one in names))
            self._learn(value, _known(name, value, whole, spoken), newest)
        return None

    def spare(self, name: str) -> None:
        """Leave a name such as a version as it is, though ten characters in a row of it are in a secret, too.

        Nothing is spared of a name with a whole secret in it. The newest hundred names are kept.
        """
        if not name or name in self._spoken or self.whole_in(name):
            return
        runs = ordinary([name])
        with self._lock:
            self._spoken.append(name)
            for value, one in self._known.items():
                if not one.disguises.isdisjoint(runs) or any(normal(piece) in runs for piece in one.pieces):
                    self._known[value] = one.without(runs)
                    self._long.pop(value, None)
                    self._masks = self._tripwire = None

    def _learn(self, value: str, known: _Known, newest: int | None) -> None:
        own = (_masks([known]), _tripwire([known])) if len(value) > LONG else None
        with self._lock:
            self._known[value] = known
            if own is not None:  # costly: built once, whatever else is learned
                self._long[value] = own
            same = [one for one, of in self._known.items() if of.name == known.name]
            for old in same[:-newest] if newest else ():
                del self._known[old]
                self._long.pop(old, None)
            self._masks = self._tripwire = self._forms = None

    def redact(self, text: str) -> str:
        """Replace every registered value, however encoded, and what is left of a cut one, by `[redacted:NAME]`."""
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
        if type(value) in (list, tuple):
            return type(value)(self.redact_values(item) for item in value)
        return value

    def redact_document(self, text: str) -> str:
        """Redact a text that may be JSON, and leave it JSON where it was."""
        shown = self.redact(text)
        if shown == text or text[:1] not in ("{", "["):
            return shown
        try:
            return json.dumps(self.redact_values(json.loads(text)))
        except (ValueError, RecursionError):
            return shown

    def blanked(self, content: bytes) -> bytes:
        """Replace every registered value in bytes of any form by asterisks, as many as it had bytes."""
        text = content.decode(errors="surrogateescape")
        parts: list[str] = []
        at = 0
        for start, end, _ in self._spans(text):
            parts += [text[at:start], "*" * len(text[start:end].encode(errors="surrogateescape"))]
            at = end
        return "".join([*parts, text[at:]]).encode(errors="surrogateescape") if parts else content

    def whole_in(self, text: str) -> tuple[str, ...]:
        """Name the secrets that are in a short text as a whole, in whatever form."""
        with self._lock:
            return tuple(sorted({one.name for one in self._known.values() if any(form in text for form in one.forms)}))

    def leaks(self, text: str) -> bool:
        """Tell whether ten characters in a row of a secret are in a text, whatever their case, blanks or direction.

        For outgoing text only: whoever gets True does not send.
        """
        return bool(self.disguised(text))

    def disguised(self, text: str) -> tuple[str, ...]:
        """Name the secrets of which ten characters in a row are in a text, in whatever disguise."""
        plain = normal(text)
        found = (span for search in self._tripwires() for span in search.spans(plain, overlapping=False))
        return tuple(sorted({name for _, _, name in found}))

    def outgoing(self, text: str) -> str:
        """Redact a text that leaves the bot; where a disguised secret is still in it, a notice goes out instead.

        What nobody registered is masked too where it can only be a token, a key or a login.
        """
        shown = without_tokens(self.redact(text))
        names = self.disguised(shown)
        if not names:
            return shown
        log.warning("a text of %d characters was withheld: it holds %s in disguise", len(text), ", ".join(names))
        return withheld(names)

    def outgoing_values(self, value: Any, *, verbatim: Collection[str] = (), keys: bool = False) -> Any:
        """Let each text in a structure of JSON go out as `outgoing` does; what stands under a `verbatim` key stays.

        No long text gets longer than it was: whoever takes it may have a limit. With `keys`, keys are texts, too.
        """
        let_out = partial(self.outgoing_values, verbatim=verbatim, keys=keys)
        if isinstance(value, str):
            return _no_longer(self.outgoing(value), value)
        if isinstance(value, Mapping):
            return {
                let_out(key) if keys else key: item if key in verbatim else let_out(item) for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return type(value)(map(let_out, value))
        return value

    def begun(self, line: str) -> int:
        """Tell how many characters at the end of a line may be the beginning of a known value."""
        forms = self._sorted_forms()
        longest = max(map(len, forms), default=0)
        for size in range(min(longest - 1, len(line)), 0, -1):
            at = bisect_left(forms, line[-size:])
            if at < len(forms) and forms[at].startswith(line[-size:]):
                return size
        return 0

    def _masking(self) -> tuple[Occurrences, ...]:
        """Build what is masked with: once for all short values registered so far, and once for each long one."""
        with self._lock:
            if self._masks is None:
                self._masks = (_masks(self._short()), *(masks for masks, _ in self._long.values()))
            return self._masks

    def _tripwires(self) -> tuple[Occurrences, ...]:
        with self._lock:
            if self._tripwire is None:
                self._tripwire = (_tripwire(self._short()), *(tripwire for _, tripwire in self._long.values()))
            return self._tripwire

    def _short(self) -> list[_Known]:
        return [one for value, one in self._known.items() if value not in self._long]

    def _sorted_forms(self) -> tuple[str, ...]:
        with self._lock:
            if self._forms is None:
                self._forms = tuple(sorted({form for one in self._known.values() for form in one.forms}))
            return self._forms

    def _spans(self, text: str) -> list[Span]:
        """Find what to mask. Overlapping values are joined: masking one must not leave the tail of another."""
        joined: list[Span] = []
        found = chain.from_iterable(search.spans(text, overlapping=True) for search in self._masking())
        for start, end, name in sorted(found):
            if joined and start < joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]), joined[-1][2])
            else:
                joined.append((start, end, name))
        return joined


def _masks(values: Collection[_Known]) -> Occurrences:
    """Search for whole values first, then for pieces."""
    whole = ((form, one.name) for one in values for form in one.forms)
    cut = ((piece, one.name) for one in values for piece in one.pieces)
    return Occurrences((*whole, *cut))


def _tripwire(values: Collection[_Known]) -> Occurrences:
    return Occurrences((run, one.name) for one in values for run in one.disguises)


def withheld(names: Iterable[str]) -> str:
    """Say in place of a text that it is not shown, why, and where it is."""
    who = ", ".join(names)
    return (
        f"Withheld: {who} stands here in disguise. On the machine of the bot, `./shipmate export` shows the text."
        f" Replace {who} if others have seen it."
    )


def _known(name: str, value: str, whole: bool, spoken: frozenset[str]) -> _Known:
    forms = tuple(dict.fromkeys(form for part in _secret_parts(value) for form in variants(part)))
    if whole:
        return _Known(name, whole, forms)
    marked = f"{MARK}{name}]"
    cut = frozenset(piece for piece in pieces(value) if piece not in marked and normal(piece) not in spoken)
    return _Known(name, whole, forms, cut, frozenset(disguises(value) - spoken))


def _secret_parts(value: str) -> list[str]:
    """Split an address: its password is a secret by itself."""
    password = password_in(value)
    return [value, password, unquote(password)]


def _no_longer(shown: str, text: str) -> str:
    return shown[: max(len(text), _SHORT)]


def _replaced(text: str, spans: Iterable[Span]) -> str:
    parts: list[str] = []
    at = 0
    for start, end, name in spans:
        parts += [text[at:start], f"{MARK}{name}]"]
        at = end
    return "".join([*parts, text[at:]])
