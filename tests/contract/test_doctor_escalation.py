"""The doctor tells whether people can be called: the mail server, the webhook, and what waits for them."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from pydantic import SecretStr

from agents.entrypoints.checkup.check import State
from agents.entrypoints.checkup.escalation import HOOK, MAIL, escalation_checks
from agents.entrypoints.wiring import opened_store
from config.shipmate import Configuration, Credentials, Shipmate
from tests.contract.tools.test_mail import Desk, certificate, serving

__all__ = ["certificate"]
LIMIT = timedelta(seconds=10)


def configuration(directory: Path, escalation: Mapping[str, Any], **credentials: Any) -> Configuration:
    database = f"sqlite:///{directory}/shipmate.db"
    written = {"services": directory, "workspace": directory, "database": database, "escalation": escalation}
    return Configuration(
        path=directory / "shipmate.yaml",
        shipmate=Shipmate.model_validate(written),
        services={},
        credentials=Credentials(**credentials),
    )


async def found(whole: Configuration) -> dict[str, tuple[State, str]]:
    checks = await escalation_checks(whole, LIMIT)
    return {check.name: (check.state, f"{check.detail} {check.remedy}") for check in checks}


async def test_nothing_is_set_up_and_nothing_is_missing(tmp_path: Path) -> None:
    told = await found(configuration(tmp_path, {}))
    assert {name: state for name, (state, _) in told.items()} == {MAIL: State.OPTIONAL, HOOK: State.OPTIONAL}


async def test_a_mail_server_is_asked_and_gets_no_letter(tmp_path: Path, certificate: Path) -> None:
    desk = Desk()
    async with serving(desk, certificate) as settings:
        mail = {"email": settings.model_dump(mode="json")}
        right = {"smtp_username": desk.username, "smtp_password": SecretStr(desk.password)}
        good = await found(configuration(tmp_path, mail, **right))
        wrong = await found(configuration(tmp_path, mail, **right | {"smtp_password": SecretStr(token_hex(9))}))
        nobody = await found(configuration(tmp_path, {"email": mail["email"] | {"recipients": []}}, **right))
    away = await found(configuration(tmp_path, mail, **right))
    assert (good[MAIL][0], wrong[MAIL][0], nobody[MAIL][0], away[MAIL][0]) == (
        State.OK,
        State.MISSING,
        State.MISSING,
        State.UNKNOWN,
    )
    assert "login accepted" in good[MAIL][1]
    assert "SHIPMATE_SMTP_PASSWORD" in wrong[MAIL][1]
    assert (desk.asked, desk.taken) == ([], [])


@pytest.mark.parametrize(
    ("url", "signed", "state", "told"),
    [
        ("https://hooks.example.com/x", True, State.OK, "hooks.example.com, signed"),
        ("https://hooks.example.com/x", False, State.MISSING, "SHIPMATE_ESCALATION_SECRET is not set"),
        ("http://hooks.example.com/x", True, State.MISSING, "https://"),
        ("http://127.0.0.1:8080/x", True, State.OK, "127.0.0.1"),
    ],
)
async def test_a_webhook_needs_a_secret_and_a_safe_way(
    tmp_path: Path, url: str, signed: bool, state: State, told: str
) -> None:
    credentials = {"escalation_secret": SecretStr(token_hex(8))} if signed else {}
    checked = (await found(configuration(tmp_path, {"webhook": {"url": url}}, **credentials)))[HOOK]
    assert checked[0] is state
    assert told in checked[1]


async def test_what_has_not_arrived_is_told_with_its_reason(tmp_path: Path) -> None:
    whole = configuration(tmp_path, {})
    (tmp_path / "shipmate.db").touch()
    async with opened_store(whole) as store:
        await store.outbox.put("r1/escalated", "email", "a@example.com", {})
        await store.outbox.put("r1/resolved", "email", "a@example.com", {})
        assert f"{MAIL}: outbox" not in await found(whole)
        await store.outbox.missed("r1/escalated", (await store.outbox.open("email"))[0].at, "550 no such user")
    state, told = (await found(whole))[f"{MAIL}: outbox"]
    assert state is State.UNKNOWN
    assert "2 messages not delivered since" in told
    assert "550 no such user" in told


async def test_what_was_given_up_is_told_with_its_reason(tmp_path: Path) -> None:
    whole = configuration(tmp_path, {})
    (tmp_path / "shipmate.db").touch()
    async with opened_store(whole) as store:
        await store.outbox.put("r1/escalated", "webhook", "webhook", {"thread": "r1"})
        await store.outbox.done("r1/escalated")
        assert f"{HOOK}: outbox" not in await found(whole)
        await store.outbox.put("r2/escalated", "webhook", "webhook", {"thread": "r2"})
        await store.outbox.give_up("r2/escalated", "hooks.example.com answered 413.")
    state, told = (await found(whole))[f"{HOOK}: outbox"]
    assert state is State.UNKNOWN
    assert "1 message not sent in the last two days, the newest about r2: given up: hooks.example.com answered" in told
