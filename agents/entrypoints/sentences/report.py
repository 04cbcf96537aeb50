"""A failure report in lines, whatever the shape of its parts. Pure."""

from collections.abc import Mapping
from typing import Any

from agents.entrypoints.facts import MET
from agents.entrypoints.sentences.excerpts import few
from agents.entrypoints.voice import Voice


def report_lines(title: str, value: Any, voice: Voice) -> list[str]:
    """Tell one part of a failure report, whatever its shape."""
    said = list(plain_lines(value))
    name = title.replace("_", " ").capitalize()
    if not said:
        return []
    if len(said) == 1:
        return [voice.say("{name}: {said:600}", name=name, said=said[0])]
    return [f"{name}:", *(voice.say("- {line:200}", line=line) for line in few(said, 12))]


def likely_lines(said: list[str], voice: Voice) -> list[str]:
    """Tell the likeliest cause, which says itself how likely it is, and below it what it rests on."""
    return [voice.say("{cause:600}", cause=one) for one in said[:1]] + [
        voice.say("- {line:200}", line=line) for line in few(said[1:], 12)
    ]


def plain_lines(value: Any) -> list[str]:
    """Flatten JSON into lines: `key: value` for an object, one line per item of a list."""
    if value is None or value == "":
        return []
    if isinstance(value, Mapping):
        return [f"{key}: {_inline(inner)}" for key, inner in value.items() if inner not in (None, "", [], {})]
    if isinstance(value, (list, tuple)):
        return [_inline(item) for item in value]
    return [line for line in str(value).splitlines() if line.strip()]


def _inline(value: Any) -> str:
    if isinstance(value, Mapping) and {"name", "met", "detail"} <= value.keys():
        return f"{MET[value['met']]} {value['name']}: {value['detail']}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_inline(inner)}" for key, inner in value.items() if inner not in (None, ""))
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_inline, value))
    return str(value)
