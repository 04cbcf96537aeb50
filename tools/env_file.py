"""An env file, read as compose reads it: comments, quotes, values of several lines, values made of earlier ones."""

import re
from collections.abc import Iterator, Mapping

_SETTING = re.compile(
    r"""^[^\S\n]*(?:export[^\S\n]+)?(?P<name>[A-Za-z_][\w.-]*)[^\S\n]*[=:][^\S\n]*
    (?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>[^\n]*))""",
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"(?:^|\s)#.*")
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


def settings_of(text: str) -> tuple[tuple[str, str], ...]:
    """List the names of an env file with their values; what compose would refuse is read as well as can be."""
    known: dict[str, str] = {}
    return tuple(_settings(text.removeprefix("\ufeff").replace("\r\n", "\n"), known))


def _settings(text: str, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    for found in _SETTING.finditer(text):
        known[found["name"]] = _value(found, known)
        yield found["name"], known[found["name"]]


def _value(found: re.Match[str], known: Mapping[str, str]) -> str:
    if found["single"] is not None:
        return found["single"]
    if found["double"] is not None:
        return _filled(_ESCAPE.sub(lambda one: _ESCAPED.get(one[1], one[1]), found["double"]), known)
    return _filled(_COMMENT.sub("", found["bare"]).strip(), known)


def _filled(value: str, known: Mapping[str, str]) -> str:
    """Fill in what was set further up; anything else stays as it is written."""
    return _VARIABLE.sub(lambda one: known.get(one[1] or one[2], one[0]), value)
