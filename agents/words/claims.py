"""What the model wrote about a release, each claim held against the change it speaks of. Pure."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from agents.words.excerpt import Excerpt
from agents.words.facts import ReleaseFacts
from agents.words.grounds import Grounds

Sentence = Annotated[str, StringConstraints(min_length=1, max_length=600)]
Copied = Annotated[str, StringConstraints(max_length=600)]


class Stated(BaseModel):
    """One claim as the model writes it, with the files and the lines of the diff that it rests on."""

    model_config = ConfigDict(extra="forbid")

    text: Sentence
    paths: list[str] = Field(max_length=50)
    lines: list[Copied] = Field(max_length=20)


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
class Seen:
    """What the model was shown of the files whose lines could be shown at all."""

    budget_bytes: int
    shown_bytes: int
    whole: int
    deletions_only: tuple[str, ...] = ()
    by_name_only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """What the model wrote. Labelled wherever it is shown, and never read by a gate."""

    model: str
    headline: Claim
    claims: tuple[Claim, ...]
    risks: tuple[Claim, ...]
    seen: Seen | None = None

    @property
    def flagged(self) -> tuple[str, ...]:
        """List the claims without ground in the change, each with the reason."""
        return tuple(f"{c.text} [{c.ungrounded}]" for c in (self.headline, *self.claims, *self.risks) if c.ungrounded)

    @property
    def bullets(self) -> tuple[Claim, ...]:
        """Headline and claims that are backed by the change."""
        return tuple(claim for claim in (self.headline, *self.claims) if not claim.ungrounded)

    @property
    def warnings(self) -> tuple[Claim, ...]:
        """Risks that are backed by the change."""
        return tuple(risk for risk in self.risks if not risk.ungrounded)


def ground(draft: Draft, model: str, facts: ReleaseFacts, shown: Excerpt, budget_bytes: int = 0) -> Words:
    """Hold every claim against the facts and against what the model was shown of the diff."""
    grounds = Grounds.of(facts, shown)
    partly = len(shown.deletions_only)
    return Words(
        model=model,
        headline=Claim(draft.headline, (), grounds.objection(draft.headline, tuple(sorted(facts.paths)))),
        claims=tuple(_grounded(stated, grounds) for stated in draft.claims),
        risks=tuple(_grounded(stated, grounds) for stated in draft.risks),
        seen=Seen(budget_bytes, shown.size_bytes, len(shown.patches) - partly, shown.deletions_only, shown.left_out),
    )


def _grounded(stated: Stated, grounds: Grounds) -> Claim:
    paths = tuple(stated.paths)
    return Claim(stated.text, paths, grounds.objection(stated.text, paths, tuple(stated.lines)))
