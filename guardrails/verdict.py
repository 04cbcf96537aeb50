"""What every guardrail answers: findings, each with its remedy, and one level."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How much a finding weighs. A higher level is never lowered by a lower one."""

    NOTE = 0
    WARNING = 1
    BLOCKING = 2


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One objection: which rule, about what, why it matters, and the way out.

    `rule` is a stable reason code such as `volume-kept`; `place` is `file:line` where there is one.
    Never carries a secret's value.
    """

    rule: str
    subject: str
    message: str
    remedy: str
    level: Level = Level.BLOCKING
    place: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The sorted findings of one or several guardrails."""

    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> "Verdict":
        """Collect findings, heaviest first, then by rule and subject; repeats are dropped."""
        return cls(tuple(sorted(set(findings), key=lambda f: (-f.level, f))))

    @property
    def level(self) -> Level:
        """Tell the heaviest finding's level."""
        return max((finding.level for finding in self.findings), default=Level.NOTE)

    @property
    def blocks(self) -> bool:
        """Tell whether a release may not go on."""
        return self.level is Level.BLOCKING

    def __add__(self, other: "Verdict") -> "Verdict":
        return Verdict.of((*self.findings, *other.findings))
