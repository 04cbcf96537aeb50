"""Layers by weight: content of a size that is asked for, of which so much is noise that nothing can compress."""

import os
import tempfile
from pathlib import Path

from tests.stage.oci import Layer, pack

_BLOCK_BYTES = 1_000_000


def layer(directory: Path, name: str, size_bytes: int, noise: float = 1.0) -> Layer:
    """Pack a layer with one file of this size; the rest beside the noise is text."""
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory) as root:
        with (Path(root) / name).open("wb") as file:
            for start in range(0, size_bytes, _BLOCK_BYTES):
                block = min(_BLOCK_BYTES, size_bytes - start)
                random = int(block * noise)
                file.write(os.urandom(random) + (b"what is written twice " * block)[: block - random])
        return pack(Path(root), directory / f"{name}.tar.gz")
