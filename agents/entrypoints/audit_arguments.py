"""What can be typed behind `shipmate audit`."""

import argparse
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from config.duration import parse_duration

if TYPE_CHECKING:  # the history's database is not needed to read a command line
    from tools.history.chain import Head

VERIFY, ACCEPT = "verify", "accept"
_TOLD = re.compile(r"(\d{1,15}):([0-9a-f]{8,64})", re.ASCII)


def describe(command: argparse.ArgumentParser) -> None:
    """Say what can be typed behind `audit`."""
    command.add_argument("what", nargs="?", metavar="SERVICE | verify | accept", help="whose entries, or what to do")
    command.add_argument("--since", type=since, metavar="WHEN", help="a duration (36h) or a date (2026-11-01)")
    command.add_argument("--limit", type=int, default=200, help="at most so many entries, the newest; 200")
    command.add_argument(
        "--against",
        type=known_head,
        action="append",
        default=[],
        metavar="NUMBER:SEAL",
        help="with verify: an entry as it was told earlier, such as at the end of a release in Slack",
    )
    command.add_argument("--reason", help="with accept: why the head file is behind or ahead")
    command.add_argument("--all", action="store_true", help="also the beginning and end of each command at a terminal")
    command.add_argument("--json", action="store_true", help="print JSON, and every entry")


def since(text: str) -> datetime:
    """Read how far back somebody wants to look; raises ArgumentTypeError with an example."""
    try:
        return datetime.now(UTC) - parse_duration(text)
    except (ValueError, OverflowError):  # the latter where it began before the first year
        pass
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text[:40]}' is neither a duration (36h) nor a date (2026-11-01)") from None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def known_head(text: str) -> "Head":
    """Read an entry's number and the beginning of its seal."""
    from tools.history.chain import Head  # noqa: PLC0415 - see above

    told = _TOLD.fullmatch(text)
    if told is None:
        raise argparse.ArgumentTypeError(f"'{text[:40]}' is not NUMBER:SEAL, such as 312:3f2a9c81d0e45b17")
    return Head(int(told[1]), told[2])


def misuse(wanted: argparse.Namespace) -> str:
    """Object to options that do not go together; empty where they do."""
    if wanted.what == ACCEPT and not (wanted.reason or "").strip():
        return "Accepting the audit takes a reason: ./shipmate audit accept --reason TEXT"
    if wanted.against and wanted.what != VERIFY:
        return "--against goes with verify: ./shipmate audit verify --against NUMBER:SEAL"
    return ""
