"""Text to typed commands: `typed` what there is, `grammar` which words, `slots` which names, `reading` how."""

from agents.entrypoints.commands.catalog import Catalog, Known, spelled
from agents.entrypoints.commands.grammar import VERBS, usages
from agents.entrypoints.commands.reading import parse
from agents.entrypoints.commands.slots import span_of
from agents.entrypoints.commands.typed import (
    Acknowledge,
    Approve,
    BreakGlass,
    Cancel,
    Command,
    Deploy,
    Help,
    History,
    Lock,
    Misread,
    Reject,
    Report,
    Review,
    Rollback,
    Stats,
    Status,
    TakeOver,
    Unlock,
)

__all__ = [
    "VERBS",
    "Acknowledge",
    "Approve",
    "BreakGlass",
    "Cancel",
    "Catalog",
    "Command",
    "Deploy",
    "Help",
    "History",
    "Known",
    "Lock",
    "Misread",
    "Reject",
    "Report",
    "Review",
    "Rollback",
    "Stats",
    "Status",
    "TakeOver",
    "Unlock",
    "parse",
    "span_of",
    "spelled",
    "usages",
]
