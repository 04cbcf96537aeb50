"""What the model wrote about a release, each claim held against the change it speaks of. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Sentence = Annotated[str, StringConstraints(min_length=1, max_length=600)]
_QUOTED = re.compile(r"`([^`]+)`")
_PATH = re.compile(
    r"(?<![\w:/])(?:[\w.@~+-]+/)+[\w.@~+-]*\w|\b[\w-]+\.(?:py|ya?ml|toml|json|sql|js|ts|tsx|go|sh|md|cfg|ini|lock)\b"
)


class Stated(BaseModel):
    """One claim as the model writes it, with the files it is about."""

    model_config = ConfigDict(extra="forbid")

    text: Sentence
    paths: list[str] = Field(max_length=50)


class Draft(BaseModel):
    """What the model is asked for."""

    model_config = ConfigDict(extra="forbid")

    headline: Sentence
    claims: list[Stated] = Field(max_length=20)
    risks: list[Stated] = Field(max_length=20)


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of the model; `ungrounded` says why it is not backed by the change, empty where it is."""

    text: str
    paths: tuple[str, ...]
    ungrounded: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What the model wrote. Shown last, labelled, and never read by a gate."""

    model: str
    headline: str
    claims: tuple[Claim, ...]
    risks: tuple[Claim, ...]

    @property
    def flagged(self) -> tuple[str, ...]:
        """List the claims without ground in the change, each with the reason."""
        return tuple(f"{c.text} [{c.ungrounded}]" for c in (*self.claims, *self.risks) if c.ungrounded)


def ground(draft: Draft, model: str, paths: Collection[str], shown: str) -> Words:
    """Hold every claim against the changed paths and the text that the model was shown."""
    return Words(
        model=model,
        headline=draft.headline,
        claims=tuple(_grounded(stated, paths, shown) for stated in draft.claims),
        risks=tuple(_grounded(stated, paths, shown) for stated in draft.risks),
    )


def _grounded(stated: Stated, paths: Collection[str], shown: str) -> Claim:
    return Claim(stated.text, tuple(stated.paths), _objection(stated, paths, shown))


def _objection(stated: Stated, paths: Collection[str], shown: str) -> str:
    if not stated.paths:
        return "names no file"
    mentioned = [*stated.paths, *_PATH.findall(stated.text)]
    strange = [path for path in mentioned if not _changed(path, paths)]
    if strange:
        return f"not in this change: {', '.join(dict.fromkeys(strange))}"
    absent = [quoted for quoted in _QUOTED.findall(stated.text) if quoted not in shown]
    return f"does not occur in this change: {', '.join(absent)}" if absent else ""


def _changed(path: str, paths: Collection[str]) -> bool:
    """Tell whether a path, or a shorter way to write it in a sentence, is one of those that changed."""
    return path in paths or any(known.endswith(f"/{path}") or known.startswith(f"{path}/") for known in paths)
