"""Images on the bot's machine: built with BuildKit, everything else through Docker's own SDK.

The SDK is synchronous and its client belongs to one thread: every call makes one of its own and runs beside the loop.

Engines load one platform at a time. So an image for several platforms is several images here, each under a name of
its own, and becomes one in the registry: an index over what was pushed for each. Whoever has the image's name need
not know: texts, tags and pushes of it are those of all its platforms.
"""

import asyncio
import itertools
import json
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from config.sources import Component
from tools.builds import BuiltImage, Recipe, build_command, recipe, required
from tools.engine import Engine, HistoryStep, LocalImage
from tools.errors import Garbled, NotFound, TimedOut
from tools.layers import LayerFile, Text, layer_texts
from tools.platforms import own_first, variant
from tools.process import run
from tools.references import Reference
from tools.registry import Login, Registry

T = TypeVar("T")

_BUILD_TIMEOUT = timedelta(minutes=15)
_TRANSFER_TIMEOUT = timedelta(minutes=10)
_CALL_TIMEOUT = timedelta(seconds=30)
_BATCH = 64


class Images:
    """The images of one engine; `environment` adds variables such as DOCKER_HOST, `logins` are keyed by registry."""

    def __init__(self, environment: Mapping[str, str] | None = None, logins: Mapping[str, Login] | None = None) -> None:
        self._environment = {**os.environ, **(environment or {})}
        self._logins = logins or {}
        self._registry = Registry(self._logins)
        self._platforms: dict[str, tuple[str, ...]] = {}
        """Name -> platforms, for what was built for several; whoever was interrupted builds again."""

    async def build(
        self,
        component: Component,
        sources: Path,
        tags: Sequence[str],
        labels: Mapping[str, str],
        limit: timedelta = _BUILD_TIMEOUT,
    ) -> BuiltImage:
        """Build one component for all its platforms under the given full names; the first is the image's reference.

        Raises `NotFound` without a Dockerfile, `CommandFailed` with the failing step and its last lines.
        """
        platforms = own_first(component.platforms)
        own, *others = [
            recipe(component, sources, platform, _named(tags, platform, platforms), labels) for platform in platforms
        ]
        built = await self._build(own, sources, limit)
        taken = [(await self._build(other, sources, limit)).duration for other in others]
        self._platforms.update((tag, platforms) for tag in tags if others)
        return replace(built, reference=tags[0], duration=sum(taken, start=built.duration))

    async def _build(self, what: Recipe, sources: Path, limit: timedelta) -> BuiltImage:
        with tempfile.TemporaryDirectory(prefix=".build-", dir=sources.parent) as scratch:
            metadata = Path(scratch) / "metadata.json"
            completed = await run(build_command(what, metadata), env=self._environment, timeout=limit)
            required(completed, what.tags[0], what.platform)
            image_id = _image_id(await asyncio.to_thread(metadata.read_bytes))
        image = await self.inspect(image_id)
        if image is None:
            raise NotFound(f"{what.tags[0]} was built, but the engine does not know it.", remedy="Build it again.")
        return BuiltImage(what.tags[0], image.id, image.size_bytes, completed.duration)

    async def inspect(self, reference: str) -> LocalImage | None:
        """Describe an image of this machine; None where there is none."""
        return await self._call(lambda engine: engine.inspect(reference), f"Looking at {reference}")

    async def history(self, reference: str) -> tuple[HistoryStep, ...]:
        """List the steps that an image was made by, the oldest first."""
        return await self._call(lambda engine: engine.history(reference), f"Reading the history of {reference}")

    async def tag(self, source: str, target: str) -> None:
        """Give an image one more name, on all its platforms."""
        for one, other in zip(self._names(source), self._names(target, like=source), strict=True):
            await self._tag(one, other)
        if source in self._platforms:
            self._platforms[target] = self._platforms[source]

    async def _tag(self, source: str, target: str) -> None:
        wanted = Reference.parse(target)
        await self._call(lambda engine: engine.tag(source, wanted), f"Tagging {source} as {target}")

    async def push(self, reference: str) -> str:
        """Send an image to its registry and return its digest there; raises `Denied` with the login that is missing.

        The digest of an image for several platforms is that of the index, which is written when all of them are there.
        """
        platforms = self._platforms.get(reference)
        if platforms is None:
            return await self._push(reference)
        digests = {platform: await self._push(variant(reference, platform)) for platform in platforms}
        name, _, tag = reference.rpartition(":")
        return await self._registry.publish(name, tag, digests)

    async def _push(self, reference: str) -> str:
        wanted = Reference.parse(reference)
        login = self._logins.get(wanted.registry)
        return await self._call(lambda engine: engine.push(wanted, login), f"Pushing {reference}", _TRANSFER_TIMEOUT)

    async def pull(self, reference: str) -> LocalImage:
        """Fetch an image from its registry."""
        wanted = Reference.parse(reference)
        login = self._logins.get(wanted.registry)
        doing = f"Pulling {reference}"
        await self._call(lambda engine: engine.pull(wanted, login), doing, _TRANSFER_TIMEOUT)
        image = await self.inspect(reference)
        if image is None:
            raise NotFound(f"{reference} was pulled, but the engine does not know it.", remedy="Pull it again.")
        return image

    async def layers(self, reference: str) -> tuple[str, ...]:
        """List an image's layers from the lowest up, by the digests of their unpacked content."""
        return tuple(await self._call(lambda engine: engine.layers(reference), f"Looking at {reference}"))

    async def saved(self, reference: str) -> AsyncGenerator[bytes, None]:
        """Yield an image as `docker save` writes it; to be closed by whoever stops early."""
        pieces, reader = self._read_saved(reference), ThreadPoolExecutor(max_workers=1)
        try:
            while piece := await asyncio.get_running_loop().run_in_executor(reader, next, pieces, b""):
                yield piece
        finally:
            reader.submit(pieces.close)
            reader.shutdown(wait=False)

    def _read_saved(self, reference: str) -> Generator[bytes, None, None]:
        with Engine(self._environment, _TRANSFER_TIMEOUT) as engine, engine.archive(reference) as archive:
            yield from archive

    async def texts(
        self, reference: str, limit: timedelta = _TRANSFER_TIMEOUT, noted: Callable[[LayerFile], None] | None = None
    ) -> AsyncIterator[Text]:
        """Yield all text that an image carries: history, environment, labels, and small text files of every layer.

        Each comes with its place, such as `layer 2 of 5: /app/.env`; files that a later layer removed are among them.
        With several platforms, each place begins with its platform: `linux/arm64, layer 2 of 5: /app/.env`.
        `noted` is told every file of every layer on the way, of any size; it is called from another thread.
        """
        platforms = self._platforms.get(reference)
        if platforms is None:
            async for found in self._texts(reference, limit, noted):
                yield found
        for platform in platforms or ():
            async for place, text in self._texts(variant(reference, platform), limit, _on(platform, noted)):
                yield f"{platform}, {place}", text

    async def _texts(
        self, reference: str, limit: timedelta, noted: Callable[[LayerFile], None] | None
    ) -> AsyncIterator[Text]:
        late = asyncio.get_running_loop().time() + limit.total_seconds()
        texts = self._read_texts(reference, noted)
        reader = ThreadPoolExecutor(max_workers=1)
        try:
            while batch := await _next_batch(reader, texts):
                for text in batch:
                    yield text
                if asyncio.get_running_loop().time() > late:
                    raise TimedOut(f"Reading {reference} took longer than {limit.total_seconds():g} s.")
        finally:
            reader.submit(texts.close)
            reader.shutdown(wait=False)

    def _names(self, reference: str, like: str | None = None) -> tuple[str, ...]:
        """List the names under which an image lies here, its own first; `like` lends its platforms to a new name."""
        platforms = self._platforms.get(like or reference, ())
        return (reference, *(variant(reference, platform) for platform in platforms))

    def _read_texts(
        self, reference: str, noted: Callable[[LayerFile], None] | None = None
    ) -> Generator[Text, None, None]:
        with Engine(self._environment, _TRANSFER_TIMEOUT) as engine:
            yield from engine.described(reference)
            with engine.archive(reference) as archive:
                yield from layer_texts(archive, engine.layers(reference), noted)

    async def _call(self, act: Callable[[Engine], T], doing: str, limit: timedelta = _CALL_TIMEOUT) -> T:
        def acted() -> T:
            with Engine(self._environment, limit) as engine:
                return act(engine)

        try:
            async with asyncio.timeout(limit.total_seconds()):
                return await asyncio.to_thread(acted)
        except TimeoutError as error:
            raise TimedOut(
                f"{doing} took longer than {limit.total_seconds():g} s.", remedy="Look at the engine, then try again."
            ) from error


def _named(tags: Sequence[str], platform: str, platforms: Sequence[str]) -> tuple[str, ...]:
    """Name one platform's image; the plain names are those of the platform that comes first."""
    if len(platforms) == 1:
        return tuple(tags)
    plain = tags if platform == platforms[0] else ()
    return (*(variant(tag, platform) for tag in tags), *plain)


def _on(platform: str, noted: Callable[[LayerFile], None] | None) -> Callable[[LayerFile], None] | None:
    """Let the places of files begin with their platform, as those of texts do."""
    return noted and (lambda file: noted(replace(file, layer=f"{platform}, {file.layer}")))


async def _next_batch(reader: ThreadPoolExecutor, texts: Iterator[Text]) -> Sequence[Text]:
    return await asyncio.get_running_loop().run_in_executor(reader, lambda: list(itertools.islice(texts, _BATCH)))


def _image_id(metadata: bytes) -> str:
    try:
        return str(json.loads(metadata)["containerimage.config.digest"])
    except (ValueError, KeyError, TypeError) as error:
        raise Garbled("BuildKit did not tell which image it built.", remedy="Check `docker buildx version`.") from error
