"""What a prompt states: sentences, the risky ones among them, and file names, without the noise of diffs and markup."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

RISKY = re.compile(
    r"\b(migrations?|delet\w+|remov\w+|drop\w*|secrets?|volumes?|break\w*|fail\w*|error\w*|fatal|traceback|timeouts?|"
    r"full|refused|unhealthy|exit\w*|restart\w*|locks?|config\w*)\b",
    re.IGNORECASE,
)
_BLOCK = re.compile(r"<([\w-]+)(?: name=\"([^\"]*)\")?>\n(.*?)\n</\1>", re.DOTALL)
_NO_SENTENCES = re.compile(r"diff|files|patch", re.IGNORECASE)
_NOISE = re.compile(r"^(?:[-=`~#*_]{3,}|</?[^>]*>|@@|[+-](?! )|diff --git|index [0-9a-f]{7}|\W*$)")
_BULLET = re.compile(r"^\s*(?:[-*] |\d+\. |[0-9a-f]{7,40} )?")
_CHANGED = re.compile(r"^(?:added|modified|deleted|removed|renamed) (\S+)", re.MULTILINE)
_CHANGES = re.compile(r"^diff --git a/\S+ b/(\S+)\n(?:(?!diff --git ).*\n)*?([+-](?![+-]{2} ).*\S.*)$", re.MULTILINE)
_JSON = re.compile(r"\{.*\}|\[.*\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Material:
    """The parts of a prompt that a truthful answer can be made of; `facts` is never empty."""

    facts: tuple[str, ...]
    risky: tuple[str, ...]
    paths: tuple[str, ...]
    lines: Mapping[str, str]
    """For each file of a diff the first line that changes in it, with its sign."""


def material(prompt: str) -> Material:
    """Read a prompt: named data blocks where there are some, else its lines."""
    blocks = [(name or tag, text) for tag, name, text in _BLOCK.findall(prompt)] or [("", prompt)]
    stated = (fact for name, text in blocks if not _NO_SENTENCES.search(name) for fact in _stated(text))
    facts = tuple(dict.fromkeys(stated)) or ("There is nothing to report",)
    paths = tuple(dict.fromkeys(path for _, text in blocks for path in _CHANGED.findall(text)))
    lines = {path: line for _, text in blocks for path, line in _CHANGES.findall(text)}
    return Material(facts, tuple(fact for fact in facts if RISKY.search(fact)), paths, lines)


def _stated(text: str) -> Iterator[str]:
    data = _parsed(text)
    if data is not None:
        yield from _leaves(data, "")
        return
    for line in text.splitlines():
        shown = _BULLET.sub("", line).strip()
        if " " in shown and not _NOISE.match(line.strip()) and not _CHANGED.match(shown):
            yield shown.rstrip(".")


def _parsed(text: str) -> Any:
    found = _JSON.search(text)
    try:
        return json.loads(found.group(0)) if found else None
    except ValueError:
        return None


def _leaves(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, (dict, list)):
        pairs = value.items() if isinstance(value, dict) else ((name, inner) for inner in value)
        for key, inner in pairs:
            yield from _leaves(inner, str(key))
    elif value not in (None, "", False):
        yield f"{name}: {value}" if name else str(value)
