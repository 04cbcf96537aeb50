"""The env file of a plan on a real directory: put in place, put back, and what happens where it cannot be."""

from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import SecretStr

from agents.destinations.compose import env
from agents.destinations.compose.survey import Surveyed
from agents.toolbox import Server, Toolbox
from agents.wanted import Wanted
from guardrails.plan import Plan
from guardrails.plan_targets import PlannedEnvFile, Running
from tests.unit.entrypoints.material import plan
from tools.env_files import EnvFile
from tools.errors import NotFound
from tools.fingerprints import Fingerprints
from tools.given_env import GivenEnv
from tools.local import LocalHost

PRINTS = Fingerprints(b"k" * 32)
HOSTS = (Surveyed("here"),)


def _given(text: str) -> GivenEnv:
    return GivenEnv("ENV_FILE", SecretStr(text), PRINTS)


def _tools(directory: Path, text: str) -> tuple[Toolbox, Server]:
    file = EnvFile(LocalHost("here"), PurePosixPath(directory), PurePosixPath(".env"))
    server = cast("Server", SimpleNamespace(name="here", env=file))
    target = SimpleNamespace(env_file=PurePosixPath(".env"))
    tools = SimpleNamespace(
        given_env=_given(text), servers={"here": server}, environment=SimpleNamespace(compose=target)
    )
    return cast("Toolbox", tools), server


def _plan(text: str) -> Plan:
    given = _given(text)
    written = PlannedEnvFile(".env", "ENV_FILE", given.names, str(given.mark))
    return plan(target=replace(plan().compose, env_file=written))


def _before(text: str | None) -> Running:
    mark = None if text is None else PRINTS.of(text.encode())
    return Running("i", "sha256:1", None, "v1", None, "c", mark)


def _recorded(text: str) -> Wanted:
    images: dict[str, Any] = {}
    return Wanted("v1.0.0", "4f1c" * 10, images, _plan(text))


async def test_what_a_person_had_written_comes_back_after_the_bots_own_file(tmp_path: Path) -> None:
    tools, server = _tools(tmp_path, "NEW=1")
    (tmp_path / ".env").write_text("OLD=1\n# by hand\n")
    await env.install(tools, server, _plan("NEW=1"), 1)
    assert (tmp_path / ".env").read_text() == "NEW=1\n"
    await env.put_back(server, _plan("NEW=1"), _before("OLD=1\n# by hand\n"), 1)
    assert (tmp_path / ".env").read_text() == "OLD=1\n# by hand\n"
    await env.put_back(server, _plan("NEW=1"), _before(None), 1)
    assert not (tmp_path / ".env").exists()


async def test_a_plan_that_leaves_the_file_alone_neither_writes_nor_restores(tmp_path: Path) -> None:
    tools, server = _tools(tmp_path, "NEW=1")
    (tmp_path / ".env").write_text("OWN=1\n")
    await env.install(tools, server, plan(), 1)
    await env.put_back(server, plan(), _before(None), 1)
    assert (tmp_path / ".env").read_text() == "OWN=1\n"


async def test_after_a_restart_with_other_values_the_approved_content_still_counts(tmp_path: Path) -> None:
    tools, server = _tools(tmp_path, "A=1")
    await env.install(tools, server, _plan("A=1"), 1)
    (tmp_path / ".env").write_text("somebody=else\n")
    tools, server = _tools(tmp_path, "A=2")
    await env.install(tools, server, _plan("A=1"), 1)
    assert (tmp_path / ".env").read_text() == "A=1\n"
    with pytest.raises(NotFound, match="ENV_FILE is not what it was when the plan was approved"):
        await env.install(tools, server, _plan("A=3"), 1)
    assert (tmp_path / ".env").read_text() == "A=1\n"


async def test_a_content_that_cannot_be_put_back_is_told_and_nothing_is_touched(tmp_path: Path) -> None:
    _, server = _tools(tmp_path, "A=1")
    (tmp_path / ".env").write_text("A=1\n")
    with pytest.raises(NotFound, match="does not keep the former content"):
        await env.put_back(server, _plan("A=1"), _before("gone"), 1)
    assert (tmp_path / ".env").read_text() == "A=1\n"


async def test_the_way_back_takes_the_former_file_along_only_where_the_host_still_keeps_it(tmp_path: Path) -> None:
    tools, server = _tools(tmp_path, "A=1")
    await env.install(tools, server, _plan("A=1"), 1)
    tools, server = _tools(tmp_path, "A=2")
    await env.install(tools, server, _plan("A=2"), 1)
    former, notes = await env.way_back(tools, _recorded("A=1"), HOSTS)
    assert (former, notes) == (_plan("A=1").compose.env_file, ())
    assert await env.way_back(tools, _recorded("A=9"), HOSTS) == (
        None,
        ("the env file of v1.0.0 is not kept on here: the one there stays",),
    )
