"""Canaries: made-up secrets, planted where real ones are, and the search for them in everything that went out (P16)."""

import base64
import html
import json
import secrets
import string
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

LETTERS = string.ascii_letters + string.digits
RUN = 12
"""So many characters in a row of a canary, in one of these forms, count as a sighting."""
Encoding = Callable[[str], str]


def canary() -> str:
    """Make up a secret that stands nowhere else, with signs in it that every encoding treats in its own way."""
    word = "".join(secrets.choice(LETTERS) for _ in range(12))
    return f"Kn{word[:6]}!+{word[6:]}=z"


def sightings(text: str, canaries: Mapping[str, str], *, disguised: bool = True) -> list[str]:
    """Name what of the canaries stands in a text, and in which form; disguises only where they must not be either."""
    forms = _ENCODINGS | (_DISGUISES if disguised else {})
    shown = "".join(text.split())
    return [f"{name} ({how})" for name, value in canaries.items() for how in _forms_in(shown, value, forms)]


@contextmanager
def arguments_watched(canaries: Mapping[str, str]) -> Iterator[set[str]]:
    """Collect what of the canaries stands in the arguments of any process of this machine meanwhile."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            seen.update(sightings("\n".join(_arguments()), canaries))

    watching = threading.Thread(target=look)
    watching.start()
    try:
        yield seen
    finally:
        over.set()
        watching.join()


def _arguments() -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            yield (process / "cmdline").read_bytes().decode(errors="replace")


def _forms_in(text: str, value: str, forms: Mapping[str, Encoding]) -> Iterator[str]:
    for how, encode in forms.items():
        form = "".join(encode(value).split())
        if any(form[at : at + RUN] in text for at in range(max(1, len(form) - RUN + 1))):
            yield how


def _base64(shift: int) -> Encoding:
    """Leave out the first and the last characters, which depend on what stands beside the value."""
    return lambda value: base64.b64encode(b"\0" * shift + value.encode()).decode()[4:-4]


_ENCODINGS: dict[str, Encoding] = {
    "raw": str,
    "JSON": lambda value: json.dumps(value)[1:-1],
    "URL": lambda value: quote(value, safe=""),
    "HTML": html.escape,
    "hex": lambda value: value.encode().hex(),
    "base64": _base64(0),
    "base64 shifted by one": _base64(1),
    "base64 shifted by two": _base64(2),
}
_DISGUISES: dict[str, Encoding] = {"upper case": str.upper, "reversed": lambda value: value[::-1]}
