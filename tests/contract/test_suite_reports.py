"""S4: what a suite writes is read from its own copy of the sources, and only what this run wrote."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.sources import Suite
from tools.suites import run_suite

REPORTS = Path(__file__).parents[1] / "corpora/reports"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    shutil.copytree(REPORTS, tmp_path / "sources")
    return tmp_path / "sources"


def _suite(script: str, **changes: Any) -> Suite:
    return Suite.model_validate({"kind": "security", "command": ["sh", "-c", script], **changes})


async def test_an_audit_that_was_written_now_is_read_with_its_numbers(sources: Path) -> None:
    suite = _suite("cp npm-audit.json now.json; exit 1", npm_audit="now.json")
    result = await run_suite("audit", suite, sources, today=date(2026, 11, 21))
    assert (result.outcome, result.reason) == ("failed", "2 advisories of severity high or worse.")
    assert {figure.name: figure.value for figure in result.figures} == {"critical": 0, "high": 2, "moderate": 1}


@pytest.mark.parametrize("key", ["lighthouse", "npm_audit", "pip_audit"])
async def test_a_report_that_came_with_the_sources_counts_for_nothing(sources: Path, key: str) -> None:
    name = f"{key.replace('_', '-')}.json"
    result = await run_suite("x", _suite("true", **{key: name}), sources)
    assert (result.outcome, result.reason.endswith(f"report at {name}.")) == ("failed", True)
