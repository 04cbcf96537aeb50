"""What can be typed, each command a value; and why a text is none."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Deploy:
    """Release a version."""

    service: str
    version: str
    environment: str
    only: str = ""
    """The stage to end with: `analyze`, `test` or `build`; `deploy`: leave tests and build out. Empty: all of it."""


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """Release a version in an emergency, before anybody has approved."""

    service: str
    version: str
    environment: str
    reason: str = ""
    assumed: bool = field(default=False, compare=False)
    """No environment was named before the free text, so the default one was taken."""


@dataclass(frozen=True, slots=True)
class Review:
    """Review what was released without an approval; the reason is what was found."""

    service: str
    environment: str
    reason: str
    assumed: bool = field(default=False, compare=False)
    """No environment was named before the free text, so the default one was taken."""


@dataclass(frozen=True, slots=True)
class Status:
    """Tell what runs where and what is under way."""

    service: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """List the last releases."""

    service: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    """Count how releases ended."""

    service: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Tell all of it: what runs where, the last releases, and how releases ended."""

    service: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Rollback:
    """Put a former version back; the one before where none is named."""

    service: str
    environment: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop a release at its next safe point."""

    service: str
    environment: str


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Cut off a run that hangs, and have what it moved put back."""

    service: str
    environment: str


@dataclass(frozen=True, slots=True)
class Lock:
    """Let a target take no releases for a while."""

    service: str
    environment: str
    reason: str
    span: str = ""
    """For how long, `2h`; empty: until somebody unlocks."""
    assumed: bool = field(default=False, compare=False)
    """No environment was named before the free text, so the default one was taken."""


@dataclass(frozen=True, slots=True)
class Unlock:
    """Release a locked target."""

    service: str
    environment: str


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Say that one takes care of what locked a target."""

    service: str
    environment: str


@dataclass(frozen=True, slots=True)
class Approve:
    """Let the waiting plan of a target through."""

    service: str
    environment: str
    digest: str = ""
    """How the digest of the plan that was read begins."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Refuse the waiting plan of a target."""

    service: str
    environment: str
    reason: str = ""
    assumed: bool = field(default=False, compare=False)
    """No environment was named before the free text, so the default one was taken."""


@dataclass(frozen=True, slots=True)
class Help:
    """Tell what can be typed."""


Command = (
    Deploy
    | BreakGlass
    | Review
    | Status
    | History
    | Stats
    | Report
    | Rollback
    | Cancel
    | TakeOver
    | Lock
    | Unlock
    | Acknowledge
    | Approve
    | Reject
    | Help
)


@dataclass(frozen=True, slots=True)
class Misread:
    """Why a text is no command; `did_you_mean` is a whole command line that is one, or empty."""

    code: str
    standing: str
    next_step: str
    did_you_mean: str = ""
    verb: str = ""
    """The command that the text begins with, where it is one."""
