"""What Python sources say about their program: its application object, routes, variables, ports and directories."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from agents.entrypoints.init.found import Reading

_APPLICATIONS = {"FastAPI": "FastAPI", "Starlette": "Starlette", "Flask": "Flask"}
_FACTORIES = re.compile(r"create_app|make_app|build_app|get_app")
_BY_KEY = ("os.environ", "environ")
_BY_CALL = frozenset({"os.getenv", "getenv", "os.environ.get", "environ.get", "env", "env.str", "env.int", "env.bool"})
_PLACES = frozenset({"Path", "PurePath", "open", "makedirs", "mkdir", "join"})
_ANSWERS = frozenset({"get", "route", "add_get", "add_route", "add_api_route", "Route", "path", "api_route"})
_UNPREFIXED = frozenset({"path", "re_path"})
"""Django writes its routes without the slash in front."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
_SMALLEST_PORT, _LARGEST_PORT = 80, 65535


@dataclass(frozen=True, slots=True)
class Module:
    """One parsed source file."""

    path: str
    tree: ast.Module

    def at(self, node: ast.AST) -> str:
        """Say where something stands."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"

    @property
    def dotted(self) -> str:
        """Name the module as an import does, seen from where `src/` is left out."""
        path = PurePosixPath(self.path.removeprefix("src/")).with_suffix("")
        parts = path.parts[:-1] if path.name in {"__init__", "__main__"} else path.parts
        return ".".join(parts)


@dataclass(frozen=True, slots=True)
class Application:
    """Where a web framework's application is: `app.main:app`."""

    framework: str
    target: str
    place: str
    factory: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """A path that the program answers."""

    path: str
    place: str


def modules(files: Iterable[tuple[str, str]]) -> tuple[Module, ...]:
    """Parse what can be parsed; a file in another dialect says nothing."""
    parsed: list[Module] = []
    for path, text in files:
        try:
            parsed.append(Module(path, ast.parse(text)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return tuple(parsed)


def applications(found: Iterable[Module]) -> Iterator[Application]:
    """Find application objects at module level, and functions that make one."""
    for module in found:
        for node in module.tree.body:
            yield from _application(module, node)


def _application(module: Module, node: ast.stmt) -> Iterator[Application]:
    if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        framework = _APPLICATIONS.get(_last(node.value.func))
        if framework and isinstance(target, ast.Name):
            yield Application(framework, f"{module.dotted}:{target.id}", module.at(node))
    elif isinstance(node, ast.FunctionDef) and _FACTORIES.fullmatch(node.name):
        made = {_APPLICATIONS.get(_last(call.func)) for call in ast.walk(node) if isinstance(call, ast.Call)} - {None}
        for framework in sorted(str(one) for one in made):
            yield Application(framework, f"{module.dotted}:{node.name}", module.at(node), factory=True)


def readings(found: Iterable[Module]) -> Iterator[Reading]:
    """Find every environment variable that is read; one that is indexed without a default is required."""
    for module in found:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef) and any(_last(base) == "BaseSettings" for base in node.bases):
                yield from _fields(module, node)
            elif (name := _read_name(node)) and re.fullmatch(r"[A-Z][A-Z0-9_]+", name):
                yield Reading(name, module.at(node), required=isinstance(node, ast.Subscript))


def _read_name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        return _text(node.slice) if ast.unparse(node.value) in _BY_KEY else None
    if isinstance(node, ast.Call) and node.args and ast.unparse(node.func) in _BY_CALL:
        return _text(node.args[0])
    return None


def computed(found: Iterable[Module]) -> str:
    """Say where variables are read whose names are not written there."""
    for module in found:
        for node in ast.walk(module.tree):
            by_key = (
                isinstance(node, ast.Subscript) and ast.unparse(node.value) in _BY_KEY and _text(node.slice) is None
            )
            called = isinstance(node, ast.Call) and ast.unparse(node.func) in _BY_CALL
            if by_key or (called and isinstance(node, ast.Call) and node.args and _text(node.args[0]) is None):
                return module.at(node)
    return ""


def _fields(module: Module, settings: ast.ClassDef) -> Iterator[Reading]:
    """Read the fields of pydantic settings as the variables that fill them."""
    prefix = next(
        (
            _text(keyword.value) or ""
            for node in ast.walk(settings)
            if isinstance(node, ast.Call)
            for keyword in node.keywords
            if keyword.arg == "env_prefix"
        ),
        "",
    )
    for node in settings.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id != "model_config":
            bare = isinstance(node.value, ast.Call) and not (node.value.args or _has_default(node.value))
            yield Reading(f"{prefix}{node.target.id}".upper(), module.at(node), required=node.value is None or bare)


def _has_default(call: ast.Call) -> bool:
    return any(keyword.arg in {"default", "default_factory"} for keyword in call.keywords)


def routes(found: Iterable[Module]) -> Iterator[Route]:
    """Find the paths that are written as routes, or compared with the path of a request."""
    for module in found:
        for node in ast.walk(module.tree):
            for path in _paths(node):
                yield Route(path, module.at(node))


def _paths(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Compare) and _last(node.left) in {"path", "PATH_INFO"}:
        for other in node.comparators:
            written = other.elts if isinstance(other, ast.Tuple | ast.List | ast.Set) else [other]
            yield from (text for one in written if (text := _text(one)) and text.startswith("/"))
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        for decorator in node.decorator_list:
            yield from _called(decorator)
    elif isinstance(node, ast.Call) and _last(node.func) in {*_UNPREFIXED, "Route", "add_get", "add_api_route"}:
        yield from _called(node)


def _called(node: ast.expr) -> Iterator[str]:
    if not isinstance(node, ast.Call) or _last(node.func) not in _ANSWERS or not node.args:
        return
    text = _text(node.args[0])
    if text is None and len(node.args) > 1:
        return
    if text is not None and _last(node.func) in _UNPREFIXED:
        yield f"/{text}"
    elif text is not None and text.startswith("/"):
        yield text


def is_prefixed(found: Iterable[Module]) -> bool:
    """Tell whether some router puts something in front of its paths."""
    return any(
        isinstance(node, ast.Call)
        and any(keyword.arg in {"prefix", "url_prefix", "root_path"} for keyword in node.keywords)
        for module in found
        for node in ast.walk(module.tree)
    )


def ports(found: Iterable[Module]) -> Iterator[tuple[int, str]]:
    """Find the ports that the sources name, each with its place."""
    for module in found:
        for node in ast.walk(module.tree):
            for number in _ports(node):
                yield number, module.at(node)


def _ports(node: ast.AST) -> Iterator[int]:
    if isinstance(node, ast.keyword):
        named = node.arg == "port"
        values: list[ast.expr] = [node.value] if named else []
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        values = [node.value] if node.value and _last(target).lower() == "port" else []
    elif isinstance(node, ast.Call) and _reads_port(node):
        values = [*node.args[1:], *(keyword.value for keyword in node.keywords if keyword.arg == "default")]
    elif isinstance(node, ast.Tuple) and len(node.elts) == 2 and _is_address(node.elts[0]):  # noqa: PLR2004 - host, port
        values = [node.elts[1]]
    else:
        return
    yield from (number for value in values if (number := _number(value)))


def _reads_port(call: ast.Call) -> bool:
    first = _text(call.args[0]) if call.args else None
    return first in {"PORT", "--port", "port"}


def _is_address(node: ast.expr) -> bool:
    text = _text(node)
    return text is not None and (text == "" or text in _LOOPBACK or bool(re.fullmatch(r"[\d.]+|::", text)))


def confined(found: Iterable[Module]) -> str:
    """Say where the program listens on loopback only, so that nobody outside its container reaches it."""
    for module in found:
        for node in ast.walk(module.tree):
            pair = isinstance(node, ast.Tuple) and len(node.elts) == 2 and _text(node.elts[0]) in _LOOPBACK  # noqa: PLR2004
            named = isinstance(node, ast.keyword) and node.arg in {"host", "bind"} and _text(node.value) in _LOOPBACK
            if pair or named:
                return module.at(node)
    return ""


def places(found: Iterable[Module]) -> Iterator[tuple[str, str]]:
    """Find the texts that are used as paths of files, each with its place."""
    for module in found:
        for node in ast.walk(module.tree):
            for text in _path_texts(node):
                yield text, module.at(node)


def _path_texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and _last(node.func) in _PLACES:
        yield from (text for one in node.args if (text := _text(one)))
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        yield from (text for one in (node.left, node.right) if (text := _text(one)))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "/" in node.value[1:]:
        yield node.value


def runs_itself(module: Module) -> bool:
    """Tell whether a module does something when it is started."""
    return any(isinstance(node, ast.If) and "__name__" in ast.unparse(node.test) for node in module.tree.body)


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _number(node: ast.expr) -> int:
    """Read a port; 0 where there is none."""
    if isinstance(node, ast.Call) and _last(node.func) in {"int", "getenv", "get"} and node.args:
        return _number(node.args[-1])
    if isinstance(node, ast.Call) and _last(node.func) == "Field":
        return next((_number(keyword.value) for keyword in node.keywords if keyword.arg == "default"), 0)
    written = str(node.value) if isinstance(node, ast.Constant) else ""
    return int(written) if written.isdecimal() and _SMALLEST_PORT <= int(written) <= _LARGEST_PORT else 0


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
