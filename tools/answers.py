"""Reading what a service answers over HTTP, as far as it may be long."""

import aiohttp

from tools.errors import Garbled

_CHUNK_BYTES = 65_536


async def body_of(answer: aiohttp.ClientResponse, who: str, most_bytes: int) -> bytes:
    """Read an answer whole; raises `Garbled` where it is longer than it may be."""
    body = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > most_bytes:
            raise Garbled(f"{who} answered more than {most_bytes // 1024**2} MB.")
    return bytes(body)
