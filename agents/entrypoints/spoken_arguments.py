"""What the command line takes for everything that can also be said in Slack."""

import argparse

from agents.entrypoints.release_arguments import describe as describe_extents

SPOKEN = {
    "deploy": "SERVICE VERSION [to ENV]: plan, ask, deploy, verify; or a part of it, by an option",
    "break-glass": "SERVICE VERSION [to ENV] REASON: release in an emergency without asking; a review is owed for it",
    "review": "SERVICE [ENV] NOTE: review what was released without an approval",
    "rollback": "SERVICE [to VERSION] [in ENV]: put a former version back",
    "approve": "SERVICE [ENV [DIGEST]]: let the waiting plan through",
    "reject": "SERVICE [ENV] [REASON]: refuse the waiting plan",
    "cancel": "SERVICE [ENV]: stop a release at its next safe point",
    "takeover": "SERVICE [ENV]: cut off a release that hangs, and put back what it moved",
    "lock": "SERVICE [ENV] REASON [for 2h]: take no releases for a while",
    "unlock": "SERVICE [ENV]: let a locked target take releases again",
    "acknowledge": "SERVICE [ENV]: say that you take care of what locked it, and end the reminders",
    "status": "[SERVICE [ENV]]: what runs where, and what is under way",
    "history": "[SERVICE [ENV]]: the last releases",
    "stats": "[SERVICE]: how releases ended",
    "report": "[SERVICE [ENV]]: all three of them",
}
"""What is also understood in Slack, with the same words."""
READ = frozenset({"status", "history", "stats", "report"})
"""What only reads: the answer may be JSON, and no crew is needed."""
FOLLOWED = frozenset({"deploy", "break-glass", "rollback", "approve"})
"""What the terminal follows to its end."""


def describe(command: argparse.ArgumentParser, verb: str) -> None:
    """Take words as Slack does, and the options of a verb."""
    command.add_argument("words", nargs="*", metavar="WORD", help="as after the Slack command")
    if verb in READ:
        command.add_argument("--json", action="store_true", help="print JSON")
    if verb == "deploy":
        describe_extents(command)
    command.set_defaults(verb=verb)
