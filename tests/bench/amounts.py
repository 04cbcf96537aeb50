"""How much may be asked of a benchmark: nothing at all would measure nothing, and pass."""

import argparse
import math


def some(text: str) -> int:
    """Read how often, once or more; anything else is refused by argparse."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of rounds; write 1 or more")
    return number


def some_time(text: str) -> float:
    """Read how many seconds, more than none; anything else is refused by argparse."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' is no time; write a number of seconds above 0")
    return seconds
