"""Every refusal that the product can give, read from its source: each call that makes one, with the texts it may hold.

A text is read with its placeholders: `f"status {asked.service}"` is `status {service}`.
Names are followed to what they were set to, parameters to what callers pass, calls to
what the function returns. What cannot be followed is None, and a test asks why.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[1]
PRODUCT = ("agents", "guardrails", "tools", "config")
Texts = tuple[str, ...] | None
_DEEPEST = 6
_MOST = 64
Function = ast.FunctionDef | ast.AsyncFunctionDef
_Node = TypeVar("_Node", bound=ast.AST)


@dataclass(frozen=True, slots=True)
class Module:
    """One file of the product."""

    place: str
    tree: ast.Module


@dataclass(frozen=True, slots=True)
class Made:
    """One call that makes a refusal."""

    place: str
    """`file:line`."""
    function: str
    kind: str
    texts: Mapping[str, Texts]

    def __str__(self) -> str:
        return f"{self.place} {self.kind}"


@cache
def modules() -> tuple[Module, ...]:
    """Read the whole product."""
    files = sorted(file for folder in PRODUCT for file in (ROOT / folder).rglob("*.py"))
    return tuple(Module(str(file.relative_to(ROOT)), ast.parse(file.read_text())) for file in files)


def made(kinds: Mapping[str, Sequence[str]]) -> tuple[Made, ...]:
    """Collect the calls of some constructors, given the names of their parameters in order."""
    return tuple(_made(call, kinds[kind]) for kind in kinds for call in _calls().get(kind, ()) if not _starred(call))


@dataclass(frozen=True, slots=True)
class _Call:
    module: Module
    scope: ast.AST
    node: ast.Call


@cache
def _calls() -> Mapping[str, Sequence[_Call]]:
    """List every call of the product by the name of what is called."""
    found: dict[str, list[_Call]] = {}
    for module in modules():
        for scope in _scopes(module.tree):
            for call in _own(scope, ast.Call):
                found.setdefault(_called(call), []).append(_Call(module, scope, call))
    return found


def _starred(call: _Call) -> bool:
    return any(isinstance(argument, ast.Starred) for argument in call.node.args)


def _made(call: _Call, names: Sequence[str]) -> Made:
    given = dict(zip(names, call.node.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.node.keywords if keyword.arg}
    texts = {name: _texts(given[name], call.scope, call.module) for name in names if name in given}
    place = f"{call.module.place}:{call.node.lineno}"
    return Made(place, getattr(call.scope, "name", ""), _called(call.node), texts)


def literals() -> Iterator[tuple[str, str]]:
    """Yield every text of the product with its place, placeholders as they are written."""
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{module.place}:{node.lineno}", node.value
            if isinstance(node, ast.JoinedStr):
                yield f"{module.place}:{node.lineno}", "".join(map(_part, node.values))


def _scopes(tree: ast.Module) -> Iterator[ast.Module | Function]:
    yield tree
    yield from (node for node in ast.walk(tree) if isinstance(node, Function))


def _own(scope: ast.AST, kind: type[_Node]) -> Iterator[_Node]:
    """Walk a scope without the functions in it."""
    for child in ast.iter_child_nodes(scope):
        if isinstance(child, kind):
            yield child
        if not isinstance(child, Function):
            yield from _own(child, kind)


def _called(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _texts(node: ast.AST, scope: ast.AST, module: Module, depth: int = 0) -> Texts:
    """Read the texts that an expression may be."""
    if depth > _DEEPEST:
        return None
    match node:
        case ast.Constant(value=str(text)):
            return (text,)
        case ast.JoinedStr(values=parts):
            return _joined([_piece(part, scope, module, depth) for part in parts])
        case ast.BinOp(left=left, right=right):
            return _joined([_texts(one, scope, module, depth) for one in (left, right)])
        case _:
            return _followed(node, scope, module, depth)


def _followed(node: ast.AST, scope: ast.AST, module: Module, depth: int) -> Texts:
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            return _either([_texts(one, scope, module, depth) for one in (body, orelse)])
        case ast.BoolOp(values=values):
            return _either([_texts(one, scope, module, depth) for one in values])
        case ast.Name(id=name):
            return _named(name, scope, module, depth + 1)
        case ast.Call():
            return _returned(node, module, depth + 1)
        case _:
            return None


def _piece(part: ast.AST, scope: ast.AST, module: Module, depth: int) -> Texts:
    """Read a part of a formatted text; a plain name that was set in the same function is followed."""
    if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name):
        return _assigned(part.value.id, scope, module, depth + 1) or (_part(part),)
    return (_part(part),)


def _part(part: ast.AST) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    value = part.value if isinstance(part, ast.FormattedValue) else part
    while isinstance(value, (ast.Call, ast.Subscript)):
        value = value.func if isinstance(value, ast.Call) else value.value
    name = value.attr if isinstance(value, ast.Attribute) else value.id if isinstance(value, ast.Name) else "value"
    return f"{{{name}}}"


def _joined(parts: list[Texts]) -> Texts:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return tuple("".join(pieces) for pieces in product(*known))[:_MOST]


def _either(choices: list[Texts]) -> Texts:
    known = [choice for choice in choices if choice is not None]
    return tuple(dict.fromkeys(text for choice in known for text in choice)) if len(known) == len(choices) else None


def _named(name: str, scope: ast.AST, module: Module, depth: int) -> Texts:
    """Follow a name: to what it was set to here, to what callers pass, to a constant of the module."""
    found = _assigned(name, scope, module, depth)
    if found is None and isinstance(scope, Function):
        found = _passed(name, scope, depth)
    return found if found is not None else _assigned(name, module.tree, module, depth)


def _assigned(name: str, scope: ast.AST, module: Module, depth: int) -> Texts:
    values: list[Texts] = []
    for node in _own(scope, ast.Assign):
        for target in node.targets:
            values += [_texts(value, scope, module, depth) for value in _set_to(name, target, node.value)]
    return _either(values) if values else None


def _set_to(name: str, target: ast.AST, value: ast.AST) -> Iterator[ast.AST]:
    if isinstance(target, ast.Name) and target.id == name:
        yield value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, its in zip(target.elts, value.elts, strict=False):
            yield from _set_to(name, one, its)


def _passed(name: str, function: Function, depth: int) -> Texts:
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
    if name not in names:
        return None
    place = names.index(name)
    values: list[Texts] = []
    for call in _calls().get(function.name, ()):
        keywords = {keyword.arg: keyword.value for keyword in call.node.keywords}
        given = keywords.get(name) or (call.node.args[place] if place < len(call.node.args) else None)
        values.append(_texts(given, call.scope, call.module, depth) if given else None)
    return _either(values) if values else None


def _returned(call: ast.Call, module: Module, depth: int) -> Texts:
    functions = [node for node in ast.walk(module.tree) if isinstance(node, Function) and node.name == _called(call)]
    values = [
        _texts(node.value, function, module, depth)
        for function in functions
        for node in _own(function, ast.Return)
        if node.value
    ]
    return _either(values) if values else None
