"""P13 for hosts, in whole releases: after each cut the version before answers, and the card says why."""

import asyncio
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.faults.ordeal import Ordeal
from tests.stage.commands import execute
from tests.stage.ports import free_port

COMPOSE = "docker-compose.server.yml"


async def test_a_port_that_a_stranger_has_taken_brings_back_what_ran_before(fire: Ordeal) -> None:
    before, port = fire.site.running(), free_port()
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        await fire.asks(publishing_too(fire, port))
        await fire.approves()
        assert await fire.ended() == "rolled-back"
    await fire.leaves_nothing_undone(before)
    assert "programming external connectivity" in fire.story()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
async def test_a_host_whose_disk_is_full_goes_on_with_what_it_runs(fire: Ordeal) -> None:
    before, container = fire.site.running(), containers(fire)
    await fire.asks("v1.2.8")
    await fire.chat.card(shows="[Approve]")
    with _no_room(fire.site.server_directory):
        await fire.approves()
        assert await fire.ended() == "rolled-back"
    assert containers(fire) == container
    await fire.leaves_nothing_undone(before)
    assert "No space left on device" in fire.story()
    assert "It was never stopped" in fire.story()


async def test_an_engine_that_restarts_in_mid_deploy_gets_back_what_ran_before(fire: Ordeal) -> None:
    engine, before = fire.site.stage.server, fire.site.running()
    await fire.asks("v1.2.8")
    await fire.approves()
    await fire.until(lambda: fire.server.of("create") == ["v1.2.8"])
    await asyncio.to_thread(engine.stop, keep_data=True)
    await asyncio.to_thread(engine.launch)
    await asyncio.to_thread(engine.wait)
    assert await fire.ended() == "rolled-back"
    await fire.leaves_nothing_undone(before)
    assert "failed and was rolled back" in fire.story()


def containers(fire: Ordeal) -> str:
    """Name the containers that run on the server."""
    project = "label=com.docker.compose.project=observer"
    return fire.site.stage.server.docker("ps", "--quiet", "--no-trunc", "--filter", project)


def publishing_too(fire: Ordeal, port: int) -> str:
    """Tag a version whose compose file publishes one more port."""
    version, like, where = "v1.2.11", "v1.2.8", fire.site.directory / "publishing"
    git = ("git", f"--git-dir={fire.site.bare}", f"--work-tree={where}")
    where.mkdir()
    env = {**os.environ, "GIT_INDEX_FILE": str(where.with_suffix(".index"))}
    execute((*git, "checkout", "--quiet", "--force", like, "--", "."), env=env)
    text = (where / COMPOSE).read_text()
    (where / COMPOSE).write_text(text.replace("    ports:\n", f'    ports:\n      - "127.0.0.1:{port}:9"\n'))
    execute((*git, "add", COMPOSE), env=env)
    tree = execute((*git, "write-tree"), env=env).strip()
    who = ("-c", "user.name=ana", "-c", "user.email=ana@acme.example")
    commit = execute((*git, *who, "commit-tree", tree, "-p", f"{like}^{{commit}}", "-m", "Publish one more port"))
    execute((*git, "tag", version, commit.strip()))
    return version


@contextmanager
def _no_room(place: Path) -> Iterator[None]:
    """Put a full disk in place of a directory, with all that lies in it."""
    kept = place.with_name(f"{place.name}-kept")
    shutil.copytree(place, kept, symlinks=True)
    execute(("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place))
    try:
        execute(("cp", "-a", f"{kept}/.", place))
        with (place / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
            while ballast.write(bytes(1024)):
                pass
        yield
    finally:
        execute(("umount", "--lazy", place))
        shutil.rmtree(kept)
