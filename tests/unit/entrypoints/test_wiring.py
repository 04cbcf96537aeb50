"""What is constructed from the process environment."""

import pytest

from agents.entrypoints.wiring import narrator_of


def test_a_credential_that_cannot_be_masked_is_told_by_name_only(caplog: pytest.LogCaptureFixture) -> None:
    short = "abc" + "123"
    narrator_of({"ANTHROPIC_API_KEY": short, "SHIPMATE_DATABASE_URL": "sqlite:///x.db"})
    (line,) = caplog.messages
    assert "ANTHROPIC_API_KEY is shorter than 8 characters" in line
    assert short not in line
