"""The forms in which a secret turns up in text: quoted, escaped and encoded by every layer that it passes."""

import base64
import html
import json
import math
import shlex
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

SHORTEST = 8
"""Shorter values cannot be masked without masking ordinary text."""
LONG = 2_000
"""Of longer values only the forms are known that are cheap to search for: plain, escaped once, base64 and hex."""


def variants(value: str) -> tuple[str, ...]:
    """List every form of a value, longest first, without repeats; lines of multi-line values count as values."""
    values = [value, value.strip(), *_lines(value)]
    known = [one for one in values if len(one) >= SHORTEST]
    found = set(_cheap_forms(known)) if len(value) > LONG else {form for one in known for form in _forms(one)}
    return tuple(sorted((form for form in found if len(form) >= SHORTEST), key=lambda form: (-len(form), form)))


def _lines(value: str) -> list[str]:
    """Tell the lines that are secret themselves: the header of a key block is not."""
    return (
        [line.strip() for line in value.splitlines() if not line.startswith("-----")] if "\n" in value.strip() else []
    )


def _cheap_forms(values: list[str]) -> Iterator[str]:
    for one in values:
        yield from (one, _json(one, ascii_only=True), _json(one, ascii_only=False))
        yield from (html.escape(one, quote=False), html.escape(one), quote(one, safe=""))
    octets = values[0].encode("utf-8", "surrogatepass")
    yield octets.hex()
    for shift in range(3):
        yield from (text[first:last] for text, first, last in _base64(octets, shift))


def _forms(value: str) -> Iterator[str]:
    yield from _escaped(value)
    yield from _quoted(value)
    yield from _as_bytes(value)


def _escaped(value: str) -> Iterator[str]:
    yield value
    for escaped in (value, html.escape(value, quote=False), html.escape(value), quote(value, safe="")):
        yield escaped
        for ascii_only in (True, False):
            once = _json(escaped, ascii_only=ascii_only)
            yield from (once, _json(once, ascii_only=ascii_only), once.replace("/", "\\/"))
            yield once.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    yield repr(value)[1:-1]


def _quoted(value: str) -> Iterator[str]:
    for safe in ("", "/"):
        encoded = quote(value, safe=safe)
        yield from (encoded, _lower_percents(encoded), quote(encoded, safe=""))
    yield quote_plus(value)
    yield shlex.quote(value).removeprefix("'").removesuffix("'")
    yield value.replace("'", "'\\''")
    yield "".join(f"\\{character}" if character in '\\$`"' else character for character in value)
    yield value.replace("'", "''")
    yield value.replace("$", "$$")


def _as_bytes(value: str) -> Iterator[str]:
    octets = value.encode("utf-8", "surrogatepass")
    yield from (octets.hex(), octets.hex().upper(), octets.hex(":"), octets.hex(" "))
    for shift in range(3):
        for text, first, last in _base64(octets, shift):
            for form in (text[first:last], text[first:], text[first:].rstrip("=")):
                yield from (form, quote(form, safe=""), form.replace("/", "\\/"))


def _base64(octets: bytes, shift: int) -> Iterator[tuple[str, int, int]]:
    """Encode what stands behind some bytes; which characters of it depend on nothing else, is told with it."""
    shifted = b"\0" * shift + octets
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(shifted).decode(), math.ceil(shift * 8 / 6), len(shifted) * 8 // 6


def _json(value: str, *, ascii_only: bool) -> str:
    return json.dumps(value, ensure_ascii=ascii_only)[1:-1]


def _lower_percents(encoded: str) -> str:
    head, *rest = encoded.split("%")
    return head + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)
