"""What the crew answers when somebody asks for something: values, never exceptions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. `id` is `U0ANA` for Slack, `terminal:ana` for the terminal; names are for display only."""

    id: str
    team: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where somebody asked; empty for the terminal."""

    channel: str = ""
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A release or a rollback that somebody wants. `key` makes the same request, delivered twice, one order."""

    kind: str
    service: str
    environment: str
    version: str
    person: Person
    origin: Origin
    key: str
    trigger: str = "manual"
    """`manual`, or what set it off: `push`, `tag`, `release`."""
    branch: str = ""
    """Where the version is a commit: the branch it was pushed to."""
    commit: str = ""
    """The same: its sha, and nothing else is released."""
    after_checks: bool = False
    """Wait for the checks of the commit first."""
    break_glass: str | None = None
    """Why it is released before anybody has approved; None where approvers are asked. No freeze stops it."""
    only: str = ""
    """The stage to end with: `analyze`, `test` or `build`; `deploy`: leave tests and build out. Empty: all of it."""

    @property
    def stops_early(self) -> bool:
        """Tell whether nothing of the target is to be touched."""
        return self.only not in {"", "deploy"}


@dataclass(frozen=True, slots=True)
class Wish:
    """A lock that somebody wants. `key` makes the same wish, delivered twice, one lock."""

    service: str
    environment: str
    person: str
    reason: str
    seconds: float | None
    """None: until somebody unlocks."""
    key: str
    channel: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The order stands; `release` is its id."""

    release: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: a stable reason code, how things stand, and the next command to type."""

    code: str
    standing: str
    next_step: str


Answer = Accepted | Refusal
