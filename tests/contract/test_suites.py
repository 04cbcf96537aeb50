import asyncio
import os
import sys
import time
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from config.sources import Suite
from tests.contract.engine_images import busybox
from tests.stage.stage import Stage
from tools.errors import NotFound
from tools.reports import load
from tools.suites import run_suite

WRITE_GREEN = """printf '<testsuite><testcase name="a"/></testsuite>' > junit.xml"""
SH = ("/bin/busybox", "sh", "-c")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    directory = tmp_path / "sources"
    directory.mkdir()
    (directory / "app.py").write_text("print('hello')\n")
    return directory


@pytest.fixture(scope="session")
def shell(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> str:
    return busybox(stage, tmp_path_factory.mktemp("shell"), "suites-shell:1")


def _suite(script: str, **changes: Any) -> Suite:
    return Suite.model_validate({"kind": "unit", "command": ["sh", "-c", script], "junit": "junit.xml", **changes})


def _contained(script: str, image: str, **changes: Any) -> Suite:
    return _suite(script, command=[*SH, script], image=image, **changes)


def _everything_below(directory: Path) -> list[Path]:
    return sorted(directory.rglob("*"))


async def test_pytest_on_this_machine_is_read_with_its_coverage(sources: Path) -> None:
    (sources / "app.py").write_text("def double(x):\n    return 2 * x\n\n\ndef unused():\n    return 1\n")
    (sources / "test_app.py").write_text("from app import double\n\ndef test_double():\n    assert double(2) == 4\n")
    command = f"{sys.executable} -m pytest -q --cov=app --cov-report=xml --junitxml=junit.xml"
    suite = _suite(command, coverage="coverage.xml", minimum_coverage=75)
    result = await run_suite("unit", suite, sources)
    assert (result.outcome, result.reason, result.tests, result.coverage) == ("passed", "", 1, 75)
    assert "1 passed" in result.log_tail
    assert result.duration > timedelta()


async def test_a_failing_pytest_names_its_failure(sources: Path) -> None:
    (sources / "test_app.py").write_text("def test_a():\n    assert 1 == 2\n\ndef test_b():\n    pass\n")
    result = await run_suite("unit", _suite(f"{sys.executable} -m pytest -q --junitxml=junit.xml"), sources)
    assert (result.outcome, result.reason) == ("failed", "1 of 2 tests failed.")
    assert result.failures[0].startswith("test_app::test_a: ")


async def test_the_sources_stay_as_they_were_and_nothing_is_left_beside_them(sources: Path) -> None:
    await run_suite("unit", _suite(f"{WRITE_GREEN}; rm app.py"), sources)
    assert _everything_below(sources.parent) == [sources, sources / "app.py"]


async def test_a_report_that_came_with_the_sources_counts_for_nothing(sources: Path) -> None:
    (sources / "junit.xml").write_text('<testsuite><testcase name="a"/></testsuite>')
    result = await run_suite("unit", _suite("true"), sources)
    assert (result.outcome, result.reason) == ("failed", "It left no test report at junit.xml.")


async def test_a_report_path_that_leads_out_of_the_sources_destroys_and_reads_nothing(sources: Path) -> None:
    victim = sources.parent / "junit.xml"
    victim.write_text('<testsuite><testcase name="a"/></testsuite>')
    (sources / "up").symlink_to(sources.parent)
    result = await run_suite("unit", _suite("true", junit=str(victim)), sources)
    assert victim.exists()
    assert result.outcome == "failed"


async def test_tested_code_on_this_machine_never_sees_the_bots_credentials(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xo" + "xb-1-canary")
    result = await run_suite("unit", _suite(f"env; {WRITE_GREEN}"), sources)
    assert result.outcome == "passed"
    assert "canary" not in result.log_tail


async def test_a_suite_past_its_time_has_failed(sources: Path) -> None:
    started = time.monotonic()
    result = await run_suite("unit", _suite(f"{WRITE_GREEN}; sleep 60", timeout="300ms"), sources)
    assert (result.outcome, result.reason) == ("failed", "It did not end within 0.3 s.")
    assert time.monotonic() - started < 30


async def test_a_missing_command_has_failed(sources: Path) -> None:
    result = await run_suite("unit", _suite("", command=["no-such-program"]), sources)
    assert result.reason == "It left no test report at junit.xml and ended with exit code 127."


def test_only_a_plain_file_inside_the_sources_is_read(sources: Path) -> None:
    (sources / "reports").mkdir()
    (sources / "reports" / "junit.xml").write_bytes(b"here")
    (sources.parent / "secret").write_bytes(b"not yours")
    (sources / "link").symlink_to(sources.parent / "secret")
    (sources / "up").symlink_to(sources.parent)
    os.mkfifo(sources / "pipe")
    assert load(sources, PurePosixPath("reports/junit.xml")) == b"here"
    for path in ("link", "up/secret", "../secret", str(sources.parent / "secret"), "pipe", "reports", "missing", "a/b"):
        assert load(sources, PurePosixPath(path)) is None


async def test_a_suite_in_its_image_is_read_like_one_on_this_machine(stage: Stage, shell: str, sources: Path) -> None:
    suite = _contained(f"/bin/busybox cat app.py; {WRITE_GREEN}", shell)
    result = await run_suite("unit", suite, sources, engine=stage.bot.env())
    assert (result.outcome, result.reason, result.tests) == ("passed", "", 1)
    assert "print('hello')" in result.log_tail


async def test_tested_code_in_its_image_has_no_network_and_no_credentials(
    stage: Stage, shell: str, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xo" + "xb-1-canary")
    script = f"/bin/busybox env; /bin/busybox ip -o link; {WRITE_GREEN}"
    result = await run_suite("unit", _contained(script, shell), sources, engine=stage.bot.env())
    assert result.outcome == "passed"
    assert "canary" not in result.log_tail
    assert "eth0" not in result.log_tail


async def test_a_container_past_its_time_is_ended_and_its_last_words_kept(
    stage: Stage, shell: str, sources: Path
) -> None:
    suite = _contained(f"{WRITE_GREEN}; echo waiting; /bin/busybox sleep 600", shell, timeout="3s")
    result = await run_suite("unit", suite, sources, key="late", engine=stage.bot.env())
    assert (result.outcome, result.reason) == ("failed", "It did not end within 3 s.")
    assert result.log_tail == "waiting"
    assert "shipmate-late-unit" not in stage.bot.docker("ps", "--all", "--format", "{{.Names}}")


async def test_a_cancelled_suite_leaves_no_container(stage: Stage, shell: str, sources: Path) -> None:
    suite = _contained("/bin/busybox sleep 600", shell)
    running = asyncio.create_task(run_suite("unit", suite, sources, key="cancelled", engine=stage.bot.env()))
    while "shipmate-cancelled-unit" not in stage.bot.docker("ps", "--format", "{{.Names}}"):
        await asyncio.wait([running], timeout=0.1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert "shipmate-cancelled-unit" not in stage.bot.docker("ps", "--all", "--format", "{{.Names}}")


async def test_a_repeated_run_first_ends_what_an_interrupted_one_left(stage: Stage, shell: str, sources: Path) -> None:
    stage.bot.docker("run", "--detach", "--name", "shipmate-r1-unit", shell, "/bin/busybox", "sleep", "600")
    result = await run_suite("unit", _contained(WRITE_GREEN, shell), sources, key="r1", engine=stage.bot.env())
    assert result.outcome == "passed"


async def test_an_image_that_is_not_there_is_no_failed_test(stage: Stage, sources: Path) -> None:
    suite = _contained(WRITE_GREEN, f"{stage.registry.address}/no/such:1")
    with pytest.raises(NotFound):
        await run_suite("unit", suite, sources, engine=stage.bot.env())
