"""Streams on their way: made smaller where that helps, and counted."""

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator

_SAMPLE_BYTES = 1024**2
_WORTHWHILE = 0.9
"""What a beginning must shrink to for the rest to be compressed."""


async def packed(content: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Compress a stream, unless its beginning hardly gets smaller."""
    head = b""
    async for piece in content:
        head += piece
        if len(head) >= _SAMPLE_BYTES:
            break
    press = _Press() if len(zlib.compress(head, 1)) < len(head) * _WORTHWHILE else None
    yield await press.pressed(head) if press else head
    async for piece in content:
        if smaller := await press.pressed(piece) if press else piece:
            yield smaller
    if press:
        yield press.flush()


class _Press:
    """Compresses beside the loop, in gzip's form."""

    def __init__(self) -> None:
        self._press = zlib.compressobj(1, wbits=31)
        self.flush = self._press.flush

    async def pressed(self, piece: bytes) -> bytes:
        return await asyncio.to_thread(self._press.compress, piece)


class Counted:
    """Counts what passes."""

    def __init__(self) -> None:
        self.sent_bytes = 0

    async def of(self, content: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Pass a stream on."""
        async for piece in content:
            self.sent_bytes += len(piece)
            yield piece
