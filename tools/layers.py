"""What an image's layers hold: their text files, read one by one from a stream, nothing unpacked on the disk."""

import tarfile
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, cast

from tools.errors import Garbled

FILE_LIMIT_BYTES = 1024**2
"""Larger files are no configuration, and are left out."""

Text = tuple[str, bytes]
"""Where it was found, and the content."""


def layer_texts(archive: Iterable[bytes], layers: Mapping[str, str]) -> Iterator[Text]:
    """Yield the text files of all layers of a `docker save` archive, also those that a later layer removed.

    `layers` names layers for people, by the digest of their content.
    """
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", _Stream(archive)), mode="r|") as outer:
            for member in outer:
                content = outer.extractfile(member) if _may_be_layer(member) else None
                if content is not None:
                    yield from _texts_in(content, _told(member.name, layers))
    except (tarfile.TarError, EOFError) as error:
        raise Garbled("The image's content could not be read to its end.") from error


def _texts_in(content: IO[bytes], layer: str) -> Iterator[Text]:
    try:
        inner = tarfile.open(fileobj=content, mode="r|*")  # noqa: SIM115 - closed below; what is no archive is skipped
    except tarfile.ReadError:
        return
    with inner:
        for member in inner:
            file = inner.extractfile(member) if member.isreg() and 0 < member.size < FILE_LIMIT_BYTES else None
            text = file.read() if file else b""
            if text and b"\0" not in text:
                yield f"{layer}: /{member.name.removeprefix('./').lstrip('/')}", text


def _may_be_layer(member: tarfile.TarInfo) -> bool:
    return member.isreg() and (member.name.startswith("blobs/") or member.name.endswith("/layer.tar"))


def _told(name: str, layers: Mapping[str, str]) -> str:
    parts = name.split("/")
    identity = parts[-2] if parts[-1] == "layer.tar" else parts[-1]
    return layers.get(f"sha256:{identity}", f"layer {identity[:12]}")


class _Stream:
    """Chunks, to be read like a file."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._waiting = b""

    def read(self, size: int = -1) -> bytes:
        """Give up to `size` bytes; fewer only at the end."""
        parts, missing = [self._waiting[:size]], size - len(self._waiting)
        self._waiting = self._waiting[size:]
        while missing > 0 and (chunk := next(self._chunks, b"")):
            parts.append(chunk[:missing])
            self._waiting = chunk[missing:]
            missing -= len(chunk)
        return b"".join(parts)
