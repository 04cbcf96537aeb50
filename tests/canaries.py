"""Canaries: made-up secrets, planted where real ones are, and the search for them in everything that went out (P16)."""

import base64
import html
import json
import secrets
import string
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote

LETTERS = string.ascii_letters + string.digits
RUN = 12
"""So many characters in a row of a canary, in one of these forms, count as a sighting."""
Encoding = Callable[[str], str]


def canary() -> str:
    """Make up a secret that stands nowhere else, with signs in it that every encoding treats in its own way."""
    word = "".join(secrets.choice(LETTERS) for _ in range(12))
    return f"Kn{word[:6]}!+{word[6:]}=z"


def sightings(text: str, canaries: Mapping[str, str]) -> list[str]:
    """Name what of the canaries stands in a text, and in which form."""
    shown = "".join(text.split())
    return [f"{name} ({how})" for name, value in canaries.items() for how in _forms_in(shown, value)]


def _forms_in(text: str, value: str) -> Iterator[str]:
    for how, encode in _ENCODINGS.items():
        form = "".join(encode(value).split())
        if any(form[at : at + RUN] in text for at in range(max(1, len(form) - RUN + 1))):
            yield how


def _base64(shift: int) -> Encoding:
    """Leave out the first and the last characters, which depend on what stands beside the value."""
    return lambda value: base64.b64encode(b"\0" * shift + value.encode()).decode()[4:-4]


_ENCODINGS: Mapping[str, Encoding] = {
    "raw": str,
    "JSON": lambda value: json.dumps(value)[1:-1],
    "URL": lambda value: quote(value, safe=""),
    "HTML": html.escape,
    "hex": lambda value: value.encode().hex(),
    "upper case": str.upper,
    "reversed": lambda value: value[::-1],
    "base64": _base64(0),
    "base64 shifted by one": _base64(1),
    "base64 shifted by two": _base64(2),
}
