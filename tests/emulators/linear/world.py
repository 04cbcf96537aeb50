"""The world behind Linear: teams with workflow states, and their issues."""

from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

STATES = ("Backlog", "Todo", "In Progress", "In Review", "Done", "Canceled")
_numbers = count(1)


def new_id() -> str:
    """Give an id as Linear's look."""
    return str(UUID(int=next(_numbers), version=4))


@dataclass(slots=True)
class Team:
    """A team; its states have ids of their own."""

    key: str
    states: dict[str, str] = field(default_factory=lambda: {name: new_id() for name in STATES})
    """Name -> id."""
    id: str = field(default_factory=new_id)

    def state_of(self, state_id: str) -> str | None:
        """Name a state by its id; None for one of another team."""
        return next((name for name, known in self.states.items() if known == state_id), None)


@dataclass(slots=True)
class Attachment:
    """A link on an issue; its URL is what it is known by."""

    id: str
    title: str
    subtitle: str
    url: str


@dataclass(slots=True)
class Issue:
    """An issue, `BE-577`."""

    identifier: str
    team: Team
    state: str = "In Review"
    title: str = "Something to do"
    attachments: dict[str, Attachment] = field(default_factory=dict)
    """By URL."""
    moves: list[str] = field(default_factory=list)
    """Every state that it was moved to, in order."""
    id: str = field(default_factory=new_id)

    def move(self, state: str) -> None:
        """Put it into a state."""
        self.state = state
        self.moves.append(state)

    def attach(self, url: str, title: str, subtitle: str) -> Attachment:
        """Add a link, or change the one that has the same URL."""
        known = self.attachments.get(url)
        self.attachments[url] = Attachment(known.id if known else new_id(), title, subtitle, url)
        return self.attachments[url]
