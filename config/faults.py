"""What is wrong with a configuration: one line per fault, with file, line, path and the nearest valid name."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.document import Document, Location
from config.nearest import did_you_mean
from config.wording import plainly


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing to correct; `path` is the dotted key, empty for the file as a whole."""

    file: str
    line: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (place, self.path, self.message) if part)


class ConfigFaults(Exception):
    """Everything that is wrong with a configuration, found in one go."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))


def dotted(location: Location) -> str:
    """Write a location as people do: `environments.production.target.hosts[0].address`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


def model_faults(file: str, document: Document, model: type[BaseModel], error: ValidationError) -> Iterator[Fault]:
    """Say where in a file, and how, a document differs from its model."""
    details = error.errors(include_url=False)
    for detail in details:
        if _follows_from_another(detail, details):
            continue
        location = tuple(part for part in detail["loc"] if part != "[key]")
        here = document.real(location)
        yield Fault(file, document.line_of(here), dotted(here), _message(model, location, here, detail))


def _follows_from_another(detail: ErrorDetails, details: list[ErrorDetails]) -> bool:
    """Tell whether a list only counts as too short because its entries are wrong themselves."""
    at = detail["loc"]
    return detail["type"] == "too_short" and any(len(d["loc"]) > len(at) and d["loc"][: len(at)] == at for d in details)


def _message(model: type[BaseModel], location: Location, here: Location, detail: ErrorDetails) -> str:
    word = str(location[-1]) if location else ""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            known = keys_at(model, location[:-1])
            other = word in keys_at(model, here[:-1]) - known
            return (
                "belongs to another kind of target; take it out" if other else f"unknown key{did_you_mean(word, known)}"
            )
        case "missing":
            return "this key is required and missing"
        case "literal_error" | "enum":
            expected = frozenset(re.findall(r"'([^']*)'", str(context.get("expected", ""))))
            return f"not a valid value{did_you_mean(str(detail['input']), expected | _literals_at(model, here))}"
        case "tuple_type" | "list_type" if keys_at(model, (*location, 0)):
            return "should be a list of sections with keys of their own"
        case _:
            return plainly(detail, word)


def keys_at(model: type[BaseModel], location: Location) -> frozenset[str]:
    """List the keys that the model knows at a location; without the tag of a union's member, those of all members."""
    return frozenset(name for found in _found_at(model, location) if _is_model(found) for name in found.model_fields)


def _literals_at(model: type[BaseModel], location: Location) -> frozenset[str]:
    return frozenset(word for found in _found_at(model, location) for word in _literals(found))


def _literals(annotation: Any) -> tuple[str, ...]:
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _found_at(model: type[BaseModel], location: Location) -> tuple[Any, ...]:
    candidates: tuple[Any, ...] = (model,)
    for part in location:
        candidates = tuple(inner for candidate in candidates for inner in _inside(candidate, part))
    return candidates


def _inside(annotation: Any, part: str | int) -> Iterator[Any]:
    if _is_model(annotation):
        known = annotation.model_fields.get(str(part))
        if known:
            yield from _members(known.annotation)
        elif any(part in _literals(field.annotation) for field in annotation.model_fields.values()):
            # Pydantic puts the tag of a union's member between the keys.
            yield annotation
    elif get_origin(annotation) is dict:
        yield from _members(get_args(annotation)[1])
    elif get_origin(annotation) in (tuple, list):
        yield from _members(get_args(annotation)[0])


def _members(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    elif hasattr(annotation, "__metadata__"):
        yield from _members(annotation.__origin__)
    else:
        yield annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
