"""How far back somebody wants to look is read as a duration or a day, or objected to."""

import argparse
from datetime import UTC, datetime, timedelta

import pytest

from agents.entrypoints.audit_arguments import since


def test_a_look_back_may_be_told_in_days() -> None:
    assert timedelta(days=2) < datetime.now(UTC) - since("3d") < timedelta(days=4)


@pytest.mark.parametrize("word", ["999999d", "99999999999d", "yesterday"])
def test_what_is_no_time_to_look_back_to_is_objected_to(word: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is neither a duration"):
        since(word)
