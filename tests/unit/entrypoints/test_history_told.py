"""The history tells of each release how much of it was asked for: a dry run is no deploy that was refused."""

import pytest

from agents.entrypoints.replies import history_text
from agents.entrypoints.standing import history_json
from agents.entrypoints.voice import terminal_voice
from tests.unit.entrypoints.material import release
from tools.history.releases import Outcome


@pytest.mark.parametrize(
    ("only", "told"),
    [
        ("analyze", "production, analysis only: refused"),
        ("test", "production, tests only: refused"),
        ("build", "production, without the deploy: refused"),
        ("deploy", "production, deploy only: refused"),
        ("", "production: refused"),
    ],
)
def test_what_was_asked_for_only_in_part_is_told_as_such(only: str, told: str) -> None:
    past = release(origin={"only": only}, outcome=Outcome.REFUSED)
    assert told in history_text([past], terminal_voice())
    assert history_json([past])["releases"][0]["only"] == only
