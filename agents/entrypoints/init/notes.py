"""What an inspection wants people to know: choices it made, and what it could not find out."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from agents.entrypoints.init.found import Choice, Unknown


@dataclass(slots=True)
class Notes:
    """Collects choices and open questions about one component; each says which one it is about."""

    component: str
    choices: list[Choice] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)

    def choose(self, about: str, chosen: str, why: str, otherwise: str) -> None:
        """Record a choice that the sources left open."""
        self.choices.append(Choice(f"{self.component}: {about}", chosen, why, otherwise))

    def ask(self, about: str, why: str, flag: str) -> None:
        """Record something that only a person can say."""
        self.unknown.append(Unknown(f"{self.component}: {about}", why, flag))


def listed(places: Iterable[tuple[object, str]]) -> str:
    """Write what was found where: `8000 (app/main.py:3), 9000 (run.py:7)`."""
    return ", ".join(f"{value} ({place})" for value, place in places)
