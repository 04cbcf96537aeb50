"""What the RUN lines of a Dockerfile do: their single commands, and the packages that are installed by them."""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

from guardrails.dockerfile_stages import Instruction
from guardrails.secrets.names import word_set

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$", re.MULTILINE)
_CONTINUED = re.compile(r"\\[ \t]*\n")
_PUNCTUATION = frozenset("();<>|&")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=", re.ASCII)
_LEADING = word_set(
    """
    then do else elif if while until ! { time exec command builtin nohup sudo env nice ionice eatmydata timeout
    """
)
_SHELLS = frozenset(["sh", "bash", "dash", "ash", "zsh"])
_DEPTH = 4
"""Shells within shells that are looked into."""

_INSTALLERS = frozenset(["apt-get", "apt", "aptitude", "apk", "dnf", "microdnf", "yum"])
_ADDS = frozenset({"install", "add"})
_REMOVES = frozenset({"remove", "purge", "del", "erase", "uninstall"})
_VALUED = word_set(
    """
    -t --target-release --default-release -o --option -c --config-file -a --host-architecture --virtual -X
    --repository -p --root --arch --keys-dir --repositories-file --cache-dir --wait --repo --repoid --enablerepo
    --disablerepo --setopt --releasever --installroot
    """
)
_GROUPED = frozenset({"-t", "--virtual"})
_NOT_DONE = word_set(
    """
    -d --download-only -s --simulate --dry-run --just-print --no-act --recon --print-uris --downloadonly
    """
)
_SHORT = re.compile(r"-[yqdsfmu]*[ds][yqdsfmu]*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]*")


def commands(found: Instruction) -> Iterator[tuple[str, ...]]:
    """Take a RUN apart into single commands, what stands in front of the program left out."""
    if found.name == "RUN":
        yield from _of_script(found.script, _DEPTH) if found.script else _of_words(found.words, _DEPTH)


def installed(instructions: Iterable[Instruction]) -> frozenset[str]:
    """Name the packages that were installed by name, and not removed again later."""
    present: set[str] = set()
    groups: dict[str, set[str]] = {}
    for command in (command for one in instructions for command in commands(one)):
        adds, removes = _packages(command, groups)
        present = (present | adds) - removes
    return frozenset(present)


def _of_script(script: str, depth: int) -> Iterator[tuple[str, ...]]:
    words: list[str] = []
    redirected = False
    for token in (*_tokens(script), ";"):
        separates = bool(token) and set(token) <= _PUNCTUATION
        if separates and not set(token) & {"<", ">"}:
            yield from _of_words(words, depth)
            words = []
        elif not separates and not redirected:
            words.append(token)
        redirected = separates and bool(set(token) & {"<", ">"})


def _tokens(script: str) -> list[str]:
    text = _COMMENT.sub("", _CONTINUED.sub(" ", script)).replace("\n", " ; ")
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        return list(lexer)
    except ValueError:  # a quotation without an end
        return re.sub(r"[();|&]+", r" ; ", text).split()


def _of_words(words: Sequence[str], depth: int) -> Iterator[tuple[str, ...]]:
    command = _without_leading(words)
    if not command:
        return
    yield command
    program = command[0].rpartition("/")[2]
    options = [at for at, one in enumerate(command) if re.fullmatch(r"-[a-z]*c", one)]
    if program in _SHELLS and options and depth and options[0] + 1 < len(command):
        yield from _of_script(command[options[0] + 1], depth - 1)


def _without_leading(words: Sequence[str]) -> tuple[str, ...]:
    """Leave out keywords, assignments and programs that only run another one, with their options."""
    start, wrapped = 0, False
    for one in words:
        leading = one in _LEADING or bool(_ASSIGNMENT.match(one))
        option = wrapped and (one.startswith("-") or one[:1].isdecimal())
        if not leading and not option:
            break
        start, wrapped = start + 1, wrapped or leading
    return tuple(words[start:])


def _packages(command: Sequence[str], groups: dict[str, set[str]]) -> tuple[set[str], set[str]]:
    """Tell which packages a command adds and removes; an apk group keeps its members for later."""
    program, *rest = command
    if program.rpartition("/")[2] not in _INSTALLERS or any(one in _NOT_DONE or _SHORT.fullmatch(one) for one in rest):
        return set(), set()
    named, group = _named(rest)
    verb, words = next(iter(named), ""), named[1:]
    names = {found[0].rstrip("-") for one in words if (found := _NAME.match(one))}
    if verb in _REMOVES:
        return set(), names.union(*(groups.get(one, set()) for one in words))
    if verb not in _ADDS:
        return set(), set()
    against = {found[0].rstrip("-") for one in words if one.endswith("-") and (found := _NAME.match(one))}
    groups.setdefault(group, set()).update(names)
    return names - against, against


def _named(words: Sequence[str]) -> tuple[list[str], str]:
    """Leave options and their values out; returns the rest and the name of an apk group, empty where there is none."""
    named: list[str] = []
    group, waiting = "", ""
    for one in words:
        if waiting:
            group, waiting = (one if waiting in _GROUPED else group), ""
        elif one in _VALUED:
            waiting = one
        elif one.startswith("-"):
            group = one.partition("=")[2] if one.startswith("--virtual=") else group
        else:
            named.append(one)
    return named, group
