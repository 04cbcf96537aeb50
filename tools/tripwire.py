"""Ten characters in a row of a secret, in whatever disguise: what no text that leaves the bot may hold."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from urllib.parse import unquote

from tools.encodings import LONG, SHORTEST, variants

RUN = 10
"""So many characters in a row give a secret away."""
LONG_RUN, STRIDE = 20, 19
"""Of a long value such runs are watched, one behind the other: every piece of 40 characters holds one."""
FEWEST_DIFFERENT = 4
ORDINARY_WORDS = (
    *("repository", "repositories", "deployment", "deployments", "production", "development", "environment"),
    *("environments", "connection", "connections", "kubernetes", "postgresql", "configuration", "application"),
    *("applications", "authentication", "authorization", "certificate", "certificates", "credential", "credentials"),
    *("administrator", "permission", "permissions", "integration", "notification", "notifications", "description"),
    *("documentation", "information", "dependencies", "requirements", "controller", "healthcheck", "monitoring"),
    *("prometheus", "container-registry", "elasticsearch", "javascript", "typescript", "transaction", "validation"),
    *("performance", "maintenance", "background", "foundation", "encryption", "subscription"),
)
"""Words of the field that every text may hold: a piece of a secret that lies within one gives nothing away."""
_SEPARATORS = ("", *"-_./:")
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_INVISIBLE = re.compile(
    r"[\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
_MADE_VISIBLE = re.compile(r"(?:<|&lt;)U\+[0-9A-F]{4,6}(?:>|&gt;)")
"""How what cannot be seen is shown to people."""
_HEX_PAIRS = re.compile(r"(?:[0-9a-f]{2}:)+[0-9a-f]{2}")
"""Masked where it is whole; nobody writes a part of a secret so."""
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^\s:@/]*:(?P<password>.*)@)?(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_KEY_HEADER = re.compile(r"-----[A-Z ]+-----")
_BRAND = re.compile(r"(?:[a-z]{2,10}[-_]){1,3}(?:api\d\d-)?")


def normal(text: str) -> str:
    """Strip a text of what disguises are made of: case, blanks, what cannot be seen, other shapes of a letter."""
    shown = _MADE_VISIBLE.sub("", _TERMINAL.sub("", text))
    return _INVISIBLE.sub("", _INVISIBLE.sub("", unicodedata.normalize("NFKC", shown)).casefold())


def disguises(value: str) -> set[str]:
    """List every run of ten characters of every form of a secret, as they are after `normal`; of itself both ways.

    Of a long secret only so many runs that no piece of 40 characters is without one.
    """
    return {run for part in watched_parts(value) for run in (_few if len(part) > LONG else _all)(part)}


def _all(part: str) -> Iterator[str]:
    forms = {normal(form) for form in variants(part) if not _HEX_PAIRS.fullmatch(form)}
    backwards = {normal(line)[::-1] for line in (part, *part.splitlines()) if len(line) >= SHORTEST}
    return (run for form in forms | backwards for run in _runs(form))


def _few(part: str) -> Iterator[str]:
    forms = {normal(form) for form in variants(part) if len(form) >= len(part) - STRIDE}
    return (run for form in (*forms, normal(part)[::-1]) for run in _sparse(form))


def pieces(value: str) -> set[str]:
    """List every run of ten characters of a secret as it is written: what is left of one that was cut."""
    return {
        run
        for part in watched_parts(value)
        for line in part.splitlines()
        if len(line) >= RUN
        for run in (_sparse if len(part) > LONG else _runs)(line)
    }


def ordinary(names: Iterable[str]) -> frozenset[str]:
    """List the runs that stand in ordinary text: in words of the field, and in names that everything speaks of.

    Of the names also two in a row.
    """
    known = sorted({normal(name) for name in names})
    pairs = (f"{one}{between}{other}" for one in known for other in known for between in ("", *"-_./"))
    return _of_the_field() | _both_ways((*known, *pairs))


@cache
def _of_the_field() -> frozenset[str]:
    around = [(before, behind) for before in _SEPARATORS for behind in _SEPARATORS]
    return _both_ways(f"{before}{word}{behind}" for word in ORDINARY_WORDS for before, behind in around)


def _both_ways(texts: Iterable[str]) -> frozenset[str]:
    forward = {run for text in texts for run in _runs(text)}
    return frozenset(forward | {run[::-1] for run in forward})


def _runs(text: str) -> Iterator[str]:
    size = min(RUN, len(text))
    runs = (text[at : at + size] for at in range(len(text) - size + 1))
    return (run for run in runs if len(set(run)) >= FEWEST_DIFFERENT)


def _sparse(text: str) -> Iterator[str]:
    """Yield so many runs that no 40 characters are without one, and the last one, where the next line may follow."""
    ends = range(LONG_RUN, len(text), STRIDE)
    runs = (text[end - LONG_RUN : end] for end in (*ends, len(text)) if end >= LONG_RUN)
    return (run for run in runs if len(set(run)) >= FEWEST_DIFFERENT)


def password_in(value: str) -> str:
    """Return the password that an address carries; empty where there is none."""
    address = _ADDRESS.fullmatch(value.strip())
    return (address["password"] or "") if address else ""


def watched_parts(value: str) -> list[str]:
    """Leave out what stands in every other text, too: scheme and host of an address, the brand of a token."""
    address = _ADDRESS.fullmatch(value.strip())
    if address is None:
        value = _KEY_HEADER.sub("", value)
        brand = _BRAND.match(value)
        bare = value[brand.end() :] if brand else value
        return [bare if len(bare) >= 2 * SHORTEST else value]
    if address["password"]:
        return [address["password"], unquote(address["password"])]
    return [max(re.split(r"[/?&=#]", address["rest"])[1:], key=len, default="")]
