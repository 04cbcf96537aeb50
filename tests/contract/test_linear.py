"""Linear through the real client, against Linear's own schema."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import SecretStr

from tests.emulators.linear import Issue, LinearEmulator, Team
from tools.errors import Denied, Garbled, NotFound, TimedOut, Unreachable
from tools.linear import Busy, Linear

NAME = "BE-577"


@pytest.fixture
async def emulator() -> AsyncIterator[LinearEmulator]:
    async with LinearEmulator(Issue(NAME, Team("BE"))) as running:
        yield running


@pytest.fixture
def linear(emulator: LinearEmulator) -> Linear:
    return Linear(SecretStr(emulator.key), emulator.url, timedelta(seconds=5))


async def test_an_issue_is_found_with_the_states_of_its_team(linear: Linear) -> None:
    issue = await linear.issue(NAME)
    assert issue is not None
    assert (issue.identifier, issue.state, issue.team) == (NAME, "In Review", "BE")
    assert "Done" in issue.states
    assert await linear.issue("BE-1") is None


async def test_an_issue_is_moved_once(linear: Linear, emulator: LinearEmulator) -> None:
    for moved in (True, False):
        issue = await linear.issue(NAME)
        assert issue is not None
        assert await linear.move(issue, "done") is moved
    assert emulator[NAME].moves == ["Done"]


async def test_a_state_that_the_team_does_not_have_is_told_with_those_there_are(linear: Linear) -> None:
    issue = await linear.issue(NAME)
    assert issue is not None
    with pytest.raises(NotFound, match="no state Released") as error:
        await linear.move(issue, "Released")
    assert "Backlog, Todo, In Progress" in error.value.remedy


async def test_the_same_link_is_there_once_and_says_the_newest(linear: Linear, emulator: LinearEmulator) -> None:
    issue = await linear.issue(NAME)
    assert issue is not None
    for told in ("asked", "runs"):
        await linear.link(issue, "https://github.com/acme/astrago/commit/1a2b", "astrago", told)
    assert [(link.title, link.subtitle) for link in emulator[NAME].attachments.values()] == [("astrago", "runs")]


async def test_what_goes_wrong_is_told_apart(linear: Linear, emulator: LinearEmulator) -> None:
    stranger = Linear(SecretStr("wrong"), emulator.url)
    with pytest.raises(Denied, match="does not accept the key") as error:
        await stranger.issue(NAME)
    assert "LINEAR_API_KEY" in error.value.remedy
    emulator.faults.fail(400, body='{"errors": [{"message": "x", "extensions": {"code": "RATELIMITED"}}]}')
    with pytest.raises(Busy) as busy:
        await linear.issue(NAME)
    assert busy.value.seconds > 0
    emulator.faults.fail(502, body="<html>")
    with pytest.raises(Unreachable, match="502"):
        await linear.issue(NAME)
    for body in ("[]", "{}", '{"data": {"issue": 5}}'):
        emulator.faults.fail(200, body=body)
        with pytest.raises(Garbled):
            await linear.issue(NAME)
    emulator.faults.show_a_web_page()
    with pytest.raises(Garbled):
        await linear.issue(NAME)
    emulator.faults.hang()
    with pytest.raises(TimedOut):
        await Linear(SecretStr(emulator.key), emulator.url, timedelta(seconds=0.1)).issue(NAME)
    await emulator.down()
    with pytest.raises(Unreachable):
        await linear.issue(NAME)
