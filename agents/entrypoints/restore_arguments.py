"""What can be typed behind `restore`."""

import argparse


def describe(command: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    command.add_argument("service")
    command.add_argument("environment", nargs="?", help="the service's default environment where absent")
    command.add_argument("backup", nargs="?", help="its name; without one they are listed")
    command.add_argument("--host", help="only there; everywhere where absent")
