"""P17: whatever comes through Slack's socket, the bot stays, answers the next person, and does nothing unasked."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest

from tests.contract.entrypoints.house import RELEASES, House, living_in
from tests.corpora.injection import cases
from tests.emulators.slack import Person, SlackEmulator

PEOPLE = (Person("U0ANA", "ana"), Person("U0HANA", "hana"), Person("U0MAX", "max"))
ROUNDS = 150
UNREADABLE = 500
"""Slack's own library cannot read it, and logs that."""
ANSWERS = (200, 404, UNREADABLE)
ODD: tuple[Any, ...] = (
    *(
        None,
        "",
        0,
        -1,
        1e308,
        True,
        [],
        {},
        [[]],
        {"a": {}},
        "x" * 5000,
        "\0",
        "\u202e",
        "<!channel>",
        "U0HANA",
        "C0REL",
    ),
    *("approve", "20260206-120000-abcdef0 0123456789abcdef", "deploy observer v9.9.9", "../../etc", "1.1"),
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with SlackEmulator(people=PEOPLE) as slack, living_in(slack, tmp_path / "shipmate.db") as house:
        yield house


def gestures(team: str) -> tuple[dict[str, Any], ...]:
    """Build one payload of every kind that Slack sends, as its documentation shows them."""
    user = {"id": "U0ANA", "team_id": team}
    common = {"team_id": team, "token": "x", "api_app_id": "A0", "trigger_id": "1.2.3", "response_url": ""}
    click = {
        "action_id": "approve",
        "block_id": "b",
        "type": "button",
        "value": "r1 0123456789abcdef",
        "action_ts": "1",
    }
    message = {"type": "app_mention", "user": "U0ANA", "channel": RELEASES, "ts": "1.1", "text": "<@U0SHIPMATE> status"}
    return (
        common | {"command": "/deploy", "text": "status", "user_id": "U0ANA", "channel_id": RELEASES},
        common | {"type": "event_callback", "event_id": "Ev1", "event": message},
        common
        | {"type": "block_actions", "user": user, "channel": {"id": RELEASES}, "container": {}, "actions": [click]},
        common | {"type": "view_submission", "user": user, "view": {"type": "modal", "callback_id": "x", "state": {}}},
        common | {"type": "view_closed", "user": user, "view": {"type": "modal", "callback_id": "x"}},
        common | {"type": "shortcut", "user": user, "callback_id": "x"},
        common | {"type": "message_action", "user": user, "callback_id": "x", "message": {}, "channel": {}},
        common | {"type": "event_callback", "event_id": "Ev2", "event": message | {"type": "message", "subtype": "x"}},
    )


def bent(value: Any, chance: random.Random) -> Any:
    """Replace, drop or repeat something somewhere in a payload."""
    if isinstance(value, dict) and value:
        name = chance.choice(sorted(value))
        match chance.randrange(4):
            case 0:
                return {key: inner for key, inner in value.items() if key != name}
            case 1:
                return value | {name: chance.choice(ODD)}
            case _:
                return value | {name: bent(value[name], chance)}
    if isinstance(value, list) and value:
        return chance.choice(([], value * 3, [bent(value[0], chance)], [chance.choice(ODD)]))
    return chance.choice(ODD)


async def sent(house: House, payload: dict[str, Any]) -> int:
    """Hand a payload to Slack's own library, as its socket does."""
    assert house.slack.handler is not None
    try:
        request = AsyncBoltRequest(body=payload, mode="socket_mode")
    except (AttributeError, TypeError):
        return UNREADABLE
    answer = await house.slack.handler.app.async_dispatch(request)
    return int(answer.status)


async def test_spoilt_gestures_leave_the_bot_as_it_was(house: House) -> None:
    chance = random.Random(17)  # noqa: S311 - the same payloads every time
    payloads = gestures(house.slack.team)
    for number in range(ROUNDS):
        payload = json.loads(json.dumps(chance.choice(payloads)))
        for _ in range(chance.choice((1, 1, 2, 4))):
            payload = bent(payload, chance)
        payload |= {"trigger_id": f"t{number}"} if "trigger_id" in payload else {}
        assert await sent(house, payload) in ANSWERS
    await _quiet(house)
    assert not await house.store.releases.recent(limit=5)
    assert "observer in production" in await house.asks("/deploy status observer production", "U0HANA")


async def test_hostile_words_in_a_gesture_order_nothing_and_call_nobody(house: House) -> None:
    command, mention, *_ = gestures(house.slack.team)
    for number, case in enumerate(cases()):
        text = case.text.removeprefix("/deploy").strip()
        event = mention["event"] | {"text": f"<@U0SHIPMATE> {text}", "ts": f"9.{number}"}
        assert await sent(house, command | {"text": text, "trigger_id": f"c{number}"}) == 200
        assert await sent(house, mention | {"event": event, "event_id": f"Ev9{number}"}) == 200
    await _quiet(house)
    assert not await house.store.releases.recent(limit=5)
    answers = house.emulator.ephemerals("U0ANA")
    assert len(answers) >= len(cases())
    for said in answers:
        assert "<!channel>" not in said.text
        assert "<@U0HANA>" not in said.text
    assert house.cards() == []


async def _quiet(house: House) -> None:
    """Wait until everything that was handed over has been answered."""
    while handed_over := set(house.slack._tasks):  # noqa: SLF001 - nothing tells it from outside
        await asyncio.wait(handed_over, timeout=60)
