"""What the command line takes behind `deploy` beside words: how much of a release is wanted."""

import argparse
from collections.abc import Sequence

EXTENTS = {
    "--dry-run": "analyse only: what changes, what it needs, what objects",
    "--tests-only": "stop after the tests",
    "--skip-deploy": "stop after the build",
    "--deploy-only": "deploy what an earlier run of the same commit has tested and built",
}
"""How much of a release is wanted; the first three touch no host and count neither as success nor as failure."""


def describe(deploy: argparse.ArgumentParser) -> None:
    """Take the options of a release, of which one may be given; it goes on as a word, as Slack brings it."""
    group = deploy.add_mutually_exclusive_group()
    for option, text in EXTENTS.items():
        group.add_argument(option, dest="extent", action="store_const", const=option, help=text)


def options_last(arguments: Sequence[str]) -> list[str]:
    """Let the options of a release stand anywhere among its words, as they may in Slack."""
    options = [word for word in arguments if word in EXTENTS] if arguments[0] == "deploy" else []
    return [*(word for word in arguments if word not in options), *options]
