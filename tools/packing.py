"""Streams on their way: made smaller where that helps, and counted."""

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator

_BLOCK_BYTES = 1024**2
_SAMPLE_BYTES = 32 * 1024
_WORTHWHILE = 0.9
"""What a sample must shrink to for its block to be compressed."""
_GZIP = 31
"""zlib's way to ask for gzip's head and tail."""


async def packed(content: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Write a stream as gzip, block by block; one that would hardly get smaller is only wrapped."""
    block = bytearray()
    async for piece in content:
        block += piece
        if len(block) >= _BLOCK_BYTES:
            yield await asyncio.to_thread(_member, bytes(block))
            block.clear()
    yield await asyncio.to_thread(_member, bytes(block))


def _member(block: bytes) -> bytes:
    middle = len(block) // 2
    sample = block[:_SAMPLE_BYTES] + block[middle : middle + _SAMPLE_BYTES] + block[-_SAMPLE_BYTES:]
    press = zlib.compressobj(int(len(zlib.compress(sample, 1)) < len(sample) * _WORTHWHILE), wbits=_GZIP)
    return press.compress(block) + press.flush()


class Counted:
    """Counts what passes."""

    def __init__(self) -> None:
        self.sent_bytes = 0

    async def of(self, content: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Pass a stream on."""
        async for piece in content:
            self.sent_bytes += len(piece)
            yield piece
