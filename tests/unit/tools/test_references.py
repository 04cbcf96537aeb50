import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import Garbled
from tools.references import Reference, is_loopback

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("text", "reference", "name", "origin"),
    [
        ("nginx", Reference("docker.io", "library/nginx"), "nginx", "https://registry-1.docker.io"),
        ("acme/web:1", Reference("docker.io", "acme/web", "1"), "acme/web", "https://registry-1.docker.io"),
        ("ghcr.io/acme/web:v1.2.3", Reference("ghcr.io", "acme/web", "v1.2.3"), "ghcr.io/acme/web", "https://ghcr.io"),
        ("localhost/web", Reference("localhost", "web"), "localhost/web", "http://localhost"),
        ("127.0.0.1:5000/a/b", Reference("127.0.0.1:5000", "a/b"), "127.0.0.1:5000/a/b", "http://127.0.0.1:5000"),
        ("[::1]:5000/web:1", Reference("[::1]:5000", "web", "1"), "[::1]:5000/web", "http://[::1]:5000"),
        (
            f"reg.example:5000/web:1@{DIGEST}",
            Reference("reg.example:5000", "web", "1", DIGEST),
            "reg.example:5000/web",
            "https://reg.example:5000",
        ),
    ],
)
def test_a_reference_is_taken_apart_as_docker_does(text: str, reference: Reference, name: str, origin: str) -> None:
    assert Reference.parse(text) == reference
    assert (reference.name, reference.origin) == (name, origin)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":1",
        "Web",
        "ghcr.io/Acme/web",
        "web:a b",
        "web@sha256:abc",
        "ghcr.io/../web",
        "ghcr.io//web",
        "a\nb",
        "-x",
        "web:ä",
        "x?y=1",
    ],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(Garbled):
        Reference.parse(text)


@given(st.text())
def test_any_text_is_taken_apart_or_refused_and_never_leads_to_another_address(text: str) -> None:
    try:
        reference = Reference.parse(text)
    except Garbled:
        return
    assert "/" not in reference.registry
    assert "@" not in reference.origin
    assert ".." not in reference.repository


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1", "127.9.9.9:1", "[::1]:5000"])
def test_this_machine_is_spoken_to_without_tls(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["ghcr.io", "127.0.0.1.example.com", "localhost.example.com:5000", "10.0.0.1:5000", ""]
)
def test_anybody_else_is_spoken_to_with_tls(host: str) -> None:
    assert not is_loopback(host)
