"""Templates filled in: `<<name>>` is a value; what several lines hold keeps the indentation of its place."""

import re
from functools import cache
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
_PLACE = re.compile(r"<<(?P<name>[a-z_]+)>>")


def render(template: str, **values: str) -> str:
    """Fill in a template file; a line whose only content is an empty value is left out.

    Raises `KeyError` for a value that the template asks for and nobody gives, or that it does not know.
    """
    text = _read(template)
    asked = set(_PLACE.findall(text))
    if asked != set(values):
        raise KeyError(f"{template}: {sorted(asked ^ set(values))}")
    return "".join(_line(line, values) for line in text.splitlines(keepends=True))


@cache
def _read(template: str) -> str:
    return (TEMPLATES / template).read_text(encoding="utf-8")


def _line(line: str, values: dict[str, str]) -> str:
    alone = _PLACE.fullmatch(line.strip())
    if alone is None:
        return _PLACE.sub(lambda found: values[found["name"]], line)
    indent = line[: len(line) - len(line.lstrip())]
    written = values[alone["name"]].splitlines()
    return "".join(f"{indent}{one}".rstrip() + "\n" for one in written)
