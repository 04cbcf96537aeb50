from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from tests.contract.engine_images import DOCKERFILE, sources_of
from tests.contract.tools.web import names_in
from tests.stage.commands import execute
from tests.stage.ports import free_port
from tests.stage.registry import Registry
from tests.stage.stage import Stage
from tools.containers import Containers
from tools.errors import CommandFailed, Denied, NotFound, Unreachable
from tools.host_images import HostImages
from tools.hosts import Host

ABSENT = "sha256:" + "0" * 64


def _digest(stage: Stage, reference: str) -> str:
    listed = stage.server.docker("image", "inspect", "--format", "{{index .RepoDigests 0}}", reference)
    return listed.strip().partition("@")[2]


@pytest.fixture
def guarded(stage: Stage, image: str, tmp_path: Path) -> Iterator[str]:
    """A repository in a registry that asks for a login, which the server does not have."""
    with Registry(tmp_path / "guarded", stage.toolset, login=True) as registry:
        assert registry.login
        user, password = registry.login
        login = [stage.toolset.program("docker"), "login", "--username", user, "--password", password, registry.address]
        execute(login, env=stage.bot.env())
        repository = f"{registry.address}/acme/web"
        saved = tmp_path / "web.tar"
        stage.server.docker("save", "--output", saved, f"{image}:v1")
        stage.bot.docker("load", "--input", saved)
        stage.bot.docker("tag", f"{image}:v1", f"{repository}:v1")
        stage.bot.docker("push", "--quiet", f"{repository}:v1")
        yield repository


async def test_a_digest_is_fetched_and_the_tag_means_exactly_it(host: Host, stage: Stage, image: str) -> None:
    digest = _digest(stage, f"{image}:v2")
    stage.server.docker("rmi", "--force", f"{image}:v2")
    found = await Containers(host).ensure(image, digest, "v2")
    assert found.digest_of(image) == digest
    assert f"{image}:v2" in found.tags
    assert found.size_bytes > 0


async def test_a_tag_that_meant_something_else_is_moved_to_the_digest(host: Host, stage: Stage, image: str) -> None:
    digest = _digest(stage, f"{image}:v1")
    stage.server.docker("tag", f"{image}:v2", f"{image}:moved")
    found = await Containers(host).ensure(image, digest, "moved")
    assert found.digest_of(image) == digest


async def test_an_image_that_is_not_there_is_none(host: Host, image: str) -> None:
    assert await Containers(host).image(f"{image}:v99") is None
    assert await Containers(host).image(f"{image}@{ABSENT}") is None


async def test_a_digest_that_nobody_pushed_is_not_found(host: Host, image: str) -> None:
    with pytest.raises(NotFound, match="does not exist"):
        await Containers(host).ensure(image, ABSENT, "v3")


async def test_a_registry_that_refuses_is_told_with_the_command_that_logs_in(host: Host, guarded: str) -> None:
    registry = guarded.partition("/")[0]
    with pytest.raises(Denied) as caught:
        await Containers(host).pull(f"{guarded}:v1")
    assert f"On {host.name}, run `docker login {registry} -u USER`" in caught.value.remedy


async def test_a_registry_that_is_down_is_unreachable(host: Host) -> None:
    with pytest.raises(Unreachable, match="cannot reach the registry"):
        await Containers(host).pull(f"127.0.0.1:{free_port()}/acme/web:v1")


async def test_asking_the_registry_shows_whether_the_login_works(host: Host, image: str, guarded: str) -> None:
    containers = Containers(host)
    anonymous = await containers.login_works(image.partition("/")[0], f"{image}:v1")
    refused = await containers.login_works(guarded.partition("/")[0], f"{guarded}:v1")
    assert anonymous.works
    assert not refused.works
    assert "docker login" in refused.remedy


async def test_a_login_that_is_not_stored_is_missed_and_a_stored_one_is_not_printed(host: Host, stage: Stage) -> None:
    containers, config = Containers(host), Path(stage.server.env()["DOCKER_CONFIG"]) / "config.json"
    missing = await containers.login_works("ghcr.io")
    config.write_text('{"auths": {"ghcr.io": {"auth": "c2hpcDptYXRl"}}}')
    present = await containers.login_works("ghcr.io")
    config.unlink()
    assert not missing.works
    assert "`docker login ghcr.io -u USER`" in missing.remedy
    assert present.works
    assert "c2hp" not in repr(present)


async def test_the_newest_archives_are_kept_and_those_of_others_are_not_touched(
    host: Host, stage: Stage, image: str, directory: Path
) -> None:
    containers = Containers(host)
    (directory / "other@v1.tar").touch()
    for tag in ("v1.0.1", "v1.0.2", "v1.0.3"):
        stage.server.docker("tag", f"{image}:v1", f"{image}:{tag}")
        await containers.archive(f"{image}:{tag}", PurePosixPath(directory), keep=2)
    assert names_in(directory) == ["other@v1.tar", "web@v1.0.2.tar", "web@v1.0.3.tar"]
    assert "Loaded image" in stage.server.docker("load", "--input", directory / "web@v1.0.3.tar")


async def test_no_archive_is_made_where_none_is_wanted(host: Host, image: str, directory: Path) -> None:
    await Containers(host).archive(f"{image}:v1", PurePosixPath(directory), keep=0)
    assert names_in(directory) == []


async def test_an_image_that_cannot_be_saved_leaves_the_archives_alone(host: Host, image: str, directory: Path) -> None:
    (directory / "web@v0.tar").touch()
    with pytest.raises(CommandFailed):
        await Containers(host).archive(f"{image}:absent", PurePosixPath(directory), keep=1)
    assert names_in(directory) == ["web@v0.tar"]


async def test_free_space_is_measured_for_a_path_that_does_not_exist_yet(host: Host, directory: Path) -> None:
    containers = Containers(host)
    assert await containers.free_bytes(PurePosixPath(directory / "not" / "yet")) > 1_000_000
    assert await containers.free_bytes(await containers.root()) > 1_000_000


async def test_a_listing_tells_sizes_and_an_absent_path_is_none(host: Host, directory: Path) -> None:
    containers = Containers(host)
    (directory / "sub dir").mkdir()
    (directory / "sub dir" / "f").write_text("12345")
    listed = await containers.listing(PurePosixPath(directory), depth=2) or ()
    assert [entry.path.relative_to(directory).as_posix() for entry in listed] == [".", "sub dir", "sub dir/f"]
    assert listed[-1].size_bytes == 5
    assert await containers.listing(PurePosixPath(directory / "absent")) is None


async def test_images_are_listed_without_a_tag_too_and_removed_by_name_but_never_while_they_are_used(
    host: Host, stage: Stage, tmp_path: Path
) -> None:
    images, mine = HostImages(host), f"{stage.registry.address}/prune/{host.name}"
    sources = sources_of(stage, tmp_path, {"Dockerfile": DOCKERFILE + f"LABEL made.for={mine}\n".encode()})
    stage.server.docker("build", "--quiet", "--tag", f"{mine}:old", sources)
    stage.server.docker("push", "--quiet", f"{mine}:old")
    exact = f"{mine}@{_digest(stage, f'{mine}:old')}"
    stage.server.docker("rmi", f"{mine}:old")
    stage.server.docker("pull", "--quiet", exact)
    (found,) = await images.listed(mine)
    assert (found.tags, found.digests) == ((), (exact,))
    container = stage.server.docker("create", exact, "/bin/busybox").strip()
    assert found.id in await images.used()
    with pytest.raises(CommandFailed, match=f"{exact} is still used"):
        await images.remove([exact])
    stage.server.docker("rm", container)
    await images.remove([exact, f"{mine}:never"])
    assert await images.listed(mine) == ()
