"""P10 the way back is proved first: tried out on a real engine without a trace, and the archive as a second source."""

from pathlib import Path, PurePosixPath

import pytest

from tests.contract.tools.test_rescue import Make
from tools.archive import Archive
from tools.containers import Containers
from tools.errors import NotFound
from tools.host_images import HostImages
from tools.rehearsal import MARK, Former, rehearse
from tools.ssh import SshHost

NOTHING = "sha256:" + "0" * 64


def size_of(file: Path) -> int:
    return file.stat().st_size


async def test_p10_the_way_back_is_tried_out_without_a_trace(far: SshHost, site: Make) -> None:
    place = site()
    await place.start(far)
    (running,) = place.containers()
    container = await Containers(far).inspect(running)
    assert container is not None
    compose, everything = place.compose(far), set(place.stage.server.docker("ps", "--all", "--quiet").split())
    left = place.stage.server.docker("create", "--label", f"{MARK}=1", "--entrypoint", "none", container.image_id)
    volumes, paths = (f"{place.project}_kept",), (f"{place.directory}/data",)
    sound = Former((container.image_id,), volumes, paths, compose.reading("IMAGE_TAG", "v1"))
    seen = await rehearse(far, sound)
    assert (seen.unstartable, seen.gone, seen.unreadable) == ({}, (), "")
    now = set(place.stage.server.docker("ps", "--all", "--quiet").split())
    assert everything <= now, left
    assert not place.stage.server.docker("ps", "--all", "--quiet", "--filter", f"label={MARK}").split()
    broken = Former((NOTHING,), ("nowhere",), ("/not/there",), compose.reading("OTHER_NAME", "v1"))
    seen = await rehearse(far, broken)
    assert list(seen.unstartable) == [NOTHING]
    assert seen.gone == ("nowhere", "/not/there")
    assert "IMAGE_TAG required" in seen.unreadable


async def test_p10_an_image_that_is_gone_comes_back_from_its_archive(far: SshHost, image: str, directory: Path) -> None:
    images, archive = HostImages(far), Archive(far, PurePosixPath(directory))
    await images.pull(f"{image}:v2")
    kept = await images.image(f"{image}:v2")
    assert kept is not None
    assert await archive.size_bytes(image, "v2") is None
    await images.archive(f"{image}:v2", PurePosixPath(directory, "archive"), 3)
    assert await archive.size_bytes(image, "v2") == size_of(Path(archive.of(image, "v2")))
    await images.remove([f"{image}:v2"])
    await images.remove([f"{image}@{digest.partition('@')[2]}" for digest in kept.digests])
    assert await images.image(kept.id) is None
    await archive.bring_back(kept.id, image, "v2")
    assert await images.image(kept.id) is not None
    with pytest.raises(NotFound, match="holds another image of that name"):
        await archive.bring_back(NOTHING, image, "v2")
    with pytest.raises(NotFound, match="could not be loaded"):
        await archive.bring_back(NOTHING, image, "v3")
