"""What can be typed behind `guard`: the guardrails that can be run on their own."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from config.nearest import did_you_mean

GUARDS = {
    "secrets": "look for hardcoded secrets",
    "commit": "judge what is staged, for git's pre-commit hook",
    "volumes": "judge the storage of a compose file",
    "dockerfile": "judge what images are built from",
}


def describe(command: argparse.ArgumentParser, name: str) -> None:
    """Describe the arguments of one guardrail."""
    if name == "secrets":
        command.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        command.add_argument("--service", help="whose `allowed_secrets` count; the directories are checkouts of it")
    if name in {"volumes", "dockerfile"}:
        command.add_argument("service")
    if name == "volumes":
        command.add_argument("--environment")
        command.add_argument("--file", type=Path, help="the compose file; the newest version's where absent")
    if name == "dockerfile":
        command.add_argument("--path", type=Path, default=Path(), help="a checkout of the service; here where absent")
    command.add_argument("--json", action="store_true")


def unknown_guard(arguments: Sequence[str]) -> str:
    """Object to a word that is no guardrail; empty for guardrails, options and other commands."""
    command, word, *_ = (*arguments, "-")
    if command != "guard" or word in GUARDS or word.startswith("-"):
        return ""
    told = f"There is no guardrail '{word}'{did_you_mean(word, GUARDS)}"
    return f"{told}{'' if told.endswith('?') else '.'} `./shipmate guard --help` tells what each is for."
