"""One objection to a written-out secret, with all its facts."""

from dataclasses import dataclass
from typing import Literal

from guardrails.verdict import Finding, Level

Layer = Literal["structure", "pattern", "file"]
"""Which look found it: keys and what they hold, texts of a credential's shape, or the file as a whole."""


@dataclass(frozen=True, slots=True)
class Objection:
    """One objection with all its facts; never the value."""

    path: str
    line: int
    key: str
    kind: str
    layer: Layer
    rule: str
    level: Level
    message: str
    remedy: str
    fingerprint: str

    @property
    def finding(self) -> Finding:
        """The objection as every guardrail tells it."""
        if self.layer == "file":
            return Finding(self.rule, self.key, self.message, self.remedy, self.level, self.path)
        told = f"{self.message} [{self.kind}, {self.layer} layer"
        told += f", fingerprint {self.fingerprint}]" if self.fingerprint else "]"
        return Finding(self.rule, self.key, told, self.remedy, self.level, f"{self.path}:{self.line}")
