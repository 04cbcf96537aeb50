"""What a tool raises when it could not do its job.

Expected outcomes (a failed suite, an unhealthy service, a refused verdict) are
values and never raised. Only three places catch these: an adapter (library
error -> ours), the graph's error handler, and the door.

    ToolError
    |-- Unreachable     the other side did not answer, or the connection broke
    |-- TimedOut        a limit in time ran out
    |-- CommandFailed   a command ended with an exit code other than 0
    |-- Denied          the other side answered and refused: credentials, permissions, policy
    |-- NotFound        the thing asked for does not exist
    |   `-- NotInstalled  a program of the bot's own machine, which no version brings along
    |-- Garbled         an answer came, but not of the agreed form
    `-- Superseded      somebody newer holds the target; this run must not touch it again
"""

from typing import ClassVar


class ToolError(Exception):
    """Tell what happened, how things stand now, and what to do next."""

    code: ClassVar[str] = "tool"
    usual: ClassVar[str] = "Look into the bot's log, then try again."
    """What to do next, where whoever raised it knows nothing better."""

    def __init__(self, happened: str, *, standing: str = "", remedy: str = "") -> None:
        super().__init__(happened)
        self.happened = happened
        self.standing = standing
        self.remedy = remedy

    @property
    def next_step(self) -> str:
        """Tell what to do next, in any case."""
        return self.remedy or self.usual

    def __str__(self) -> str:
        return " ".join(part for part in (self.happened, self.standing, self.remedy) if part)


class Unreachable(ToolError):
    """The other side did not answer, or the connection broke."""

    code = "unreachable"
    usual = "Check that it runs, and the network in between; then try again."


class TimedOut(ToolError):
    """A limit in time ran out before the answer came."""

    code = "timed-out"
    usual = "Try again; where it happens again, look at what is so slow."


class CommandFailed(ToolError):
    """A command ended with an exit code other than 0."""

    code = "command-failed"
    usual = "Correct what its output tells, then try again."


class Denied(ToolError):
    """The other side answered and refused."""

    code = "denied"
    usual = "Ask whoever looks after it for the permission, then try again."


class Unwanted(Denied):
    """One message is refused for good; another one may be taken."""


class NoWayIn(Denied):
    """A server and we do not trust each other, so no command ran there and nothing is quoted from one."""


class NotFound(ToolError):
    """The thing asked for does not exist."""

    code = "not-found"
    usual = "Check the name, then try again."


class NotInstalled(NotFound):
    """A program is missing on the bot's own machine, whatever is released."""

    code = "not-installed"
    usual = "Install it on the bot's machine, then try again; ./shipmate doctor tells what else is missing there."


class Garbled(ToolError):
    """An answer came, but not of the agreed form."""

    code = "garbled"
    usual = "See what answers there: ./shipmate doctor asks everything that the bot talks to."


class Superseded(ToolError):
    """Somebody newer holds the target; this run must not touch it again."""

    code = "superseded"
    usual = "See what is newer: ./shipmate status"
