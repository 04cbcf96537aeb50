"""What can be typed behind `summary`: two commits of a repository, or a pull request of a service."""

import argparse
from pathlib import Path


def describe(command: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    command.add_argument("--repo", type=Path, metavar="PATH")
    command.add_argument("--base", metavar="REF")
    command.add_argument("--head", metavar="REF")
    command.add_argument("--pull", type=int, metavar="NUMBER", help="of the service's repository; nothing is written")
    command.add_argument("--service")
    command.add_argument("--json", action="store_true")


def misuse(wanted: argparse.Namespace) -> str:
    """Object to options of which neither pair is whole; empty where one is."""
    if (wanted.pull and wanted.service) or (wanted.repo and wanted.base and wanted.head):
        return ""
    return "Name --repo, --base and --head, or --pull and --service."
