"""P15 A health check that cannot fail is reported as what it is."""

import pytest

from guardrails.healthcheck import health_proved
from guardrails.verdict import Level

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
    ["CMD", "sh", "-ec", "exit 0"],
    ["CMD", "bash", "-lc", "true"],
    ["CMD", "sh", "-c", "--", "exit 0"],
    ["CMD", "python", "-Sc", "pass"],
    ["CMD", "python3", "-c", ""],
    ["CMD", "python", "-c", "import sys; sys.exit(0); import urllib.request as u; u.urlopen('http://x')"],
    ["CMD", "python", "-c", "import urllib.request as u\ntry:\n  u.urlopen('http://x')\nexcept Exception:\n  pass"],
    ["CMD", "python", "-c", "import urllib.request as u\ntry: u.urlopen('http://x')\nexcept: print('down')"],
    ["CMD", "python", "-c", "from contextlib import suppress\nwith suppress(Exception): open('/x')"],
    ["CMD", "python", "-c", "assert True"],
    ["CMD", "python", "-c", "if 1: exit()"],
    ["CMD", "python", "-c", "raise SystemExit"],
    ["CMD", "python", "-c", "ok = 1"],
    ["CMD", "node", "--eval", "console.log('ok')"],
    ["CMD", "curl", "--version"],
    ["CMD", "python", "-V"],
    ["CMD", "node", "-v"],
    ["CMD-SHELL", "exec true"],
    ["CMD-SHELL", "timeout 5 true"],
    ["CMD", "timeout", "-k", "5", "true"],
    ["CMD", "env", "A=1", "true"],
    ["CMD", "ls", "-la"],
    ["CMD", "hostname"],
    ["CMD-SHELL", "test 1 = 1"],
    ["CMD-SHELL", "[ -n ok ]"],
    ["CMD", "test", "1", "-eq", "1"],
    ["CMD-SHELL", "(exit 0)"],
    ["CMD-SHELL", "{ curl -f http://x || true; }"],
    ["CMD-SHELL", "curl -f http://x &"],
    ["CMD-SHELL", "curl -f http://x | cat"],
    ["CMD-SHELL", "curl -sf http://x | tee /tmp/health"],
    ["CMD-SHELL", "if curl -f http://x; then exit 0; else exit 0; fi"],
    ["CMD-SHELL", "true; exit"],
    ["CMD-SHELL", "curl -f http://x || :"],
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
    ["CMD-SHELL", "curl -f http://x || exit 1; exit 0"],
    ["CMD-SHELL", "curl -f http://x; exit"],
    ["CMD-SHELL", "curl -f http://x; exit $?"],
    ["CMD-SHELL", "if curl -f http://x; then exit 0; else exit 1; fi"],
    ["CMD-SHELL", "if ! curl -f http://x; then exit 1; fi"],
    ["CMD-SHELL", "set -e; curl -f http://x; echo fine"],
    ["CMD-SHELL", "curl -s http://x | grep -q ok"],
    ["CMD-SHELL", "timeout 5 curl -f http://x"],
    ["CMD-SHELL", "exec curl --fail http://x"],
    ["CMD-SHELL", "curl -fsS -o /dev/null http://x"],
    ["CMD-SHELL", "test \"$(curl -s -o /dev/null -w '%{http_code}' http://x)\" = 200"],
    ["CMD-SHELL", "[ -f /tmp/ready ]"],
    ["CMD", "ls", "/tmp/ready"],
    ["CMD", "python", "-c", "import urllib.request as u\ntry: u.urlopen('http://x')\nexcept Exception: raise"],
    ["CMD", "python", "-c", "import sys\ntry: open('/x')\nexcept Exception: sys.exit(1)"],
    ["CMD", "python", "-c", "import sys\ntry: sys.exit(1)\nexcept Exception: pass"],
    ["CMD", "python", "-c", "try: open('/x')\nexcept KeyError: pass"],
    ["CMD", "python", "-c", "not python ("],
    ["CMD", "bash", "-ec", "curl -f http://x; true"],
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
    ("test", "lax"),
    [
        (["CMD", "curl", "http://localhost/health"], True),
        (["CMD-SHELL", "curl -s http://localhost/health || exit 1"], True),
        (["CMD-SHELL", "curl -sS http://localhost/health | grep -q ok"], False),
        (["CMD-SHELL", "curl -sSf http://localhost/health"], False),
        (["CMD", "wget", "-q", "-O", "-", "http://localhost/health"], False),
    ],
)
def test_a_check_that_is_content_with_any_answer_is_warned_of(test: list[str], lax: bool) -> None:
    verdict = health_proved("observer", test)
    assert [(f.rule, f.level) for f in verdict.findings] == [("health-lax", Level.WARNING)] * lax


@pytest.mark.parametrize(
    ("test", "rule"), [(None, "health-missing"), ([], "health-missing"), (["NONE"], "health-disabled")]
)
def test_a_missing_or_disabled_check_blocks(test: list[str] | None, rule: str) -> None:
    verdict = health_proved("observer", test)
    assert [finding.rule for finding in verdict.findings] == [rule]
    assert verdict.blocks
