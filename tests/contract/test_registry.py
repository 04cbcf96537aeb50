import gzip
import io
import tarfile
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.contract.engine_images import busybox
from tests.emulators.registry import TokenRegistry
from tests.stage.registry import Registry as RealRegistry
from tests.stage.stage import Stage
from tools.errors import Denied, Garbled, NotFound, TimedOut, ToolError, Unreachable
from tools.images import Images
from tools.redaction import Redactor
from tools.registry import Login, Registry

HANA = "hana"
WORD = "right" + "-word"


@pytest.fixture
async def guarded() -> AsyncIterator[TokenRegistry]:
    registry = TokenRegistry(HANA, WORD)
    await registry.server.up()
    yield registry
    await registry.server.down()


def _knowing(registry: TokenRegistry, word: str = WORD) -> Registry:
    return Registry({registry.address: Login(HANA, SecretStr(word))}, timeout=timedelta(seconds=2))


async def test_what_was_pushed_is_found_by_its_tag_and_its_digest(stage: Stage, tmp_path: Path) -> None:
    image = f"{stage.registry.address}/contract/found"
    busybox(stage, tmp_path, f"{image}:v1.0.0")
    pushed = await Images(stage.bot.env()).push(f"{image}:v1.0.0")
    registry = Registry()
    assert await registry.digest(image, "v1.0.0") == pushed
    assert await registry.digest(image, "v9") is None
    assert await registry.digest(f"{stage.registry.address}/no/such", "v9") is None
    assert await registry.exists(image, "v1.0.0")
    assert await registry.exists(image, pushed)
    assert not await registry.exists(image, f"sha256:{'0' * 64}")


async def test_the_size_is_that_of_the_compressed_layers(stage: Stage, tmp_path: Path) -> None:
    image = f"{stage.registry.address}/contract/size"
    busybox(stage, tmp_path, f"{image}:1")
    await Images(stage.bot.env()).push(f"{image}:1")
    program = (tmp_path / "busybox").read_bytes()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(tmp_path / "busybox")
    size = await Registry().size_bytes(image, "1")
    assert size == pytest.approx(len(gzip.compress(packed.getvalue())), rel=0.1)
    assert size < len(program)
    with pytest.raises(NotFound):
        await Registry().size_bytes(image, "2")


async def test_a_registry_with_a_password_shows_itself_to_who_knows_it(stage: Stage, tmp_path: Path) -> None:
    with RealRegistry(tmp_path / "locked", stage.toolset, login=True) as locked:
        assert locked.login is not None
        username, password = locked.login
        image = f"{locked.address}/acme/observer"
        knowing = Registry({locked.address: Login(username, SecretStr(password))})
        assert await knowing.digest(image, "v1") is None
        for stranger in (Registry(), Registry({locked.address: Login(username, SecretStr("wrong"))})):
            with pytest.raises(Denied) as raised:
                await stranger.digest(image, "v1")
            assert f"docker login {locked.address}" in raised.value.remedy


async def test_a_public_image_needs_a_token_but_no_login(guarded: TokenRegistry) -> None:
    digest = guarded.publish("acme/observer", "v1", [100, 23])
    registry = Registry()
    assert await registry.digest(f"{guarded.address}/acme/observer", "v1") == digest
    assert await registry.size_bytes(f"{guarded.address}/acme/observer", "v1") == 123
    assert guarded.tokens_given == 2


async def test_every_token_that_a_registry_makes_is_told_to_whoever_masks_them(guarded: TokenRegistry) -> None:
    """P16: a secret is registered when it is acquired."""
    redactor = Redactor()
    login = {guarded.address: Login(HANA, SecretStr(WORD))}
    minted = partial(redactor.register, "REGISTRY_TOKEN", whole=True, newest=8)
    registry = Registry(login, timedelta(seconds=10), minted)
    assert await registry.digest(f"{guarded.address}/acme/app", "v1") is None
    assert guarded.tokens_given == 1
    assert redactor.redact("Bearer token-for-acme/app") == "Bearer [redacted:REGISTRY_TOKEN]"


async def test_a_private_image_is_shown_to_its_reader_only(guarded: TokenRegistry) -> None:
    digest = guarded.publish("acme/observer", "v1", [1])
    guarded.private.add("acme/observer")
    image = f"{guarded.address}/acme/observer"
    assert await _knowing(guarded).digest(image, "v1") == digest
    for stranger in (Registry(), _knowing(guarded, "wrong")):
        with pytest.raises(Denied):
            await stranger.digest(image, "v1")


async def test_the_size_of_one_platform_of_several_is_told(guarded: TokenRegistry) -> None:
    platforms = {"linux/arm64": guarded.publish("a", "arm", [5]), "linux/amd64": guarded.publish("a", "amd", [7])}
    together = guarded.publish_index("a", "v1", platforms)
    image = f"{guarded.address}/a"
    assert await Registry().digest(image, "v1") == together
    assert await Registry().size_bytes(image, "v1") == 7
    assert await Registry().size_bytes(image, together, "linux/arm64") == 5
    with pytest.raises(NotFound):
        await Registry().size_bytes(image, "v1", "linux/s390x")


async def test_content_that_does_not_match_its_digest_is_refused(guarded: TokenRegistry) -> None:
    digest = guarded.publish("a", "v1", [1])
    guarded.swap("a", digest, b'{"schemaVersion": 2, "layers": []}')
    with pytest.raises(Garbled):
        await Registry().size_bytes(f"{guarded.address}/a", digest)


async def test_a_login_is_never_told_over_an_open_line(guarded: TokenRegistry) -> None:
    guarded.realm = "http://elsewhere.example/token"
    with pytest.raises(Denied):
        await _knowing(guarded).digest(f"{guarded.address}/a", "v1")


@pytest.mark.parametrize(
    ("fault", "error"), [("page", Garbled), ("broken", Unreachable), ("busy", Unreachable), ("silent", TimedOut)]
)
@pytest.mark.parametrize("path", ["/manifests/", "/token"])
async def test_a_registry_that_misbehaves_is_never_taken_for_an_answer(
    guarded: TokenRegistry, fault: str, error: type[ToolError], path: str
) -> None:
    guarded.publish("a", "v1", [1])
    faults = guarded.server.faults
    match fault:
        case "page":
            faults.show_a_web_page(path=path)
        case "broken":
            faults.fail(502, path=path, body="<html>")
        case "busy":
            faults.fail(429, path=path, body="{}")
        case _:
            faults.hang(path=path)
    if (path, fault) in {("/token", "page"), ("/token", "busy")}:
        error = Denied
    with pytest.raises(error) as raised:
        await Registry(timeout=timedelta(seconds=0.5)).exists(f"{guarded.address}/a", "v1")
    assert str(raised.value)


async def test_a_registry_that_is_down_is_said_so(guarded: TokenRegistry) -> None:
    await guarded.server.down()
    with pytest.raises(Unreachable):
        await Registry().digest(f"{guarded.address}/a", "v1")


async def test_an_index_is_written_with_a_login_that_may_write_and_a_further_tag_means_the_same(
    guarded: TokenRegistry,
) -> None:
    digests = {"linux/amd64": guarded.publish("a", "amd", [7]), "linux/arm64": guarded.publish("a", "arm", [5])}
    image = f"{guarded.address}/a"
    together = await _knowing(guarded).publish(image, "v1", digests)
    await _knowing(guarded).name(image, together, "latest")
    assert await Registry().digest(image, "v1") == await Registry().digest(image, "latest") == together
    assert await Registry().size_bytes(image, "latest", "linux/arm64") == 5
    with pytest.raises(Denied) as raised:
        await Registry().publish(image, "v2", digests)
    assert "a login that may write" in raised.value.remedy


async def test_an_index_over_something_that_is_not_there_is_not_written(guarded: TokenRegistry) -> None:
    image = f"{guarded.address}/a"
    with pytest.raises(NotFound):
        await _knowing(guarded).publish(image, "v1", {"linux/amd64": f"sha256:{'0' * 64}"})
    assert await Registry().digest(image, "v1") is None
