"""P7: a process that is frozen in mid-deploy past its lease finds its release finished, and writes nothing."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE
from datetime import timedelta
from pathlib import Path

import pytest

from agents.toolbox import Toolbox
from tests.contract.crews import Office, crew_of, reaches
from tests.contract.frozen_process import effect
from tools.fence import STALE
from tools.history import leases
from tools.history.releases import Outcome, Status

LIMIT = 90


async def test_who_was_frozen_and_woken_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = ("-m", "tests.contract.frozen_process", str(tmp_path))
    frozen = await asyncio.create_subprocess_exec(sys.executable, *program, stdin=PIPE, stdout=PIPE)
    assert frozen.stdin is not None
    assert frozen.stdout is not None
    try:
        async with asyncio.timeout(LIMIT):
            assert await frozen.stdout.readline() == b"begun\n"
            frozen.send_signal(signal.SIGSTOP)
            monkeypatch.setattr(leases, "PATIENCE", timedelta(milliseconds=200))
            office = Office()

            async def deploy(tools: Toolbox) -> None:
                await effect(tools, tmp_path, "new")

            office.on_deploy = deploy
            async with crew_of(tmp_path, office, beside=True) as crew:
                (release,) = [one.id for one in await crew.store.releases.recent()]
                assert (await reaches(crew, release, Status.FINISHED)).outcome is Outcome.SUCCEEDED
                before = (await crew.store.journal.of(release), await crew.store.releases.get(release))
                frozen.send_signal(signal.SIGCONT)
                told, _ = await frozen.communicate(b"go on\n")
                assert (await crew.store.journal.of(release), await crew.store.releases.get(release)) == before
                assert "taken-over" in [entry.kind for entry in before[0]]
    finally:
        if frozen.returncode is None:
            frozen.kill()
            await frozen.wait()
    assert json.loads(told) == {"host": STALE, "store": "superseded", "visits": ["plan", "deploy"]}
    assert (tmp_path / "effects").read_text().split() == ["old", "new"]
    assert [node for node, _ in office.visits] == ["deploy", "verify"]
