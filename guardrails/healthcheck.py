"""Whether a health check proves anything: one that cannot fail is worse than none, for it is believed."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from guardrails.idle_python import python_can_fail
from guardrails.verdict import Finding, Level, Verdict

_OPERATORS = {"&&", "||", ";", "|", "&"}
_SHELLS = re.compile(r"sh|bash|ash|dash|zsh")
_PYTHON = re.compile(r"python[\d.]*|pypy[\d.]*")
_TEST = re.compile(r"test|\[")
_NODE = re.compile(r"node|nodejs|bun|deno")
_NEVER_FAIL = {"true", ":", "echo", "printf", "sleep", "set", "export", "cd", "trap", "wait"}
_TELL_SOMETHING = {"pwd", "whoami", "id", "date", "hostname", "uname", "uptime", "ps", "ls", "env", "df", "free"}
"""Programs that succeed wherever they are there, as long as they are asked for nothing in particular."""
_PASS_ON = {"cat", "tee", "head", "tail", "wc", "sort", "tr", "sed", "awk"}
"""Programs that succeed behind a pipe, whatever comes through it."""
_ASKED_FOR_ITSELF = {"--version", "-version", "-V", "--help", "-v", "-h"}
_WRAPPERS = {"exec", "command", "builtin", "nice", "time", "busybox", "nohup", "eval"}
_KEYWORDS = {"if", "then", "else", "do", "while", "{", "(", "fi", "done", "}", ")"}
_CONSTANT_TEST = re.compile(r"(?:-[nz] [^$`]+|[^$`-][^$`]* (?:=|==|!=|-eq|-ne|-l[te]|-g[te]) [^$`]+|[^$` -][^$` ]*)")
_PIPE = re.compile(r"(?<!\|)\|(?!\|)")
_IDLE_NODE = re.compile(r"\s*(?:process\.exit\(\s*0?\s*\)|console\.log\([^;]*\)|;|\s)*")
_FAILS_ON_STATUS = re.compile(r"-[a-zA-Z]*f[a-zA-Z]*|--fail(?:-with-body)?|-w|--write-out")


def health_proved(service: str, test: Sequence[str] | str | None) -> Verdict:
    """Object to a service without a health check, with a disabled one, or with one that cannot fail.

    `test` is the compose file's or else the image's: a string, or a list that starts with CMD, CMD-SHELL or NONE.
    One that is content with an answer of any status is warned of.
    """
    fault = _fault(["CMD-SHELL", test] if isinstance(test, str) else list(test or ()))
    if fault is None:
        return Verdict()
    rule, level, message = fault
    remedy = "Let the check ask the service itself, e.g. fetch its health URL and fail on any answer but 200."
    return Verdict.of([Finding(rule=rule, subject=service, message=message, remedy=remedy, level=level)])


def _fault(words: list[str]) -> tuple[str, Level, str] | None:
    if not words:
        message = "There is no health check, so nobody notices when the service stops working."
        return "health-missing", Level.BLOCKING, message
    if words[0] == "NONE":
        return "health-disabled", Level.BLOCKING, "The health check is switched off."
    command = words[1:] if words[0] in {"CMD", "CMD-SHELL"} else words
    shown = " ".join(command)
    if not (_line_can_fail(shown) if words[0] == "CMD-SHELL" else _can_fail(command)):
        return "health-useless", Level.BLOCKING, f"The health check `{shown}` cannot fail, so it proves nothing."
    if _takes_any_status(shown):
        message = f"The health check `{shown}` is content with any answer, also with a status of 500."
        return "health-lax", Level.WARNING, message
    return None


def _takes_any_status(line: str) -> bool:
    """Recognise `curl` without `--fail`, where nothing else looks at what came."""
    words = line.split()
    return "curl" in words and not _PIPE.search(line) and not any(_FAILS_ON_STATUS.fullmatch(word) for word in words)


@dataclass(frozen=True, slots=True)
class _Command:
    """One command of a shell line, with the operators around it."""

    before: str
    words: list[str]
    after: str


def _line_can_fail(line: str) -> bool:
    """Work out a shell line's exit code as far as it can be known; what cannot be read may fail."""
    try:
        commands = list(_commands(line))
    except ValueError:
        return True
    strict = any(one.words[0] == "set" and "e" in "".join(one.words[1:]) for one in commands)
    fails, ever = False, False
    for one in commands:
        if one.words[0] == "exit" and one.words[1:] not in ([], ["0"], ["$?"]):
            return True
        able = fails if one.words in (["exit"], ["exit", "$?"]) else one.after != "&" and _able(one)
        fails = {"&&": fails or able, "||": fails and able}.get(one.before, able)
        ever = ever or (fails and one.after not in {"||", "|"})
    return ever if strict else fails


def _able(command: _Command) -> bool:
    piped = command.before == "|" and command.words[0] in _PASS_ON
    return not piped and _can_fail(command.words)


def _commands(line: str) -> Iterator[_Command]:
    """Split a shell line into commands; raises ValueError on open quotes."""
    lexer = shlex.shlex(line.replace("\n", ";"), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    before, words = ";", list[str]()
    for token in (*lexer, ";"):
        if token not in _OPERATORS:
            words += [token] if token not in _KEYWORDS else []
            continue
        if words:
            yield _Command(before, words, token)
        before, words = (token if words or before == ";" else before), []


def _can_fail(command: Sequence[str]) -> bool:
    """Tell whether one program with its arguments could end with anything but 0."""
    if not command:
        return False
    name, arguments = command[0].rpartition("/")[2], list(command[1:])
    wrapped = _wrapped(name, arguments)
    if wrapped is not None:
        return _can_fail(wrapped)
    if arguments and set(arguments) <= _ASKED_FOR_ITSELF:
        return False
    judges = (
        (_SHELLS, _script_can_fail),
        (_PYTHON, _python_can_fail),
        (_NODE, _node_can_fail),
        (_TEST, _test_can_fail),
    )
    judge = next((judge for names, judge in judges if names.fullmatch(name)), None)
    if judge is not None:
        return judge(arguments)
    asks_nothing = name in _TELL_SOMETHING and all(word.startswith("-") for word in arguments)
    return name not in _NEVER_FAIL and not asks_nothing and not (name == "exit" and arguments == ["0"])


def _script_can_fail(arguments: list[str]) -> bool:
    script = _inline(arguments, "c")
    strict = "set -e; " if any(re.fullmatch("-[a-z]*e[a-z]*", word) for word in arguments) else ""
    return script is None or _line_can_fail(strict + script)


def _python_can_fail(arguments: list[str]) -> bool:
    program = _inline(arguments, "c")
    return program is None or python_can_fail(program)


def _node_can_fail(arguments: list[str]) -> bool:
    program = _inline(arguments, "[ep]")
    return program is None or _IDLE_NODE.fullmatch(program) is None


def _test_can_fail(arguments: list[str]) -> bool:
    """Tell whether a condition looks at anything: two constants compare in one way for ever."""
    return _CONSTANT_TEST.fullmatch(" ".join(arguments).removesuffix("]").strip()) is None


def _wrapped(name: str, arguments: list[str]) -> list[str] | None:
    """Return the command that another one only starts."""
    if name in _WRAPPERS and arguments:
        return arguments
    if name == "env" and (rest := [word for word in arguments if "=" not in word and not word.startswith("-")]):
        return rest
    if name == "timeout":
        return [word for word in arguments if not word.startswith("-")][1:]
    return None


def _inline(arguments: Sequence[str], option: str) -> str | None:
    """Return the program that is given on the command line, if one is: after `-c`, `-ec`, `-c --`."""
    for place, word in enumerate(arguments):
        if re.fullmatch(rf"-[a-zA-Z]*{option}[a-zA-Z]*|--eval|--print", word):
            rest = [other for other in arguments[place + 1 :] if other != "--"]
            return rest[0] if rest else ""
    return None
