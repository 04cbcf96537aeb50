"""What a `.dockerignore` keeps out of a build, read exactly as Docker reads it, and what it must keep out."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from guardrails.verdict import Finding, Verdict

_PROBE = "shipmate-probe"
"""A file that nobody has: what a pattern does to it, it does to any."""
_CLASS = re.compile(r"\[[^\]]*\]")
_LITERAL = re.compile(r"[\[&|~]|(?<=-)-")
"""What means more in a class of Python's expressions than in one of Docker's."""
_SHOWN = 3


class PatternError(Exception):
    """Docker refuses the file; the message is the line."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line: what it matches, and whether it brings back (`!`) what earlier lines kept out."""

    text: str
    back: bool = False

    def matches(self, path: str) -> bool:
        """Tell whether it names the path itself, or a directory above it."""
        parts = path.split("/")
        return any(_named(self.text, "/".join(parts[:end])) for end in range(len(parts), 0, -1))


def patterns(text: str) -> tuple[Pattern, ...]:
    """Read the lines of a `.dockerignore`; raises `PatternError`."""
    lines = (line for line in text.removeprefix("\ufeff").split("\n") if not line.startswith("#"))
    return tuple(_pattern(line.strip()) for line in lines if line.strip())


def kept_out(path: str, lines: Sequence[Pattern]) -> bool:
    """Tell whether a file, seen from the context, does not reach the build. The last line that matters decides."""
    out = False
    for line in lines:
        if line.matches(path):
            out = not line.back
    return out


def ignored_as_agreed(file: str, text: str | None, entries: Iterable[str], context: Iterable[str]) -> Verdict:
    """Object to every entry that is not kept out, whatever lies there: files that exist today, and any others.

    An entry is read like a line of the file, so it is seen from the context, and `**/name` means any depth. `text` is
    None where there is no file; `context` are the paths that exist.
    """
    wanted = tuple(dict.fromkeys(entries))
    if not wanted:
        return Verdict()
    if text is None:
        return Verdict.of([_absent(file, wanted)])
    try:
        lines, owns = patterns(text), {entry: _pattern(entry.strip()) for entry in wanted}
    except PatternError as error:
        message = f"Docker refuses the line `{error}`."
        return Verdict.of([Finding("ignore-unreadable", file, message, "Correct the pattern.", place=file)])
    present = tuple(context)
    judged = {entry: sorted(_let_in(entry, own, lines, present)) for entry, own in owns.items()}
    return Verdict.of(_finding(file, entry, reached, lines) for entry, reached in judged.items() if reached)


def _let_in(entry: str, own: Pattern, lines: Sequence[Pattern], context: Iterable[str]) -> set[str]:
    """Find files of an entry that reach the build: real ones, and such as the lines themselves might speak of.

    Of an entry that ends with a slash the directory itself may reach it, as long as it is empty.
    """
    present = tuple(context)
    might = (*_instances(own.text), *(p for line in lines if line.back for p in _brought_back(line, own, present)))
    meant = {path: posixpath.dirname(path) if entry.endswith("/") else path for path in (*present, *might)}
    return {path for path, place in meant.items() if place and own.matches(place) and not kept_out(path, lines)}


def _instances(pattern: str) -> Iterator[str]:
    """Make up paths that a pattern names: at every depth where it says so, as a file and as a directory."""
    plain = _CLASS.sub("p", pattern.replace("\\", ""))
    for depth in ("", f"{_PROBE}/", f"{_PROBE}/{_PROBE}/"):
        path = re.sub(r"\*\*/?", depth, plain).replace("*", _PROBE).replace("?", "p").strip("/")
        if path:
            yield from (path, f"{path}/{_PROBE}", f"{path}/{_PROBE}/{_PROBE}")


def _brought_back(line: Pattern, entry: Pattern, context: Iterable[str]) -> Iterator[str]:
    """Make up paths of an entry that a `!` line may bring back: its own, the same below the entry, and the other way.

    What is called like a file (`!README.md`) has nothing below it, unless something lies there.
    """
    is_file = "." in posixpath.basename(line.text)[1:] and not any(line.matches(posixpath.dirname(p)) for p in context)
    for path in _instances(line.text):
        parts = path.split("/")
        tails = ["/".join(parts[start:]) for start in range(len(parts))]
        for own in _instances(entry.text):
            yield from (path, *(() if is_file else (f"{path}/{own}",)), *(f"{own}/{tail}" for tail in tails))


def _pattern(line: str) -> Pattern:
    back = line.startswith("!")
    text = line.removeprefix("!").strip() if back else line
    if not text or not _well_formed(text):
        raise PatternError(line)
    return Pattern(_cleaned(text), back)


def _cleaned(text: str) -> str:
    path = posixpath.normpath(re.sub(r"/+", "/", text))
    return path.removeprefix("/") or "/"


def _well_formed(text: str) -> bool:
    try:
        _expression(_cleaned(text))
    except (re.error, ValueError):
        return False
    return (len(text) - len(text.rstrip("\\"))) % 2 == 0


def _named(pattern: str, path: str) -> bool:
    """Match as Docker's own patternmatcher does: `**` in front goes by the end of the path, whatever it cuts."""
    rest = pattern.removeprefix("**")
    if rest != pattern and not set(rest) & set("*?[]\\"):
        return path.endswith(rest) or path == rest.removeprefix("/")
    return _expression(pattern).fullmatch(path) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    if re.search(r"\[\^?\]|\[[^\]]*$", pattern):
        raise ValueError(pattern)
    written, at = "", 0
    while at < len(pattern):
        part, length = _translated(pattern, at)
        written, at = written + part, at + length
    return re.compile(written, re.DOTALL)


def _translated(pattern: str, at: int) -> tuple[str, int]:
    """Translate what begins at a place into a regular expression; returns it and how much it stands for."""
    rest = pattern[at:]
    if stars := re.match(r"\*\*/?", rest):
        return (".*" if stars.end() == len(rest) else "(.*/)?"), stars.end()
    if group := re.match(r"\[(\^?)((?:\\.|[^\]\\])+)\]", rest):
        return f"[{group[1]}{_LITERAL.sub(lambda found: f'{chr(92)}{found[0]}', group[2])}]", group.end()
    if rest[0] == "\\" and len(rest) > 1:
        return re.escape(rest[1]), 2
    return {"*": "[^/]*", "?": "[^/]"}.get(rest[0], re.escape(rest[0])), 1


def _absent(file: str, entries: Sequence[str]) -> Finding:
    message = f"There is no {file}, so everything in the repository is sent to the build."
    remedy = f"Add {file} with the lines: {', '.join(entries)}."
    return Finding("ignore-absent", file, message, remedy, place=file)


def _finding(file: str, entry: str, reached: Sequence[str], lines: Sequence[Pattern]) -> Finding:
    real = [path for path in reached if _PROBE not in path]
    without = [line for line in lines if not line.back]
    back = [line.text for line in lines if line.back and all(kept_out(path, without) for path in reached)]
    met = f", among it {', '.join(real[:_SHOWN])}" if real else ""
    message = f"{file} does not keep {entry} out of the build{met}."
    remedy = f"Add the line `{entry}`."
    if back:
        message = f"{file} lets parts of {entry} into the build again: `!{back[0]}`{met}."
        remedy = f"Take the line `!{back[0]}` away, or put `{entry}` below it."
    elif (name := entry.removeprefix("**/")) != entry and not kept_out(f"{_PROBE}/{name}", lines):
        remedy += f" `{name}` alone means the top of the context only."
    return Finding("ignore-missing", f"{file}: {entry}", message, remedy, place=file)
