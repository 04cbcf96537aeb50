"""Model weights are kept out of images: by name in what is sent and shipped, by size whatever they are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.sources import DockerfileRules
from guardrails.weights import is_weights, weights_not_in_image, weights_outside
from tools.layers import LayerFile

RULES = DockerfileRules(weights=("*.safetensors", "*.ckpt", "pytorch_model*.bin"), largest_file_bytes=20_000_000)


def file(path: str, size_bytes: int = 10, number: int = 2) -> LayerFile:
    return LayerFile(number, f"layer {number} of 5", path, size_bytes)


@pytest.mark.parametrize(
    ("path", "weights"),
    [
        ("/models/de.safetensors", True),
        ("/models/DE.SafeTensors", True),
        ("pytorch_model-00001-of-00002.bin", True),
        ("https://acme.example/x.ckpt?download=true", True),
        ("/app/ckpt.py", False),
        ("/models.ckpt/readme", False),
        ("/app/model.bin", False),
    ],
)
def test_weights_are_known_by_their_name_in_any_directory(path: str, weights: bool) -> None:
    assert is_weights(path, RULES.weights) is weights


def test_weights_that_a_build_is_sent_are_refused_with_the_line_that_keeps_them_out() -> None:
    sent = {"models/de.ckpt": 2_400_000_000, "models/readme.md": 30, "models/pytorch_model.bin": 7}
    found = {finding.subject: finding for finding in weights_outside(sent, RULES, ".dockerignore").findings}
    assert set(found) == {"models/de.ckpt", "models/pytorch_model.bin"}
    assert "(2400.0 MB)" in found["models/de.ckpt"].message
    assert "Add `**/*.ckpt` to .dockerignore." in found["models/de.ckpt"].remedy


def test_weights_in_any_layer_are_refused_by_name() -> None:
    (finding,) = weights_not_in_image([file("/m/de.ckpt"), file("/m/x.py")], RULES, "acme/kodex:v1").findings
    assert finding.rule == "weights-in-image"
    assert finding.subject == "acme/kodex:v1: /m/de.ckpt"
    assert "layer 2 of 5" in finding.message
    assert "mount them" in finding.remedy


def test_a_large_file_is_taken_for_weights_whatever_its_name() -> None:
    files = [file("/app/cache/blob", 20_000_001), file("/app/small", 20_000_000)]
    (finding,) = weights_not_in_image(files, RULES, "x").findings
    assert finding.rule == "large-file-in-image"
    assert "is larger than 20.0 MB" in finding.message
    assert not weights_not_in_image(files, DockerfileRules(), "x").findings


@pytest.mark.parametrize("whiteout", ["/m/.wh.de.ckpt", "/.wh.m"])
def test_weights_that_a_later_layer_removes_are_still_refused(whiteout: str) -> None:
    (finding,) = weights_not_in_image([file("/m/de.ckpt"), file(whiteout, number=3)], RULES, "x").findings
    assert "A later layer removes it, but it is still downloaded with every pull." in finding.message
    (finding,) = weights_not_in_image([file("/m/de.ckpt", number=3), file(whiteout)], RULES, "x").findings
    assert "later layer" not in finding.message


@given(st.lists(st.builds(file, st.text(), st.integers(0), st.integers(0, 9))))
def test_no_layer_is_too_strange(files: list[LayerFile]) -> None:
    weights_not_in_image(files, RULES, "x")
