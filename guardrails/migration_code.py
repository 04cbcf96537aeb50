"""What migrations written as code do, by the conventions of Alembic, Django and the JavaScript tools. Pure.

Python is read as a tree and never run. A way back is a function or an argument with something in it: `pass` and `raise`
are none.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from guardrails.migration_sql import Deed, deeds, obscure

_ALEMBIC = {
    "drop_table": ("drops table {0}", True, True),
    "drop_column": ("drops column {1} of {0}", True, True),
    "rename_table": ("renames table {0}", False, True),
}
_DJANGO = {
    "RemoveField": ("drops column {name} of {model_name}", True, True),
    "DeleteModel": ("drops table {name}", True, True),
    "RenameField": ("renames column {old_name} of {model_name}", False, True),
    "RenameModel": ("renames table {old_name}", False, True),
    "AlterField": ("changes the type of {name} of {model_name}", True, True),
    "RunPython": ("runs code of its own over the data", True, False),
}
_POSITIONS = {
    "RemoveField": ("model_name", "name"),
    "RenameField": ("model_name", "old_name"),
    "AlterField": ("model_name", "name"),
    "AddField": ("model_name", "name", "field"),
    "DeleteModel": ("name",),
    "RenameModel": ("old_name",),
    "RunPython": ("code", "reverse_code"),
    "RunSQL": ("sql", "reverse_sql"),
}
_REVERSES = {"RunPython": "reverse_code", "RunSQL": "reverse_sql"}
_SCRIPT = re.compile(
    r"\b(dropTable(?:IfExists)?|dropColumns?|removeColumn|renameColumn|renameTable|changeColumn|dropSchema)\b"
)
_RAW = re.compile(
    r"\b(?:DROP\s+(?:TABLE|COLUMN)|TRUNCATE|DELETE\s+FROM|RENAME\s+(?:TO|COLUMN))\b[^\"'`;]*", re.IGNORECASE
)
_SCRIPT_OBSCURE = re.compile(
    r"[\"'`;]\s*(?:DO\s+(?:\$|LANGUAGE\b)|EXEC(?:UTE)?\s+\w|CALL\s+[\w.]+\s*\(|MERGE\s+INTO\b)", re.IGNORECASE
)
"""The same of statements of SQL in it that run what stands elsewhere."""
_SCRIPT_DOWN = re.compile(r"\b(?:async\s+)?(?:function\s+)?down\s*(?:=|:|\()")


@dataclass(frozen=True, slots=True)
class Read:
    """What a migration does, and whether it brings its own way back."""

    deeds: tuple[Deed, ...] = ()
    way_back: bool = False
    understood: bool = True
    """False: nobody knows what it does."""


def python(text: str) -> Read:
    """Read a migration of Alembic or Django."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Read(understood=False)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if forward := functions.get("upgrade"):
        back = functions.get("downgrade")
        way_back, said = back is not None and _does_something(back), _named(forward, "execute")
        return Read(tuple(dict.fromkeys(_alembic(forward))), way_back, understood=not _hides(said))
    calls = tuple(_operations(tree))
    if not calls:
        return Read(understood="Migration" not in text)
    what = tuple(dict.fromkeys(d for call in calls for d in _django(call)))
    texts = [given for call in calls if _called(call) == "RunSQL" and (given := _given(call).get("sql"))]
    return Read(what, all(map(_reverses, calls)), understood=not _hides(texts))


def script(text: str) -> Read:
    """Read a migration in JavaScript or TypeScript (Knex, Sequelize, TypeORM); its way back comes after `down`."""
    down = _SCRIPT_DOWN.search(text)
    forward, back = (text[: down.start()], text[down.end() :]) if down else (text, "")
    said = (*_SCRIPT.findall(forward), *(found.group().strip() for found in _RAW.finditer(forward)))
    what = tuple(
        Deed(f"calls {one}" if one.isalnum() else one, loses="rename" not in one.lower(), breaks=True) for one in said
    )
    way_back = bool(re.search(r"\w\s*\(.*\)", back))
    return Read(tuple(dict.fromkeys(what)), way_back, understood=not _SCRIPT_OBSCURE.search(forward))


def _alembic(function: ast.FunctionDef) -> Iterator[Deed]:
    for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
        name, words = _called(call), [_text(argument) for argument in call.args]
        if name in _ALEMBIC:
            told, loses, breaks = _ALEMBIC[name]
            batch = _is_batch(call) and name == "drop_column"
            yield Deed(told.format(*(["a table"] * batch), *words, *["?", "?"]), loses, breaks)
        elif name == "alter_column":
            yield from _altered(call, words)
        elif name == "add_column":
            yield from _added(call, words)
        elif name == "execute":
            yield from (deed for argument in ast.walk(call) for deed in deeds(_text(argument, "")))


def _named(function: ast.FunctionDef, name: str) -> list[ast.Call]:
    return [node for node in ast.walk(function) if isinstance(node, ast.Call) and _called(node) == name]


def _hides(nodes: Iterable[ast.AST]) -> bool:
    """Tell whether SQL in there may do anything."""
    return any(obscure(_text(part, "")) for node in nodes for part in ast.walk(node))


def _altered(call: ast.Call, words: list[str]) -> Iterator[Deed]:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    column = f"{words[-1]} of {words[0]}" if len(words) > 1 else (words or ["?"])[0]
    if "new_column_name" in given:
        yield Deed(f"renames column {column}", breaks=True)
    if "type_" in given:
        yield Deed(f"changes the type of {column}", loses=True, breaks=True)
    if _is(given.get("nullable"), value=False):
        yield Deed(f"demands {column}", breaks=True)


def _added(call: ast.Call, words: list[str]) -> Iterator[Deed]:
    columns = [node for node in ast.walk(call) if isinstance(node, ast.Call) and _called(node) == "Column"]
    for column in columns:
        given = {keyword.arg: keyword.value for keyword in column.keywords}
        if _is(given.get("nullable"), value=False) and not {"server_default", "autoincrement"} & given.keys():
            name = _text(column.args[0]) if column.args else "?"
            yield Deed(f"adds {name} to {words[0]}, which every row must fill", breaks=True)


def _operations(tree: ast.Module) -> Iterator[ast.Call]:
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Migration")
    lists = (
        part.value
        for one in classes
        for part in one.body
        if isinstance(part, ast.Assign) and _names(part) == "operations"
    )
    for listed in lists:
        yield from (one for one in getattr(listed, "elts", ()) if isinstance(one, ast.Call))


def _django(call: ast.Call) -> Iterator[Deed]:
    name, given = _called(call), _given(call)
    if name in _DJANGO:
        told, loses, breaks = _DJANGO[name]
        named = {key: _text(value) for key, value in given.items()}
        yield Deed(told.format_map(_Known(named)), loses, breaks)
    elif name == "RunSQL":
        yield from (
            (deed for part in ast.walk(given["sql"]) for deed in deeds(_text(part, ""))) if "sql" in given else ()
        )
    elif name == "AddField" and isinstance(field := given.get("field"), ast.Call):
        settings = {keyword.arg: keyword.value for keyword in field.keywords}
        if (
            not _is(settings.get("null"), value=True)
            and "db_default" not in settings
            and _called(field) != "ManyToManyField"
        ):
            known = _Known({key: _text(value) for key, value in given.items()})
            yield Deed("adds {name} to {model_name}, which every row must fill".format_map(known), breaks=True)


class _Known(dict[str, str]):
    def __missing__(self, _: str) -> str:
        return "?"


def _reverses(call: ast.Call) -> bool:
    """Tell whether Django could undo an operation."""
    needed = _REVERSES.get(_called(call))
    return needed is None or needed in _given(call)


def _given(call: ast.Call) -> dict[str, ast.expr]:
    placed = dict(zip(_POSITIONS.get(_called(call), ()), call.args, strict=False))
    return {**placed, **{keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}}


def _does_something(function: ast.FunctionDef) -> bool:
    return any(
        isinstance(node, ast.Call)
        for part in function.body
        if not isinstance(part, ast.Raise)
        for node in ast.walk(part)
    )


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", "") or getattr(call.func, "id", "")


def _is_batch(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "op") != "op"


def _names(assigned: ast.Assign) -> str:
    return str(getattr(assigned.targets[0], "id", ""))


def _is(node: ast.expr | None, *, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _text(node: ast.AST, otherwise: str = "?") -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else otherwise
