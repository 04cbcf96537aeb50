import gzip
import io
import tarfile
from collections.abc import Iterable

import pytest

from tools.errors import Garbled
from tools.layers import FILE_LIMIT_BYTES, LayerFile, layer_texts


def _tar(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _chunks(content: bytes, size: int) -> Iterable[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


FIRST = _tar({"./etc/app.conf": b"a=1\n", "bin/program": b"\x7fELF\0", "empty": b"", "etc/ünïcode": b"b=2\n"})
SECOND = _tar({".wh.etc": b"", "large": b"x" * FILE_LIMIT_BYTES, "just-below": b"y" * (FILE_LIMIT_BYTES - 1)})


@pytest.mark.parametrize("chunk_size", [7, 512, 10_000, 100_000_000])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_small_text_files_of_all_layers_are_read_whatever_the_chunks(chunk_size: int, pack: type) -> None:
    image = _tar(
        {
            "blobs/sha256/aaa": pack(FIRST),
            "blobs/sha256/config": b'{"architecture": "amd64"}',
            "blobs/sha256/bbb": pack(SECOND),
            "manifest.json": b"[]",
        }
    )
    if chunk_size == 7:
        image = _tar({"blobs/sha256/aaa": pack(FIRST)})
    texts = dict(layer_texts(_chunks(image, chunk_size), {"sha256:aaa": "layer 1 of 2"}))
    assert texts["layer 1 of 2: /etc/app.conf"] == b"a=1\n"
    assert texts["layer 1 of 2: /etc/ünïcode"] == b"b=2\n"
    assert set(texts) - {"layer bbb: /just-below"} == {"layer 1 of 2: /etc/app.conf", "layer 1 of 2: /etc/ünïcode"}


def test_every_file_of_every_layer_is_noted_with_its_size_however_large() -> None:
    image, noted = _tar({"blobs/sha256/aaa": FIRST, "blobs/sha256/bbb": SECOND}), list[LayerFile]()
    list(layer_texts([image], {"sha256:aaa": "layer 1 of 2", "sha256:bbb": "layer 2 of 2"}, noted.append))
    assert LayerFile(1, "layer 1 of 2", "/bin/program", 5) in noted
    assert LayerFile(2, "layer 2 of 2", "/large", FILE_LIMIT_BYTES) in noted
    assert LayerFile(2, "layer 2 of 2", "/.wh.etc", 0) in noted


def test_the_older_form_of_saved_images_is_read_too() -> None:
    image = _tar({"0123456789abcdef/layer.tar": FIRST, "0123456789abcdef/json": b"{}"})
    assert next(iter(layer_texts([image], {})))[0] == "layer 0123456789ab: /etc/app.conf"


@pytest.mark.parametrize("image", [b"", b"no archive", _tar({"blobs/sha256/aaa": FIRST})[:1800]])
def test_an_image_that_ends_too_early_is_never_taken_for_clean(image: bytes) -> None:
    with pytest.raises(Garbled):
        list(layer_texts([image], {}))
