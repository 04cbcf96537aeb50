"""What an image's layers hold: their text files, read one by one from a stream, nothing unpacked on the disk."""

import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, cast

from tools.errors import Garbled

FILE_LIMIT_BYTES = 1024**2
"""Larger files are no configuration, and are left out."""

Text = tuple[str, bytes]
"""Where it was found, and the content."""


@dataclass(frozen=True, slots=True)
class LayerFile:
    """One regular file of one layer; `.wh.name` there removes `name` of the layers below."""

    number: int
    """Of the layer, from below; 0 where nobody knows."""
    layer: str
    path: str
    size_bytes: int


def layer_texts(
    archive: Iterable[bytes], layers: Mapping[str, str], noted: Callable[[LayerFile], None] | None = None
) -> Iterator[Text]:
    """Yield the text files of all layers of a `docker save` archive, also those that a later layer removed.

    `layers` names layers for people, by the digest of their content, from below. `noted` is told every file that
    comes by, of any size and kind: reading an image of gigabytes once is enough.
    """
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", _Stream(archive)), mode="r|") as outer:
            for member in outer:
                content = outer.extractfile(member) if _may_be_layer(member) else None
                if content is not None:
                    yield from _texts_in(content, *_told(member.name, layers), noted)
    except (tarfile.TarError, EOFError) as error:
        raise Garbled("The image's content could not be read to its end.") from error


def _texts_in(content: IO[bytes], layer: str, number: int, noted: Callable[[LayerFile], None] | None) -> Iterator[Text]:
    try:
        inner = tarfile.open(fileobj=content, mode="r|*")  # noqa: SIM115 - closed below; what is no archive is skipped
    except tarfile.ReadError:
        return
    with inner:
        for member in inner:
            path = f"/{member.name.removeprefix('./').lstrip('/')}"
            if noted is not None and member.isreg():
                noted(LayerFile(number, layer, path, member.size))
            file = inner.extractfile(member) if member.isreg() and 0 < member.size < FILE_LIMIT_BYTES else None
            text = file.read() if file else b""
            if text and b"\0" not in text:
                yield f"{layer}: {path}", text


def _may_be_layer(member: tarfile.TarInfo) -> bool:
    return member.isreg() and (member.name.startswith("blobs/") or member.name.endswith("/layer.tar"))


def _told(name: str, layers: Mapping[str, str]) -> tuple[str, int]:
    """Tell what people call a layer, and its place from below."""
    parts = name.split("/")
    identity = parts[-2] if parts[-1] == "layer.tar" else parts[-1]
    digest = f"sha256:{identity}"
    number = list(layers).index(digest) + 1 if digest in layers else 0
    return layers.get(digest, f"layer {identity[:12]}"), number


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
