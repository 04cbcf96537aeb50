from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.sources import Component
from guardrails.secrets import State, secret_uses
from tests.contract.engine_images import DOCKERFILE, busybox, sources_of
from tests.stage.registry import Registry as RealRegistry
from tests.stage.stage import Stage
from tools.builds import image_labels
from tools.errors import CommandFailed, Denied, NotFound, TimedOut, Unreachable
from tools.images import Images
from tools.layers import LayerFile
from tools.registry import Login, Registry

LABELS = image_labels(
    version="v1.2.3", revision="a" * 40, source="https://example.com/acme", created=datetime(2026, 1, 2, tzinfo=UTC)
)
BOTH = ("linux/amd64", "linux/arm64")
COPIED = b"FROM scratch\nCOPY busybox /bin/busybox\nARG TARGETARCH\nLABEL made.for=$TARGETARCH\nCOPY app /app\n"
FOREIGN = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xb7\x00" + b"\x01\x00\x00\x00" + bytes(40)
"""The head of a program for arm64."""
CHOSEN = b"".join([b"tulip", b"garden", b"88"])
"""A password as people choose them: no pattern knows it."""
RUN = b'RUN ["/bin/busybox", "sh", "-c", "%s"]\n'


@pytest.fixture
def images(stage: Stage) -> Images:
    return Images(stage.bot.env())


async def _texts(images: Images, reference: str) -> Mapping[str, bytes]:
    return {place: content async for place, content in images.texts(reference)}


async def test_an_image_is_built_with_its_labels_under_all_its_names(
    stage: Stage, images: Images, tmp_path: Path
) -> None:
    dockerfile = DOCKERFILE + b'ENV MODE=prod\nUSER 1000\nVOLUME /data\nHEALTHCHECK CMD ["/bin/busybox", "true"]\n'
    sources = sources_of(stage, tmp_path, {"docker/web.Dockerfile": dockerfile})
    component = Component.model_validate({"image": "web", "dockerfile": "docker/web.Dockerfile"})
    built = await images.build(component, sources, ["contract/web:v1.2.3", "contract/web:latest"], LABELS)
    assert built.reference == "contract/web:v1.2.3"
    assert built.size_bytes == (sources / "busybox").stat().st_size
    assert built.duration > timedelta()
    image = await images.inspect("contract/web:latest")
    assert image is not None
    assert image.id == built.image_id
    assert image.labels == LABELS
    assert (image.user, image.volumes, image.environment_names) == ("1000", ("/data",), ("PATH", "MODE"))
    assert image.healthcheck == ("CMD", "/bin/busybox", "true")


async def test_a_failed_build_names_the_step_and_its_last_words(stage: Stage, images: Images, tmp_path: Path) -> None:
    sources = sources_of(stage, tmp_path, {"Dockerfile": DOCKERFILE + RUN % b"echo out of flour; exit 3"})
    with pytest.raises(CommandFailed) as raised:
        await images.build(Component(image="web"), sources, ["contract/fails:1"], LABELS)
    assert "at [2/2] RUN" in raised.value.happened
    assert "out of flour" in raised.value.happened
    assert await images.inspect("contract/fails:1") is None


async def test_a_build_past_its_time_is_ended(stage: Stage, images: Images, tmp_path: Path) -> None:
    sources = sources_of(stage, tmp_path, {"Dockerfile": DOCKERFILE + RUN % b"/bin/busybox sleep 600"})
    with pytest.raises(TimedOut):
        await images.build(Component(image="web"), sources, ["contract/slow:1"], LABELS, timedelta(seconds=2))


async def test_an_image_travels_to_the_registry_and_back(stage: Stage, images: Images, tmp_path: Path) -> None:
    reference = busybox(stage, tmp_path, f"{stage.registry.address}/contract/travel:1")
    digest = await images.push(reference)
    image = await images.inspect(reference)
    assert image is not None
    by_digest = f"{stage.registry.address}/contract/travel@{digest}"
    assert image.digests == (by_digest,)
    stage.bot.docker("rmi", reference)
    assert await images.inspect(reference) is None
    assert (await images.pull(by_digest)).id == image.id
    await images.tag(by_digest, "contract/again:2")
    again = await images.inspect("contract/again:2")
    assert again is not None
    assert again.id == image.id


async def test_a_push_that_is_refused_says_how_to_log_in(stage: Stage, images: Images, tmp_path: Path) -> None:
    with RealRegistry(tmp_path / "locked", stage.toolset, login=True) as locked:
        assert locked.login is not None
        username, password = locked.login
        reference = busybox(stage, tmp_path / "context", f"{locked.address}/contract/locked:1")
        with pytest.raises(Denied) as raised:
            await images.push(reference)
        assert f"docker login {locked.address}" in raised.value.remedy
        knowing = Images(stage.bot.env(), {locked.address: Login(username, SecretStr(password))})
        assert (await knowing.push(reference)).startswith("sha256:")


async def test_what_is_not_there_can_be_neither_pushed_nor_pulled_nor_tagged(stage: Stage, images: Images) -> None:
    missing = f"{stage.registry.address}/contract/missing:1"
    for attempt in (images.push(missing), images.pull(missing), images.tag(missing, "contract/x:1")):
        with pytest.raises(NotFound):
            await attempt


async def test_a_registry_that_is_down_and_an_engine_that_is_down_are_said_so(
    stage: Stage, images: Images, tmp_path: Path
) -> None:
    with pytest.raises(Unreachable):
        await images.push(busybox(stage, tmp_path, "127.0.0.1:9/contract/down:1"))
    nobody = Images({**stage.bot.env(), "DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    with pytest.raises(Unreachable):
        await nobody.inspect("contract/x:1")
    with pytest.raises(Unreachable):
        await nobody.build(Component(image="web"), tmp_path, ["contract/x:1"], LABELS)


async def test_everything_an_image_says_is_read_also_what_a_later_layer_removed(
    stage: Stage, images: Images, tmp_path: Path
) -> None:
    """P14: history, environment, labels, and the layers, deleted files among them, are looked at by structure."""
    planted = {"app/.env": b"FROM_FILE=1\nDB_PASSWORD=%s\n" % CHOSEN, "app/logo.png": b"\x89PNG\0"}
    planted["app/big.txt"] = b"x" * 1024**2
    dockerfile = (
        DOCKERFILE
        + b"ARG FROM_ARG\nARG SMTP_PASSWORD\nENV FROM_ENV=2\nENV API_PASSWORD=%s\nLABEL from.label=3\n" % CHOSEN
        + b"LABEL mail.password=%s\nCOPY app /app\n" % CHOSEN
        + RUN % b"echo $FROM_ARG; /bin/busybox rm /app/.env"
    )
    sources = sources_of(stage, tmp_path, {**planted, "Dockerfile": dockerfile})
    component = Component(image="web", build_args={"FROM_ARG": "argument-4", "SMTP_PASSWORD": CHOSEN.decode()})
    await images.build(component, sources, ["contract/texts:1"], LABELS)
    texts = await _texts(images, "contract/texts:1")
    assert texts["environment FROM_ENV"] == b"FROM_ENV=2"
    assert texts["label from.label"] == b"from.label=3"
    assert any(b"argument-4" in text for place, text in texts.items() if place.startswith("history step"))
    assert texts["layer 2 of 3: /app/.env"].startswith(b"FROM_FILE=1\n")
    found = [use for place, text in texts.items() for use in secret_uses(place, text) if use.state is State.LITERAL]
    assert {use.path for use in found if not use.path.startswith("history")} == {
        "environment API_PASSWORD",
        "label mail.password",
        "layer 2 of 3: /app/.env",
    }
    assert {"SMTP_PASSWORD", "API_PASSWORD"} <= {use.key for use in found if use.path.startswith("history")}
    assert not any(place.endswith((".png", "big.txt", "busybox")) for place in texts)


async def test_reading_may_stop_early_and_nothing_hangs(stage: Stage, images: Images, tmp_path: Path) -> None:
    reference = busybox(stage, tmp_path, "contract/early:1")
    texts = images.texts(reference)
    assert (await anext(texts))[0] == "history step 1"
    await texts.aclose()  # type: ignore[attr-defined] # an async generator behind its interface
    steps = [step.created_by for step in await images.history(reference)]
    assert steps == ["COPY busybox /bin/busybox # buildkit", "LABEL made.for=contract/early:1"]
    with pytest.raises(NotFound):
        await _texts(images, "contract/none:1")


async def test_an_image_for_several_platforms_becomes_one_index_that_a_host_runs_its_own_part_of(
    stage: Stage, images: Images, tmp_path: Path
) -> None:
    sources = sources_of(stage, tmp_path, {"Dockerfile": COPIED, "app/settings": b"FROM_FILE=1\n"})
    name = f"{stage.registry.address}/contract/several"
    component = Component(image=name, platforms=BOTH)
    built = await images.build(component, sources, [f"{name}:v1"], LABELS)
    assert built.reference == f"{name}:v1"
    noted: list[LayerFile] = []
    texts = {place: text async for place, text in images.texts(f"{name}:v1", noted=noted.append)}
    assert {f"{file.layer}: {file.path}" for file in noted} >= {place for place in texts if "layer" in place}
    for platform in BOTH:
        assert texts[f"{platform}, layer 2 of 2: /app/settings"] == b"FROM_FILE=1\n"
    digest = await images.push(f"{name}:v1")
    registry = Registry()
    assert await registry.digest(name, "v1") == digest
    for platform in BOTH:
        assert await registry.size_bytes(name, digest, platform) > 0
    stage.server.docker("pull", "--quiet", f"{name}@{digest}")
    described = ("image", "inspect", "--format", "{{.Architecture}} {{.Id}}", f"{name}@{digest}")
    assert stage.server.docker(*described).split() == ["amd64", built.image_id]
    assert await images.push(f"{name}:v1") == digest


async def test_a_further_tag_and_another_registry_get_all_platforms(
    stage: Stage, images: Images, tmp_path: Path
) -> None:
    sources = sources_of(stage, tmp_path, {"Dockerfile": COPIED, "app/settings": b""})
    name = f"{stage.registry.address}/contract/further"
    await images.build(Component(image=name, platforms=BOTH), sources, [f"{name}:v1"], LABELS)
    digest, registry = await images.push(f"{name}:v1"), Registry()
    await registry.name(name, digest, "latest")
    assert await registry.digest(name, "latest") == digest
    await images.tag(f"{name}:v1", f"{name}-elsewhere:v1")
    assert await images.push(f"{name}-elsewhere:v1") == digest
    assert await registry.size_bytes(f"{name}-elsewhere", "v1", "linux/arm64") > 0


async def test_a_step_that_runs_a_program_of_a_foreign_platform_is_told_with_both_ways_out(
    stage: Stage, images: Images, tmp_path: Path
) -> None:
    dockerfile = b'FROM scratch\nCOPY --chmod=755 app/sh /bin/sh\nRUN ["/bin/sh", "-c", "true"]\n'
    sources = sources_of(stage, tmp_path, {"Dockerfile": dockerfile, "app/sh": FOREIGN})
    with pytest.raises(CommandFailed) as raised:
        await images.build(Component(image="web", platforms=("linux/arm64",)), sources, ["contract/foreign:1"], LABELS)
    assert "this engine cannot run programs of linux/arm64" in raised.value.happened
    assert "$BUILDPLATFORM" in raised.value.remedy
    assert "binfmt" in raised.value.remedy
