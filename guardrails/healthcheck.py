"""Whether a health check proves anything: one that cannot fail is worse than none, for it is believed."""

import ast
import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise

from guardrails.verdict import Finding, Verdict

_OPERATORS = {"&&", "||", ";", "|", "&"}
_SHELLS = re.compile(r"sh|bash|ash|dash")
_INTERPRETERS = re.compile(r"(?:python[\d.]*|node|nodejs)")
_NEVER_FAIL = {"true", ":", "echo", "printf", "sleep"}
_IDLE_NODE = re.compile(r"\s*(?:process\.exit\(\s*0?\s*\)|console\.log\([^;]*\)|;|\s)*")


def health_proved(service: str, test: Sequence[str] | str | None) -> Verdict:
    """Object to a service without a health check, with a disabled one, or with one that cannot fail.

    `test` is the compose file's or else the image's: a string, or a list that starts with CMD, CMD-SHELL or NONE.
    """
    fault = _fault(["CMD-SHELL", test] if isinstance(test, str) else list(test or ()))
    if fault is None:
        return Verdict()
    rule, message = fault
    remedy = "Let the check ask the service itself, e.g. fetch its health URL and fail on any answer but 200."
    return Verdict.of([Finding(rule=rule, subject=service, message=message, remedy=remedy)])


def _fault(words: list[str]) -> tuple[str, str] | None:
    if not words:
        return "health-missing", "There is no health check, so nobody notices when the service stops working."
    if words[0] == "NONE":
        return "health-disabled", "The health check is switched off."
    command = words[1:] if words[0] in {"CMD", "CMD-SHELL"} else words
    if _line_can_fail(" ".join(command)) if words[0] == "CMD-SHELL" else _can_fail(command):
        return None
    return "health-useless", f"The health check `{' '.join(command)}` cannot fail, so it proves nothing."


def _line_can_fail(line: str) -> bool:
    """Work out a shell line's exit code as far as it can be known; what cannot be read may fail."""
    fails = False
    try:
        for operator, command in _commands(line):
            able = _can_fail(command)
            fails = {"&&": fails or able, "||": fails and able}.get(operator, able)
    except ValueError:
        return True
    return fails


def _commands(line: str) -> Iterator[tuple[str, list[str]]]:
    """Split a shell line into commands, each with the operator before it; raises ValueError on open quotes."""
    lexer = shlex.shlex(line.replace("\n", ";"), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    operator, command = ";", list[str]()
    for token in lexer:
        if token not in _OPERATORS:
            command.append(token)
            continue
        if command:
            yield operator, command
        operator, command = token, []
    if command:
        yield operator, command


def _can_fail(command: Sequence[str]) -> bool:
    """Tell whether one program with its arguments could end with anything but 0."""
    if not command:
        return False
    name, arguments = command[0].rpartition("/")[2], command[1:]
    if name == "busybox":
        return _can_fail(arguments)
    if _SHELLS.fullmatch(name):
        script = _inline(arguments, "-c")
        return script is None or _line_can_fail(script)
    if _INTERPRETERS.fullmatch(name):
        return _program_can_fail(name, arguments)
    return name not in _NEVER_FAIL and not (name == "exit" and arguments in ([], ["0"]))


def _inline(arguments: Sequence[str], option: str) -> str | None:
    """Return the program that is given on the command line, if one is."""
    after = [value for flag, value in pairwise(arguments) if flag == option]
    return after[0] if after else None


def _program_can_fail(name: str, arguments: Sequence[str]) -> bool:
    program = _inline(arguments, "-c" if name.startswith("python") else "-e")
    if program is None:
        return True
    if not name.startswith("python"):
        return _IDLE_NODE.fullmatch(program) is None
    try:
        return not all(_idle(statement) for statement in ast.parse(program).body)
    except SyntaxError:
        return True


def _idle(statement: ast.stmt) -> bool:
    """Tell whether a Python statement can neither fail nor end the program with anything but 0."""
    if isinstance(statement, ast.Raise):
        return statement.exc is not None and _ends_well(statement.exc)
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant) or _ends_well(statement.value)
    return isinstance(statement, ast.Import | ast.ImportFrom | ast.Pass)


def _ends_well(expression: ast.expr) -> bool:
    if not isinstance(expression, ast.Call):
        return ast.unparse(expression) == "SystemExit"
    name = ast.unparse(expression.func).rpartition(".")[2]
    if name == "print":
        return all(isinstance(argument, ast.Constant) for argument in expression.args)
    given = [ast.unparse(argument) for argument in expression.args]
    return name in {"exit", "_exit", "quit", "SystemExit"} and given in ([], ["0"], ["None"])
