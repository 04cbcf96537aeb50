"""Files of one setting per line: env, properties, INI, TOML, directives, netrc, Terraform variables."""

import re
from collections.abc import Iterator

from guardrails.secrets import lines, shell
from guardrails.secrets.names import words
from guardrails.secrets.uses import Hit
from guardrails.secrets.values import state_of, unquoted

_ASSIGNMENT = re.compile(r"\s*(?:export\s+|set\s+|\$env:|\$)?(?P<key>[\w./:@-]{1,200}?)\s*[:?+]?=\s*(?P<value>.*)")
_COLON = re.compile(r"\s*+(?:-\s*+)?[\"']?(?P<key>[\w.-]+)[\"']?\s*:\s+(?P<value>.+)")
_DIRECTIVE = re.compile(r"\s*(?P<key>[A-Za-z][\w-]*)\s+(?P<value>\"[^\"]*\"|'[^']*'|\S+);?\s*")
_NETRC = re.compile(r"(?:^|\s)password\s+(?P<value>\S+)")
_EXPRESSION = re.compile(r"[A-Za-z_]\w*(?:\s*[.(\[]).*")
_SET = re.compile(r"\s*set\s+\$(?P<key>\w+)\s+(?P<value>\"[^\"]*\"|'[^']*'|\S+?)\s*;\s*")
_SECTION = re.compile(r"\s*+\[++\s*+(?P<name>[^\]]++)\]+\s*(?:#.*)?")
_OPENING = re.compile(r"""\s*(?P<kind>[\w.-]+)(?P<labels>(?:\s+"[^"]*")*)\s*=?\s*\{\s*(?:#.*)?""")
_COMMAND = re.compile(r"Exec\w+|command|cmd|entrypoint", re.IGNORECASE)
_PLURALS = frozenset({"tokens", "secrets", "passwords", "credentials", "apikeys"})
_COMMENT = re.compile(r"\s*(?:#|;|//(?!.*:_))")
_TRAILING_COMMENT = re.compile(r"\s+#.*$")


def environment(text: str) -> Iterator[Hit]:
    """Read an env file: everything after the first `=` is the value."""
    for number, line in lines.numbered(text):
        yield from lines.commented(number, line) if _COMMENT.match(line) else _environment_line(number, line)


def _environment_line(number: int, line: str) -> Iterator[Hit]:
    found = _ASSIGNMENT.fullmatch(line)
    value = _uncommented(found["value"]) if found else ""
    one = lines.hit(number, found["key"], "env-file", value) if found else None
    if one is not None:
        yield one
        return
    yield from lines.hits(line, first=number)


def settings(text: str, *, expressions: bool = False) -> Iterator[Hit]:
    """Read INI, properties, TOML and their kin; with `expressions`, an unquoted `a.b(c)` is code, not a value."""
    around = _Around()
    for number, line in lines.numbered(text):
        if _COMMENT.match(line):
            yield from lines.commented(number, line)
            continue
        around.take(line)
        found = tuple(_setting(number, line, expressions=expressions))
        yield from found or around.named(number, line)


class _Around:
    """What a line's own key does not say: the section, or the block, that it stands in."""

    def __init__(self) -> None:
        self._section = ""
        self._blocks: list[str] = []
        self._name = ""

    def take(self, line: str) -> None:
        """Follow the sections and blocks of a file."""
        section, opening = _SECTION.fullmatch(line), _OPENING.fullmatch(line)
        if section is not None:
            self._section = section["name"].rstrip()
        elif opening is not None:
            label = opening["labels"].split('"')[-2] if opening["labels"] else opening["kind"]
            self._blocks.append(label if opening["kind"] == "variable" or not opening["labels"] else "")
            self._name = ""
        elif line.strip().startswith("}") and self._blocks:
            self._blocks.pop()

    def named(self, number: int, line: str) -> Iterator[Hit]:
        """Judge a line by what is around it: `default` in a variable, `value` below `name`, all in `[tokens]`."""
        found = _ASSIGNMENT.fullmatch(line)
        if found is None:
            return
        key, value = found["key"], _uncommented(found["value"]).rstrip(",")
        if key == "name":
            self._name = unquoted(value)
        block = self._blocks[-1] if self._blocks else ""
        owner = {"default": block, "value": self._name}.get(key, "")
        one = lines.hit(number, owner, "setting", value) if owner and value[:1] in {'"', "'"} else None
        if one is None and _PLURALS & {*words(block)[-1:], *words(self._section)[-1:]}:
            one = lines.entry(number, f"{block or self._section}.{key}", value)
        if one is not None:
            yield one


def directives(text: str) -> Iterator[Hit]:
    """Read `name value` files such as redis.conf and nginx.conf, which may also hold assignments."""
    yield from settings(text)
    for number, line in lines.numbered(text):
        found = None if _COMMENT.match(line) else (_SET.fullmatch(line) or _DIRECTIVE.fullmatch(line))
        one = lines.hit(number, found["key"], "directive", found["value"].rstrip(";")) if found else None
        if one is not None:
            yield one


def netrc(text: str) -> Iterator[Hit]:
    """Read `.netrc`: whatever follows the word `password`."""
    for number, line in lines.numbered(text):
        for found in _NETRC.finditer(line):
            yield Hit(number, "password", "netrc", state_of(found["value"]), found["value"])


def any_lines(text: str) -> Iterator[Hit]:
    """Read a text of unknown form: assignments, `key: value` pairs, and the rules for single lines."""
    name = ""
    for number, line in lines.numbered(text):
        if _COMMENT.match(line):
            yield from lines.commented(number, line)
            continue
        yield from _setting(number, line, expressions=False)
        key, value = _colon(line)
        one = lines.hit(number, name if key == "value" else key, "setting", value) if key else None
        if one is not None:
            yield one
        name = value if key == "name" else ""


def _colon(line: str) -> tuple[str, str]:
    found = _COLON.fullmatch(line)
    return (found["key"], unquoted(_uncommented(found["value"]).rstrip(","))) if found else ("", "")


def _setting(number: int, line: str, *, expressions: bool) -> Iterator[Hit]:
    found = _ASSIGNMENT.fullmatch(line) or _COLON.fullmatch(line)
    value = _uncommented(found["value"]).rstrip(",") if found else ""
    if found and not (expressions and _EXPRESSION.fullmatch(value)):
        one = lines.hit(number, found["key"], "setting", value.strip("[] ") if value[:1] == "[" else value)
        if one is not None:
            yield one
            return
    if found and _COMMAND.fullmatch(found["key"]):
        yield from shell.command(value.lstrip("-@:+!"), number)
    for other in lines.hits(line, first=number):
        if not (expressions and _EXPRESSION.fullmatch(other.value) and other.kind == "assignment"):
            yield other


def _uncommented(value: str) -> str:
    """Cut ` # comment` off; inside quotes the sign belongs to the value."""
    value = value.strip()
    if value[:1] in {'"', "'"}:
        end = value.find(value[0], 1)
        return value[: end + 1] if end > 0 and re.fullmatch(r"\s*(#.*)?[,;]?", value[end + 1 :]) else value
    return _TRAILING_COMMENT.sub("", value)
