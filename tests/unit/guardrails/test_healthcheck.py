"""A health check that cannot fail is reported as what it is."""

import pytest

from guardrails.healthcheck import health_proved

USELESS = [
    ["CMD", "python", "-c", "import sys; sys.exit(0)"],
    ["CMD", "python3", "-c", "sys.exit()"],
    ["CMD", "/usr/local/bin/python3.11", "-c", "print('ok')"],
    ["CMD-SHELL", 'python -c "import sys; sys.exit(0)"'],
    ["CMD-SHELL", "python -c 'import os, sys; sys.exit(0)'"],
    ["CMD", "true"],
    ["CMD", "/bin/true"],
    ["CMD-SHELL", "true"],
    ["CMD-SHELL", "exit 0"],
    ["CMD-SHELL", "echo healthy"],
    ["CMD-SHELL", "echo healthy && exit 0"],
    ["CMD-SHELL", ":"],
    ["CMD", "sh", "-c", "exit 0"],
    ["CMD", "/bin/sh", "-c", "echo ok; exit 0"],
    ["CMD", "busybox", "true"],
    ["CMD-SHELL", "curl -f http://localhost:8000/health || exit 0"],
    ["CMD-SHELL", "curl -f http://localhost:8000/health || true"],
    ["CMD-SHELL", ""],
    ["CMD"],
    "exit 0",
    ["CMD-SHELL", "curl -f http://localhost:8000/health; exit 0"],
    ["CMD", "node", "-e", "process.exit(0)"],
    ["CMD", "python", "-c", "raise SystemExit(0)"],
]
REAL = [
    ["CMD", "curl", "-f", "http://localhost:8000/health"],
    ["CMD-SHELL", "curl -f http://localhost:8000/health || exit 1"],
    ["CMD", "python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health')"],
    [
        "CMD-SHELL",
        "python -c \"import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2)\"",
    ],
    ["CMD", "python", "health.py"],
    ["CMD", "python", "-m", "app.health"],
    ["CMD", "busybox", "wget", "-q", "-O", "-", "http://127.0.0.1:8000/health"],
    ["CMD-SHELL", "test -f /tmp/ready"],
    ["CMD-SHELL", "echo check && wget -q http://127.0.0.1/health"],
    ["CMD", "pg_isready"],
    ["CMD", "/bin/health"],
    ["CMD-SHELL", "curl -fs http://127.0.0.1/health >/dev/null && exit 0 || exit 1"],
    ["CMD-SHELL", "kill -0 1"],
    ["CMD-SHELL", "an open 'quote"],
    ["CMD", "node", "-e", "fetch('http://127.0.0.1/health').then(r => process.exit(r.ok ? 0 : 1))"],
    ["CMD", "python", "-c", "import sys; sys.exit(1)"],
]


@pytest.mark.parametrize("test", USELESS, ids=str)
def test_a_check_that_cannot_fail_blocks(test: list[str] | str) -> None:
    (finding,) = health_proved("observer", test).findings
    assert finding.rule == "health-useless"
    assert "200" in finding.remedy


@pytest.mark.parametrize("test", REAL, ids=str)
def test_a_check_that_asks_the_program_passes(test: list[str]) -> None:
    assert not health_proved("observer", test).findings


@pytest.mark.parametrize(
    ("test", "rule"), [(None, "health-missing"), ([], "health-missing"), (["NONE"], "health-disabled")]
)
def test_a_missing_or_disabled_check_blocks(test: list[str] | None, rule: str) -> None:
    verdict = health_proved("observer", test)
    assert [finding.rule for finding in verdict.findings] == [rule]
    assert verdict.blocks
