"""The variables of a Dockerfile: ARG and ENV as BuildKit fills them in."""

import re
from collections.abc import Mapping

_USE = re.compile(
    r"\\(?P<escaped>\$)|\$(?:(?P<bare>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<form>:?[-+?])(?P<word>[^{}]*))?\})",
    re.ASCII | re.DOTALL,
)
_QUOTES = str.maketrans("", "", "\"'")


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """Fill in what is known; a variable without a value stays as it is written."""
    return _USE.sub(lambda use: _value(use, variables), text)


def word(text: str, variables: Mapping[str, str]) -> str:
    """Fill in one word of an instruction, and take its quotes away."""
    return expanded(text.translate(_QUOTES), variables)


def missing(text: str) -> tuple[str, ...]:
    """Name the variables that were left in a text, since nothing sets them."""
    return tuple(use["bare"] or use["name"] for use in _USE.finditer(text) if use["escaped"] is None)


def platform_variables(platform: str) -> dict[str, str]:
    """Name what BuildKit itself tells every Dockerfile about the platform, for stages that are chosen by it."""
    system, _, machine = platform.partition("/")
    architecture, _, variant = machine.partition("/")
    told = {"PLATFORM": platform, "OS": system, "ARCH": architecture, "VARIANT": variant}
    return {f"{side}{name}": value for side in ("TARGET", "BUILD") for name, value in told.items()}


def _value(use: re.Match[str], variables: Mapping[str, str]) -> str:
    if use["escaped"] is not None:
        return use["escaped"]
    value, form = variables.get(use["bare"] or use["name"]), use["form"] or ""
    there = bool(value) if form.startswith(":") else value is not None
    if form.endswith("+"):
        return use["word"] if there else ""
    if there:
        return value or ""
    return use["word"] if form.endswith("-") else use[0]
