"""A Dockerfile as stages: which image each begins with, and the instructions that make it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import dockerfile

from guardrails.dockerfile_variables import expanded, word

_FILLED_IN = frozenset({"ADD", "COPY", "USER", "WORKDIR"})


class UnreadableError(Exception):
    """The text is no Dockerfile; the message says why."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction with its variables filled in."""

    name: str
    words: tuple[str, ...]
    flags: tuple[str, ...]
    line: int
    script: str = ""
    """What a RUN hands to a shell, heredocs among it; empty where `words` is a command already."""

    def flag(self, name: str) -> tuple[str, ...]:
        """Return the values of a flag, which may come several times."""
        return tuple(flag.partition("=")[2] for flag in self.flags if flag.startswith(f"--{name}="))


@dataclass(frozen=True, slots=True)
class Stage:
    """One FROM and what follows it."""

    name: str
    """As other stages call it: its name, or its number."""
    base: str
    """The image in front of everything; the name of a stage where `parent` is one."""
    line: int
    parent: "Stage | None" = None
    instructions: tuple[Instruction, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def lineage(self) -> tuple["Stage", ...]:
        """List the stages whose files the image holds: the oldest first, this one last."""
        return (*(self.parent.lineage if self.parent else ()), self)

    @property
    def image(self) -> str:
        """Name the image that the oldest of them begins with."""
        return self.lineage[0].base

    @property
    def whole(self) -> tuple[Instruction, ...]:
        """List everything that was done to the image, in order."""
        return tuple(one for stage in self.lineage for one in stage.instructions)


def stages(text: str, arguments: Mapping[str, str]) -> tuple[Stage, ...]:
    """Read a Dockerfile as it is built with these arguments; raises `UnreadableError`."""
    commands, outside = _parsed(text), dict[str, str]()
    starts = [number for number, one in enumerate(commands) if one.cmd.upper() == "FROM"]
    if not starts or not all(commands[start].value for start in starts):
        raise UnreadableError("there is no FROM in it, or one without an image")
    for one in commands[: starts[0]]:
        outside |= _arguments(one, arguments, {}, outside) if one.cmd.upper() == "ARG" else {}
    read: list[Stage] = []
    for start, end in zip(starts, [*starts[1:], len(commands)], strict=True):
        read.append(_stage(commands[start:end], read, arguments, outside))
    return tuple(read)


def _parsed(text: str) -> Sequence[dockerfile.Command]:
    # The parser ends the whole process on a lone surrogate, and stops reading at a zero.
    if "\0" in text:
        raise UnreadableError("it is no text")
    try:
        commands = tuple(dockerfile.parse_string(text.encode(errors="replace").decode()))
    except (dockerfile.GoParseError, dockerfile.GoIOError, ValueError) as error:
        raise UnreadableError(next(iter(str(error).splitlines()), "it cannot be parsed")[:160]) from error
    if not all(one.cmd for one in commands):
        raise UnreadableError("a line names no instruction")
    return commands


def _stage(
    commands: Sequence[dockerfile.Command],
    before: Sequence[Stage],
    arguments: Mapping[str, str],
    outside: Mapping[str, str],
) -> Stage:
    begin = commands[0]
    base = word(begin.value[0], {**arguments, **outside})
    parent = next((stage for stage in before if stage.name == base.lower()), None)
    named = len(begin.value) == 3 and begin.value[1].upper() == "AS"  # noqa: PLR2004 - FROM image AS name
    reader = _Reader(arguments, outside, dict(parent.environment if parent else {}))
    return Stage(
        name=begin.value[2].lower() if named else str(len(before)),
        base=base,
        line=begin.start_line,
        parent=parent,
        instructions=tuple(reader.read(commands[1:])),
        environment=reader.environment,
    )


@dataclass(slots=True)
class _Reader:
    """What is known while the instructions of one stage are read one after the other."""

    given: Mapping[str, str]
    outside: Mapping[str, str]
    environment: dict[str, str]
    own: dict[str, str] = field(default_factory=dict)

    def read(self, commands: Sequence[dockerfile.Command]) -> Iterator[Instruction]:
        for one in commands:
            name, known = one.cmd.upper(), {**self.own, **self.environment}
            if name == "ARG":
                self.own |= _arguments(one, self.given, self.outside, known)
            elif name == "ENV":
                pairs = zip(one.value[::2], one.value[1::2], strict=False)
                self.environment |= {key: word(value, known) for key, value in pairs}
            yield _instruction(one, name, known)


def _instruction(found: dockerfile.Command, name: str, known: Mapping[str, str]) -> Instruction:
    words = tuple(word(one, known) if name in _FILLED_IN else one for one in found.value)
    script = ""
    if name == "RUN" and not found.json:
        script = "\n".join((*found.value, *(one.content for one in found.heredocs)))
    return Instruction(name, words, tuple(found.flags), found.start_line, expanded(script, known))


def _arguments(
    found: dockerfile.Command, given: Mapping[str, str], outside: Mapping[str, str], known: Mapping[str, str]
) -> dict[str, str]:
    """Tell what an ARG sets: what the build was given, else its own default, else what stands before the first FROM."""
    read: dict[str, str] = {}
    for declared in found.value:
        name, equals, default = declared.partition("=")
        if name in given:
            read[name] = given[name]
        elif equals:
            read[name] = word(default, {**known, **read})
        elif name in outside:
            read[name] = outside[name]
    return read
