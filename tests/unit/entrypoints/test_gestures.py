"""Slack's payloads, read."""

from typing import Any

import pytest

from agents.answers import Origin, Person
from agents.entrypoints.gestures import mention, press, submission


def spoken(text: str, **event: Any) -> dict[str, Any]:
    return {
        "event_id": "Ev1",
        "team_id": "T0HOME",
        "event": {"user": "U0ANA", "channel": "C0REL", "ts": "1.2", "text": text, **event},
    }


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("<@U0SHIPMATE> observer v1.2.3", "observer v1.2.3"),
        ("  <@U0SHIPMATE|shipmate>: status", "status"),
        ("<@U0SHIPMATE> reject observer <http://a.io|a.io> &lt;b&gt; &amp; c", "reject observer a.io <b> & c"),
        ("<@U0SHIPMATE>", ""),
    ],
)
def test_a_mention_is_what_was_typed_behind_it(text: str, typed: str) -> None:
    said = mention(spoken(text))
    assert said.text == typed
    assert said.origin == Origin("C0REL", "1.2")
    assert said.key == "slack/event/Ev1"


def test_a_person_from_a_connected_workspace_keeps_their_own_team() -> None:
    assert mention(spoken("x", team="T0OTHER")).person == Person("U0ANA", "T0OTHER")
    assert mention(spoken("x")).person == Person("U0ANA", "T0HOME")


def pressed(value: str, **user: str) -> dict[str, Any]:
    return {
        "user": {"id": "U0HANA", "team_id": "T0HOME", **user},
        "team": {"id": "T0HOME"},
        "channel": {"id": "C0REL"},
        "container": {"message_ts": "1.2"},
        "actions": [{"action_id": "approve", "value": value, "action_ts": "9.9"}],
        "response_url": "https://hooks.example/1",
    }


def test_a_click_is_a_person_a_release_and_a_plan() -> None:
    found = press(pressed("20260206-120000-abcdef0 " + "a" * 64))
    assert found is not None
    assert (found.release, found.digest) == ("20260206-120000-abcdef0", "a" * 64)
    assert found.person == Person("U0HANA", "T0HOME")
    assert found.key == "slack/click/C0REL/1.2/U0HANA/9.9"


@pytest.mark.parametrize("value", ["", "a b c", "r1 nothex", "r1\n" + "a" * 64, "x" * 99, "../etc/passwd /"])
def test_a_button_that_is_none_of_ours_means_nothing(value: str) -> None:
    assert press(pressed(value)) is None


def sent_off(about: str, typed: str | None = "too late in the day", **user: str) -> dict[str, Any]:
    return {
        "user": {"id": "U0HANA", "team_id": "T0HOME", **user},
        "view": {
            "id": "V1",
            "callback_id": "reject",
            "private_metadata": about,
            "state": {"values": {"reason": {"reason": {"type": "plain_text_input", "value": typed}}}},
        },
    }


ABOUT = f"20260206-120000-abcdef0 {'a' * 64} C0REL 1.2"


@pytest.mark.parametrize(("typed", "reason"), [(None, ""), ("a\n  b", "a b"), ("too late", "too late")])
def test_a_dialog_is_the_click_it_belongs_to_with_a_reason(typed: str | None, reason: str) -> None:
    found = submission(sent_off(ABOUT, typed))
    assert found is not None
    assert (found.action, found.release, found.digest) == ("reject", "20260206-120000-abcdef0", "a" * 64)
    assert (found.person, found.origin) == (Person("U0HANA", "T0HOME"), Origin("C0REL"))
    assert (found.reason, found.key) == (reason, "slack/dialog/V1/U0HANA")


@pytest.mark.parametrize("about", ["", "r1 nothex C0REL 1.2", f"{ABOUT} more", ABOUT.replace("C0REL", "<!here>")])
def test_a_dialog_that_is_none_of_ours_means_nothing(about: str) -> None:
    assert submission(sent_off(about)) is None


def test_p3_whoever_sends_a_dialog_off_from_another_workspace_keeps_their_own_team() -> None:
    found = submission(sent_off(ABOUT, team_id="T0OTHER"))
    assert found is not None
    assert found.person == Person("U0HANA", "T0OTHER")


def test_p3_a_program_that_speaks_is_a_member_of_no_workspace() -> None:
    assert mention(spoken("observer v1.2.3", bot_id="B0OTHER", team="T0HOME")).person == Person("U0ANA", "")
