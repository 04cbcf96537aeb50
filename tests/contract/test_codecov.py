"""Codecov's own program against the emulator of its way in."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.emulators.codecov import CodecovEmulator
from tools.codecov import Codecov, Upload

COMMIT = "0123456789" * 4
REPORT = b'<coverage line-rate="0.9"/>'


@pytest.fixture
async def codecov() -> AsyncIterator[CodecovEmulator]:
    async with CodecovEmulator() as emulator:
        yield emulator


@pytest.fixture
def what(tmp_path: Path) -> Upload:
    sources = tmp_path / "sources"
    (sources / "app").mkdir(parents=True)
    (sources / "app" / "main.py").write_text("print(1)\n")
    return Upload("acme/app", COMMIT, "unit", REPORT, sources)


def _account(codecov: CodecovEmulator, limit: timedelta = timedelta(seconds=30)) -> Codecov:
    return Codecov(SecretStr(codecov.token), codecov.url, limit)


async def test_a_report_arrives_whole_with_its_commit_its_flag_and_the_names_of_the_sources(
    codecov: CodecovEmulator, what: Upload
) -> None:
    assert await _account(codecov).upload(what) == ""
    (stored,) = codecov.stored
    assert (stored.slug, stored.commit, stored.flags) == ("acme/app", COMMIT, ("unit",))
    assert list(stored.files.values()) == [REPORT]
    assert "app/main.py" in stored.network
    assert list(what.sources.parent.iterdir()) == [what.sources]


async def test_a_wrong_token_is_told_and_never_shown(codecov: CodecovEmulator, what: Upload) -> None:
    wrong = "wrong" * 7
    told = await Codecov(SecretStr(wrong), codecov.url).upload(what)
    assert told == (
        'Codecov did not take the report: Upload queued for processing failed: {"detail": "Not valid tokenless upload"}'
    )
    assert wrong not in told
    assert not codecov.uploads


async def test_a_codecov_that_fails_or_loses_the_report_is_told(codecov: CodecovEmulator, what: Upload) -> None:
    codecov.faults.fail(403, path="/storage/", body='{"detail": "expired"}')
    assert "expired" in await _account(codecov).upload(what)
    assert not codecov.stored


async def test_a_codecov_that_never_answers_costs_no_more_than_the_limit(
    codecov: CodecovEmulator, what: Upload
) -> None:
    codecov.faults.hang(path="/upload")
    told = await _account(codecov, timedelta(seconds=3)).upload(what)
    assert "did not end within 3 s" in told
    assert codecov.token not in told


async def test_a_codecov_that_is_down_is_told(what: Upload) -> None:
    told = await Codecov(SecretStr("t" * 36), "http://127.0.0.1:9").upload(what)
    assert told.startswith(
        "Codecov did not take the report: Request failed after too many retries. URL: http://127.0.0.1:9/"
    )


async def test_nothing_in_the_repository_is_obeyed_or_run(codecov: CodecovEmulator, what: Upload) -> None:
    (what.sources / "trap.py").write_text(f"open({str(what.sources / 'sprung')!r}, 'w')\n")
    (what.sources / ".coveragerc").write_text("[run]\nplugins = trap\n")
    (what.sources / ".coverage").write_bytes(b"")
    assert await _account(codecov).upload(what) == ""
    assert not (what.sources / "sprung").exists()


async def test_the_program_sees_none_of_the_bots_other_secrets(
    codecov: CodecovEmulator, what: Upload, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    program = tmp_path / "bin" / "codecovcli"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nenv > {seen}\necho "$@" >> {seen}\n')
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program.with_name("python")))
    monkeypatch.setenv("SLACK_BOT_TOKEN", "canary")
    assert await _account(codecov).upload(what) == ""
    environment, _, arguments = seen.read_text().rpartition("\n--disable-telem")
    assert "canary" not in environment
    assert f"CODECOV_TOKEN={codecov.token}" in environment
    assert codecov.token not in arguments
    assert os.environ["SLACK_BOT_TOKEN"] == "canary"
