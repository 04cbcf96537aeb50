"""XML settings: elements and attributes named for a secret, and pairs of a name and a value. Never parsed as XML."""

import html
import re
from collections.abc import Iterator

from guardrails.secrets import lines
from guardrails.secrets.uses import Hit

_ELEMENT = re.compile(r"<(?P<key>[A-Za-z_][\w.:-]*)(?:\s[^<>]{0,300})?>(?P<value>[^<>\s]{1,1000})</(?P=key)\s*>")
_ATTRIBUTE = re.compile(r"""\s(?P<key>[A-Za-z_][\w.:-]*)\s*=\s*(?P<quote>["'])(?P<value>[^"'<>\s]{1,1000})(?P=quote)""")
_NAMED = re.compile(
    r"""\s(?:name|key|id)\s*=\s*"(?P<key>[\w.:-]{1,200})"[^<>]{0,200}?\svalue\s*=\s*"(?P<value>[^"<>\s]{1,1000})\""""
)
_LONGEST_WRITTEN = 2_000
_ENCRYPTED = re.compile(r"\{[A-Za-z0-9+/]+=*\}")
"""How Maven writes an encrypted password."""


def hits(text: str) -> Iterator[Hit]:
    """Read line by line; text within comments counts, as it is in the repository all the same."""
    for number, line in lines.numbered(text):
        for pattern in (_NAMED, _ELEMENT, _ATTRIBUTE):
            for found in pattern.finditer(line):
                value = html.unescape(found["value"])
                key = found["key"].rpartition(":")[2]
                one = None if _ENCRYPTED.fullmatch(value) else lines.hit(number, key, "setting", value)
                if one is not None:
                    yield one
        yield from lines.hits(_without_pairs(line[:_LONGEST_WRITTEN]), first=number)


def _without_pairs(line: str) -> str:
    """Leave what an attribute holds, not the attribute: `password="x"` was judged by its own rule."""
    return _ATTRIBUTE.sub(" ", line)
