"""What is written after `host`."""

import argparse

SETUP = "setup"


def describe_host(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("what", choices=[SETUP], help="make what a rolling release needs on the hosts")
    parser.add_argument("service")
    parser.add_argument("environment", nargs="?", help="the service's default environment where absent")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")
