"""`./shipmate demo`: a day of releases on this machine. Exit code 0 only if every scene ended as it should."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Play, clear everything away, and return the exit code."""
    wanted = _parser().parse_args(arguments)
    try:
        # here, so that Ctrl-C is understood from the first moment: it all takes two seconds to load
        from tests.demo.evening import Wishes, evening  # noqa: PLC0415

        return evening(Wishes(wanted.json, scenes=not wanted.no_scenes, keep=wanted.keep))
    except KeyboardInterrupt:
        sys.stdout.write("\nStopped, and cleared away.\n")
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./shipmate demo", description="Play a day of releases on this machine.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write down what was expected, seen and said")
    parser.add_argument("--keep", action="store_true", help="stay afterwards: type /deploy lines and press buttons")
    parser.add_argument("--no-scenes", action="store_true", help="play nothing; for --keep")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
