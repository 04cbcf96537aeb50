"""Dockerfiles: ENV, ARG and LABEL pairs, commands, heredocs."""

import re
from collections.abc import Iterator, Sequence

import dockerfile

from guardrails.secrets import lines, shell
from guardrails.secrets.nodes import Unparsed
from guardrails.secrets.tree import Embedded, shell_hits
from guardrails.secrets.uses import Hit

_HEREDOC_TARGET = re.compile(r"<<-?\s*['\"]?\w+['\"]?\s+(?P<path>\S+)")
_PAIRED = frozenset({"ENV", "LABEL"})


def hits(text: str, embedded: Embedded) -> Iterator[Hit]:
    """Read a Dockerfile; raises `Unparsed`."""
    source = text.splitlines()
    for number, line in enumerate(source, 1):
        if line.lstrip().startswith("#"):
            yield from lines.commented(number, line)
    for instruction in _parsed(text):
        body = [_code(line) for line in source[instruction.start_line - 1 : instruction.end_line]]
        yield from _instruction(instruction, body, embedded)


def _parsed(text: str) -> Sequence[dockerfile.Command]:
    try:
        # the parser ends the whole process on a lone surrogate
        return tuple(dockerfile.parse_string(text.encode(errors="replace").decode()))
    except (dockerfile.GoParseError, dockerfile.GoIOError, ValueError) as error:
        raise Unparsed(str(error).splitlines()[0][:120]) from error


def _code(line: str) -> str:
    """Blank out comments between continued lines, keeping their place."""
    return "" if line.lstrip().startswith("#") else line


def _instruction(found: dockerfile.Command, body: list[str], embedded: Embedded) -> Iterator[Hit]:
    cmd = found.cmd or ""  # a lone backslash is a line without an instruction
    name = (found.sub_cmd if cmd.upper() == "ONBUILD" and found.sub_cmd else cmd).upper()
    value = list(found.value)
    if name in _PAIRED:
        yield from _pairs(value, body, found.start_line)
    elif name == "ARG":
        yield from _pairs([part for one in value for part in one.partition("=")[::2]], body, found.start_line)
    if found.json:
        yield from shell.flags(value, [found.start_line] * len(value))
    if found.heredocs:
        target = _HEREDOC_TARGET.search(body[0])
        inside = (
            shell_hits("\n".join(body[1:-1]), embedded)
            if name == "RUN"
            else embedded(_path(target), "\n".join(body[1:-1]))
        )
        yield from (one.moved(found.start_line) for one in inside)
        body = body[:1]
    yield from (one.moved(found.start_line - 1) for one in shell_hits("\n".join(body), embedded))


def _path(found: re.Match[str] | None) -> str:
    return found["path"] if found else "heredoc"


def _pairs(value: list[str], body: list[str], first: int) -> Iterator[Hit]:
    for key, text in zip(value[::2], value[1::2], strict=False):
        one = lines.hit(first + _offset(key, body), key, "image-variable", text)
        if one is not None:
            yield one


def _offset(key: str, body: list[str]) -> int:
    pattern = re.compile(rf"(?<![\w.-]){re.escape(key)}(?![\w.-])")
    return next((at for at, line in enumerate(body) if pattern.search(line)), 0)
