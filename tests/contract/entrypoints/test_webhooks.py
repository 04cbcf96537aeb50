"""The door for webhooks, knocked at by an emulated GitHub with GitHub's own payloads."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from agents.entrypoints import webhooks
from agents.entrypoints.webhooks import LARGE_AT_ONCE, LARGE_BYTES, LARGEST_BYTES, Door, open_webhooks
from config.shipmate import WebhookSettings
from tests.contract.histories import history
from tests.corpora.webhooks import PAYLOADS, content, event_of
from tests.emulators.github.webhooks import Delivery, Webhook
from tests.unit.agents.test_triggers import HOME, service
from tools.errors import Denied
from tools.github_events import Pushed
from tools.history import Store

SHA = "a1" * 20


@dataclass
class Street:
    """A door with somebody before it."""

    hook: Webhook
    door: Door
    store: Store
    rung: list[int]


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    rung: list[int] = []
    secret = SecretStr(secrets.token_hex(16))
    async with history(tmp_path) as store:
        door = Door(secret, {"observer": service()}, store.deliveries, lambda: rung.append(1))
        async with open_webhooks(WebhookSettings(port=0), door) as url, Webhook(url, secret) as hook:
            yield Street(hook, door, store, rung)


async def test_a_signed_delivery_is_kept_before_it_is_acknowledged(street: Street) -> None:
    said = await street.hook.pushes(HOME, "main", SHA, by="Ana")
    assert (said.status, said.told) == (202, {"status": "accepted"})
    (kept,) = await street.store.deliveries.open()
    assert kept.event == Pushed(HOME, "main", "Ana")
    assert street.rung


async def test_a_redelivery_is_ignored_even_after_the_work_was_done(street: Street) -> None:
    await street.hook.pushes(HOME, "main", SHA)
    again = await street.hook.again()
    assert (again.status, again.told["reason"]) == (202, "This delivery was taken before.")
    (kept,) = await street.store.deliveries.open()
    await street.store.deliveries.finish(kept.key, "done")
    assert (await street.hook.again()).told["status"] == "ignored"
    assert await street.store.deliveries.open() == ()


async def test_of_the_same_delivery_at_once_one_is_kept(street: Street) -> None:
    delivery = street.hook.delivery("push", HOME, "ana", ref="refs/heads/main")
    said = await asyncio.gather(*(street.hook.sends(delivery) for _ in range(20)))
    assert [answer.status for answer in said] == [202] * 20
    assert sorted(answer.told["status"] for answer in said) == ["accepted"] + ["ignored"] * 19
    assert len(await street.store.deliveries.open()) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": "sha1=" + "0" * 40},
        {"X-Hub-Signature-256": "sha256=" + "ü" * 64},
    ],
)
async def test_a_forged_or_missing_signature_is_turned_away(street: Street, headers: dict[str, str]) -> None:
    delivery = street.hook.delivery("push", HOME, "ana", ref="refs/heads/main")
    said = await street.hook.sends(delivery, **headers)
    assert said.status == 401
    assert "error" in said.told
    assert await street.store.deliveries.open() == ()


async def test_a_body_that_was_changed_on_the_way_is_turned_away(street: Street) -> None:
    delivery = street.hook.delivery("push", HOME, "ana", ref="refs/heads/other")
    signed = street.hook.delivery("push", HOME, "ana", ref="refs/heads/main")
    await street.hook.sends(signed)
    forged = replace(delivery, id=signed.id)
    header = {"X-Hub-Signature-256": "sha256=" + "ab" * 32}
    assert (await street.hook.sends(forged, **header)).status == 401
    another = Webhook(street.hook.url, SecretStr("another"))
    async with another:
        assert (await another.pushes(HOME, "main", SHA)).status == 401


@pytest.mark.parametrize("name", PAYLOADS)
async def test_every_real_payload_is_answered_with_202(street: Street, name: str) -> None:
    said = await street.hook.sends(Delivery("0b989ba4-242f-11e5-81e1-c7b6966d2516", event_of(name), content(name)))
    assert said.status == 202
    assert said.told["status"] == "ignored"
    assert said.told["reason"]
    assert await street.store.deliveries.open() == ()


async def test_an_event_that_nobody_waits_for_is_ignored(street: Street) -> None:
    said = await street.hook.sends(Delivery("d1", "workflow_job", b"{}"))
    assert (said.status, said.told["status"]) == (202, "ignored")


@pytest.mark.parametrize(
    ("delivery", "words"),
    [
        (Delivery("d1", "push", b"{"), "no payload of push"),
        (Delivery("d1", "push", b'{"ref": 1}'), "no payload of push"),
        (Delivery("", "push", content("push")), "X-GitHub-Delivery"),
        (Delivery("d 1", "push", content("push")), "X-GitHub-Delivery"),
        (Delivery("d1", "", content("push")), "X-GitHub-Event"),
        (Delivery("d1", "push; drop", content("push")), "X-GitHub-Event"),
    ],
)
async def test_a_malformed_delivery_is_answered_with_what_is_wrong(
    street: Street, delivery: Delivery, words: str
) -> None:
    said = await street.hook.sends(delivery)
    assert said.status == 400
    assert words in said.told["error"]


async def test_wrong_doors_are_told_apart(street: Street) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(street.hook.url) as said:
            assert (said.status, said.headers["Allow"]) == (405, "POST")
        async with session.post(street.hook.url + "/else", data=b"{}") as said:
            assert said.status == 404
            assert "webhooks.path" in await said.text()


async def test_what_github_never_sends_is_not_read(street: Street) -> None:
    large = Delivery("d1", "push", b"x" * (LARGEST_BYTES + 1))
    assert (await street.hook.sends(large)).status in (413, 0)  # the answer may come while it is still being sent

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(LARGEST_BYTES // 2**20 + 2):
            yield b"x" * 2**20

    async with aiohttp.ClientSession() as session:
        header = {"X-Hub-Signature-256": "sha256=" + "0" * 64}
        try:
            async with session.post(street.hook.url, data=chunks(), headers=header) as said:
                assert said.status == 413
        except aiohttp.ClientError:
            pass
    assert (await street.hook.pushes(HOME, "main", SHA)).status == 202


def _address(street: Street) -> tuple[str, int]:
    host, _, port = street.hook.url.split("/")[2].partition(":")
    return host, int(port)


async def test_of_large_bodies_from_strangers_a_few_are_read_at_once(street: Street) -> None:
    head = f"POST {WebhookSettings().path} HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256={'0' * 64}\r\n"
    calls = [await asyncio.open_connection(*_address(street)) for _ in range(LARGE_AT_ONCE + 1)]
    for _, sent in calls:
        sent.write(f"{head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n".encode())
    async with asyncio.timeout(30):
        first = [asyncio.create_task(answer.readline()) for answer, _ in calls]
        done, waiting = await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    assert [b"503" in task.result() for task in done] == [True]
    assert len(waiting) == LARGE_AT_ONCE
    assert (await street.hook.pushes(HOME, "main", SHA)).status == 202  # small ones find room
    for _, sent in calls:
        sent.close()
    await asyncio.gather(*waiting)
    delivery = street.hook.delivery("push", HOME, "ana", ref="refs/heads/main", commits=["x" * LARGE_BYTES])
    assert (await street.hook.sends(delivery)).told["status"] == "accepted"


async def test_who_does_not_finish_the_headers_is_hung_up_on(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "REQUEST_WITHIN", timedelta(seconds=0.2))
    async with open_webhooks(WebhookSettings(port=0), street.door) as url:
        host, _, port = url.split("/")[2].partition(":")
        answer, sent = await asyncio.open_connection(host, int(port))
        sent.write(b"POST / HTTP/1.1\r\nX-Slow: ")
        async with asyncio.timeout(30):
            assert await answer.read() == b""
        sent.close()


@pytest.mark.parametrize(
    "nonsense", [b"\x16\x03\x01\r\n\r\n", b"POST / HTTP/1.1\r\nX: " + b"a" * 20_000, b"3\r\nabcXX\r\n"]
)
async def test_strangers_do_not_fill_the_log(street: Street, nonsense: bytes, caplog: pytest.LogCaptureFixture) -> None:
    head = f"POST {WebhookSettings().path} HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256={'0' * 64}\r\n"
    started = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() if nonsense.startswith(b"3") else b""
    answer, sent = await asyncio.open_connection(*_address(street))
    sent.write(started + nonsense)
    async with asyncio.timeout(30):
        assert b" 400 " in await answer.readline()
    sent.close()
    assert [record.getMessage() for record in caplog.records] == []


async def test_a_large_delivery_within_the_limit_is_taken(street: Street) -> None:
    delivery = street.hook.delivery("push", HOME, "ana", ref="refs/heads/main", commits=["x" * LARGE_BYTES])
    assert (await street.hook.sends(delivery)).told["status"] == "accepted"


async def test_a_store_that_cannot_write_makes_github_try_again(street: Street) -> None:
    await street.store.engine.dispose()
    await street.store.close()
    async with street.store.engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE github_deliveries")
    assert (await street.hook.pushes(HOME, "main", SHA)).status == 503


async def test_a_taken_address_is_told_with_the_way_out(street: Street) -> None:
    port = int(street.hook.url.rsplit(":", 1)[1].split("/")[0])
    with pytest.raises(Denied, match="Nobody can listen for webhooks"):
        async with open_webhooks(WebhookSettings(port=port), street.door):
            pass


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    event=st.sampled_from(["push", "create", "release", "pull_request", "check_suite", "ping", "star"])
    | st.text("az_-/", max_size=9),
    body=st.binary(max_size=300) | st.sampled_from([content(name) for name in PAYLOADS]),
    content_type=st.sampled_from(["application/json", "application/x-www-form-urlencoded", "text/plain", "x"]),
    cut=st.integers(0, 400),
)
async def test_no_signed_request_can_break_the_door(
    street: Street, event: str, body: bytes, content_type: str, cut: int
) -> None:
    said = await street.hook.sends(Delivery("d1", event, body[cut:]), **{"Content-Type": content_type})
    assert said.status in (202, 400)
    assert said.told
