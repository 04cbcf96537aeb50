"""Whether a piece of Python could end with anything but success."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_SUCCESS: tuple[list[str], ...] = ([], ["0"], ["None"], ["False"])
_BROAD = {"Exception", "BaseException"}
_IDLE = (ast.Import, ast.ImportFrom, ast.Pass, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def python_can_fail(program: str) -> bool:
    """Tell whether a program could fail; one that cannot be read could."""
    try:
        return _can_fail(ast.parse(program).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True


def _can_fail(statements: Sequence[ast.stmt]) -> bool:
    """Go through statements up to the first that ends the program well: nothing after it happens."""
    for statement in statements:
        if not _idle(statement):
            return True
        if isinstance(statement, ast.Expr | ast.Raise) and _ends(statement):
            return False
    return False


def _idle(statement: ast.stmt) -> bool:
    """Tell whether a statement can neither fail nor end the program with anything but 0."""
    judge = _JUDGES.get(type(statement))
    return isinstance(statement, _IDLE) if judge is None else judge(statement)


def _idle_expression(statement: Any) -> bool:
    value = statement.value
    return isinstance(value, ast.Constant) or (
        isinstance(statement, ast.Expr) and (_ends_well(value) or _prints(value))
    )


def _idle_if(statement: ast.If) -> bool:
    if not isinstance(statement.test, ast.Constant):
        return False
    return not _can_fail(statement.body if statement.test.value else statement.orelse)


def _suppresses(statement: ast.With) -> bool:
    calls = [item.context_expr for item in statement.items if isinstance(item.context_expr, ast.Call)]
    return any(_name(call) == "suppress" and any(map(_is_broad, call.args)) for call in calls)


def _swallows(statement: ast.Try) -> bool:
    """Tell whether whatever fails in a `try` is caught and forgotten."""
    caught = any(
        (handler.type is None or _is_broad(handler.type)) and not _can_fail(handler.body)
        for handler in statement.handlers
    )
    safe = caught and not any(map(_exits_badly, ast.walk(ast.Module(statement.body, []))))
    return (safe or not _can_fail(statement.body)) and not _can_fail([*statement.orelse, *statement.finalbody])


def _exits_badly(node: ast.AST) -> bool:
    """`except Exception` lets an exit through."""
    return isinstance(node, ast.Call) and _name(node) in {"exit", "_exit", "quit"} and not _ends_well(node)


def _is_broad(expression: ast.expr) -> bool:
    listed = expression.elts if isinstance(expression, ast.Tuple) else [expression]
    return any(isinstance(one, ast.Name) and one.id in _BROAD for one in listed)


def _ends(statement: ast.Expr | ast.Raise) -> bool:
    return isinstance(statement, ast.Raise) or (_ends_well(statement.value) and not _prints(statement.value))


def _ends_well(expression: ast.expr) -> bool:
    if not isinstance(expression, ast.Call):
        return isinstance(expression, ast.Name) and expression.id == "SystemExit"
    given = [ast.unparse(argument) for argument in expression.args]
    return _name(expression) in {"exit", "_exit", "quit", "SystemExit"} and given in _SUCCESS


def _prints(expression: ast.expr) -> bool:
    return (
        isinstance(expression, ast.Call)
        and _name(expression) == "print"
        and all(isinstance(argument, ast.Constant) for argument in expression.args)
    )


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


_JUDGES: Mapping[type[ast.stmt], Callable[[Any], bool]] = {
    ast.Raise: lambda statement: statement.exc is not None and _ends_well(statement.exc),
    ast.Expr: _idle_expression,
    ast.Assign: _idle_expression,
    ast.Assert: lambda statement: isinstance(statement.test, ast.Constant) and bool(statement.test.value),
    ast.If: _idle_if,
    ast.Try: _swallows,
    ast.With: _suppresses,
}
