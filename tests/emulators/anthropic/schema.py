"""Filling in a JSON schema: one walk, with the leaves decided by a writer."""

import re
from typing import Any, Protocol

Json = dict[str, Any]

_LIMIT = re.compile(r"\b(\w+): (\d+)")


class Author(Protocol):
    """Decides about the leaves. `path` holds the property names on the way, outermost first."""

    def string(self, path: tuple[str, ...], index: int, limit: int | None) -> str:
        """Write a text; `index` counts the items of the lists around it."""
        ...

    def choice(self, path: tuple[str, ...], options: list[Any]) -> Any:
        """Pick one of the allowed values."""
        ...

    def number(self, path: tuple[str, ...], low: int, high: int) -> int:
        """Give a number."""
        ...

    def boolean(self, path: tuple[str, ...]) -> bool:
        """Say yes or no."""
        ...

    def count(self, path: tuple[str, ...], low: int, high: int) -> int:
        """Decide how many items a list has."""
        ...


def filled(schema: Json, author: Author) -> Any:
    """Build a value that satisfies a schema."""
    return _Form(schema.get("$defs", {}), author).value(schema, (), 0)


def limits(schema: Json) -> dict[str, int]:
    """Read the limits that the SDK moves from keywords into the description."""
    stated = {key: value for key, value in schema.items() if isinstance(value, int)}
    return {name: int(number) for name, number in _LIMIT.findall(schema.get("description", ""))} | stated


class _Form:
    def __init__(self, definitions: Json, author: Author) -> None:
        self._definitions = definitions
        self._author = author

    def value(self, schema: Json, path: tuple[str, ...], index: int) -> Any:
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._author.choice(path, schema["enum"])
        fill = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._number,
            "number": self._number,
            "boolean": self._boolean,
            "null": _nothing,
        }[schema["type"]]
        return fill(schema, path, index)

    def _resolved(self, schema: Json) -> Json:
        for key in ("anyOf", "oneOf", "allOf"):
            if key in schema:
                return self._resolved(schema[key][0])
        if "$ref" in schema:
            return self._resolved(self._definitions[schema["$ref"].rsplit("/", 1)[-1]])
        return schema

    def _object(self, schema: Json, path: tuple[str, ...], index: int) -> Json:
        return {name: self.value(inner, (*path, name), index) for name, inner in schema.get("properties", {}).items()}

    def _array(self, schema: Json, path: tuple[str, ...], index: int) -> list[Any]:
        stated = limits(schema)
        count = self._author.count(path, stated.get("minItems", 0), stated.get("maxItems", 5))
        return [self.value(schema["items"], path, index + number) for number in range(count)]

    def _string(self, schema: Json, path: tuple[str, ...], index: int) -> str:
        return self._author.string(path, index, limits(schema).get("maxLength"))

    def _number(self, schema: Json, path: tuple[str, ...], _index: int) -> int:
        stated = limits(schema)
        low = stated.get("minimum", 0)
        return self._author.number(path, low, stated.get("maximum", max(low, 100)))

    def _boolean(self, _schema: Json, path: tuple[str, ...], _index: int) -> bool:
        return self._author.boolean(path)


def _nothing(_schema: Json, _path: tuple[str, ...], _index: int) -> None:
    return None
