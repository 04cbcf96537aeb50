"""Images on the bot's machine: built with BuildKit, everything else through Docker's own SDK.

The SDK is synchronous and its client belongs to one thread: every call makes one of its own and runs beside the loop.
"""

import asyncio
import itertools
import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from config.sources import Component
from tools.builds import BuiltImage, build_command, recipe, required
from tools.engine import Engine, HistoryStep, LocalImage
from tools.errors import Garbled, NotFound, TimedOut
from tools.layers import Text, layer_texts
from tools.process import run
from tools.references import Reference
from tools.registry import Login

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

    async def build(
        self,
        component: Component,
        sources: Path,
        tags: Sequence[str],
        labels: Mapping[str, str],
        limit: timedelta = _BUILD_TIMEOUT,
    ) -> BuiltImage:
        """Build one component under all the given full names; the first one is the image's reference.

        Raises `NotFound` without a Dockerfile, `CommandFailed` with the failing step and its last lines.
        """
        what = await asyncio.to_thread(recipe, component, sources, tags, labels, component.build_args)
        with tempfile.TemporaryDirectory(prefix=".build-", dir=sources.parent) as scratch:
            metadata = Path(scratch) / "metadata.json"
            completed = await run(build_command(what, metadata), env=self._environment, timeout=limit)
            required(completed, tags[0])
            image_id = _image_id(await asyncio.to_thread(metadata.read_bytes))
        image = await self.inspect(image_id)
        if image is None:
            raise NotFound(f"{tags[0]} was built, but the engine does not know it.", remedy="Build it again.")
        return BuiltImage(tags[0], image.id, image.size_bytes, completed.duration)

    async def inspect(self, reference: str) -> LocalImage | None:
        """Describe an image of this machine; None where there is none."""
        return await self._call(lambda engine: engine.inspect(reference), f"Looking at {reference}")

    async def history(self, reference: str) -> tuple[HistoryStep, ...]:
        """List the steps that an image was made by, the oldest first."""
        return await self._call(lambda engine: engine.history(reference), f"Reading the history of {reference}")

    async def tag(self, source: str, target: str) -> None:
        """Give an image one more name."""
        wanted = Reference.parse(target)
        await self._call(lambda engine: engine.tag(source, wanted), f"Tagging {source} as {target}")

    async def push(self, reference: str) -> str:
        """Send an image to its registry and return its digest there; raises `Denied` with the login that is missing."""
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

    async def texts(self, reference: str, limit: timedelta = _TRANSFER_TIMEOUT) -> AsyncIterator[Text]:
        """Yield all text that an image carries: history, environment, labels, and small text files of every layer.

        Each comes with its place, such as `layer 2 of 5: /app/.env`; files that a later layer removed are among them.
        """
        late = asyncio.get_running_loop().time() + limit.total_seconds()
        texts = self._read_texts(reference)
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

    def _read_texts(self, reference: str) -> Generator[Text, None, None]:
        with Engine(self._environment, _TRANSFER_TIMEOUT) as engine:
            yield from engine.described(reference)
            with engine.archive(reference) as archive:
                yield from layer_texts(archive, engine.layers(reference))

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


async def _next_batch(reader: ThreadPoolExecutor, texts: Iterator[Text]) -> Sequence[Text]:
    return await asyncio.get_running_loop().run_in_executor(reader, lambda: list(itertools.islice(texts, _BATCH)))


def _image_id(metadata: bytes) -> str:
    try:
        return str(json.loads(metadata)["containerimage.config.digest"])
    except (ValueError, KeyError, TypeError) as error:
        raise Garbled("BuildKit did not tell which image it built.", remedy="Check `docker buildx version`.") from error
