"""Pictures in the thread: each once, drawn from the journal, and in nobody's way."""

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from agents.events import Checked, Look, Watched
from tests.contract.entrypoints.house import House, living_in
from tests.contract.test_slack_emulator import web_client
from tests.emulators.slack import Message, SlackEmulator
from tests.unit.entrypoints.material import BUILT

LOOKS = (Look(0, 15, 200, 0, 12, 30), Look(5, 16, 200, 1, 20, 31))
WATCHED = Watched(2, 14.0, 16.0, (), component="observer", host="alpha", limit_ms=50.0, looks=LOOKS)
REFUSAL = '{"ok": false, "error": "missing_scope", "needed": "files:write"}'


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with SlackEmulator() as emulator, living_in(emulator, tmp_path / "shipmate.db") as living:
        yield living


async def watched(house: House, *events: Watched) -> None:
    """Let a release be watched to its end."""
    await house.asks()
    release = await house.release()
    await house.crew.report(release.id, *(events or (WATCHED,)), Checked(()), BUILT)
    await house.shown()


def pictures(house: House) -> list[Message]:
    return [message for message in house.emulator.thread(house.cards()[0].ts) if message.files]


async def test_a_watch_hangs_in_the_thread_as_a_picture_with_words(house: House) -> None:
    await watched(house)
    (message,) = pictures(house)
    (file,) = message.files
    assert Image.open(io.BytesIO(file.content or b"")).size == (800, 300)
    assert file.title == "observer on alpha: 2 looks in 5 s"
    assert "Latency from 15 to 16 ms, 14 ms before, limit 50 ms." in file.alt
    assert f"(image: {file.alt})" in house.emulator.transcript()


async def test_nothing_is_drawn_before_all_was_watched(house: House) -> None:
    await house.asks()
    release = await house.release()
    await house.crew.report(release.id, WATCHED)
    await house.shown()
    assert not pictures(house)


async def test_after_a_restart_what_was_missed_is_drawn_from_the_journal_and_nothing_twice(tmp_path: Path) -> None:
    async with SlackEmulator() as emulator:
        async with living_in(emulator, tmp_path / "shipmate.db") as first:
            await first.asks()
            await first.shown()
            await emulator.down()
            release = await first.release()
            await first.crew.report(release.id, WATCHED, Checked(()))
        await emulator.up()
        for _ in range(2):
            async with living_in(emulator, tmp_path / "shipmate.db") as later:
                await later.shown()
                assert len(pictures(later)) == 1


@pytest.mark.parametrize("path", ["files.completeUploadExternal", "files.getUploadURLExternal", "upload/v1"])
async def test_an_answer_that_got_lost_hangs_nothing_twice(house: House, path: str) -> None:
    house.emulator.faults.lose_answers(path=path, times=1)
    await watched(house)
    assert len(pictures(house)) == 1


async def test_an_app_without_the_scope_shows_everything_but_pictures_and_asks_once(house: House) -> None:
    house.emulator.faults.fail(200, path="files.", times=99, body=REFUSAL)
    await watched(house, WATCHED, replace(WATCHED, host="beta"))
    assert not pictures(house)
    assert "Watched observer on alpha, 2 samples" in house.thread(house.cards()[0])
    left = house.emulator.faults.take("files.getUploadURLExternal")
    assert left is not None
    assert left.times == 97


async def test_a_place_for_uploads_that_never_answers_well_holds_nothing_up(house: House) -> None:
    house.emulator.faults.fail(500, path="upload/v1", times=99)
    await watched(house)
    assert not pictures(house)
    assert "Image" in house.thread(house.cards()[0])


async def test_the_sdk_s_own_upload_is_taken_as_slack_takes_it(house: House) -> None:
    async with web_client(house.emulator) as client:
        posted = await client.chat_postMessage(channel="C0REL", text="A thread")
        await client.files_upload_v2(
            content=b"picture", filename="a.png", title="A", alt_txt="words", channel="C0REL", thread_ts=posted["ts"]
        )
    (message,) = house.emulator.thread(posted["ts"])
    assert [(file.name, file.title, file.alt, file.content) for file in message.files] == [
        ("a.png", "A", "words", b"picture")
    ]
