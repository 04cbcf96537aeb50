from collections.abc import Sequence
from datetime import timedelta
from pathlib import PurePosixPath
from typing import cast

import pytest

from tools.errors import CommandFailed, Denied, Garbled, NotFound, ToolError, Unreachable
from tools.host_images import HostImage, HostImages, archived, image_in, inspected, mark_of, named, pulled, tagged
from tools.hosts import Completed, Host
from tools.pull_failure import pull_failure
from tools.registry_login import asked, is_loopback, login_remedy, registry_of, stored

EXACT = "ghcr.io/acme/observer@sha256:" + "a" * 64


def test_the_commands_are_the_plain_ones_of_docker() -> None:
    assert pulled(EXACT) == ("docker", "pull", "--quiet", EXACT)
    assert tagged(EXACT, "o:v1") == ("docker", "image", "tag", EXACT, "o:v1")
    assert inspected("o:v1")[:4] == ("docker", "image", "inspect", "--format")
    assert inspected("o:v1")[-1] == "o:v1"
    assert named(EXACT, "o:v1")[3:6] == ("named", EXACT, "o:v1")


@pytest.mark.parametrize(
    ("reference", "name", "tag"),
    [
        ("ghcr.io/acme/observer:v1.2.3", "observer", "v1.2.3"),
        ("127.0.0.1:5000/acme/web:a1b2c3d", "web", "a1b2c3d"),
        ("web:v1", "web", "v1"),
    ],
)
def test_an_archive_is_named_for_image_and_tag(reference: str, name: str, tag: str) -> None:
    command = archived(reference, PurePosixPath("/srv/archive"), 3)
    assert command[3:] == ("archive", "/srv/archive", name, tag, reference, "3")


def test_an_image_is_read() -> None:
    text = f'{{"id":"sha256:1","digests":["{EXACT}"],"tags":null,"size":5}}'
    image = image_in(text)
    assert image == HostImage("sha256:1", (EXACT,), (), 5)
    assert image.digest_of("ghcr.io/acme/observer") == "sha256:" + "a" * 64
    assert image.digest_of("ghcr.io/acme/other") is None


@pytest.mark.parametrize("text", ["", "{}", "[]"])
def test_anything_else_is_garbled(text: str) -> None:
    with pytest.raises(Garbled):
        image_in(text)


@pytest.mark.parametrize(
    ("stderr", "kind"),
    [
        ("Error response from daemon: denied", Denied),
        ("unauthorized: authentication required", Denied),
        ('Head "https://ghcr.io/v2/x": no basic auth credentials', Denied),
        ("manifest unknown", NotFound),
        ("manifest for x not found", NotFound),
        ("pull access denied for x, repository does not exist or may require 'docker login'", Denied),
        ("dial tcp: lookup ghcr.io: no such host", Unreachable),
        ("dial tcp 127.0.0.1:5000: connect: connection refused", Unreachable),
        ("Head https://ghcr.io/v2/: net/http: request canceled (Client.Timeout exceeded while awaiting)", Unreachable),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority", Unreachable),
        ("received unexpected HTTP status: 503 Service Unavailable", Unreachable),
        ("no matching manifest for linux/amd64 in the manifest list entries", NotFound),
        ("write /var/lib/docker/x: no space left on device", CommandFailed),
        ("something that nobody has seen yet", None),
    ],
)
def test_a_failed_pull_is_told_by_its_reason(stderr: str, kind: type[ToolError] | None) -> None:
    failure = pull_failure(EXACT, "web", Completed(("x",), 1, "", stderr, timedelta()))
    assert type(failure) is (kind or type(None))


@pytest.mark.parametrize(
    ("reference", "registry"),
    [
        ("ghcr.io/acme/observer:v1", "ghcr.io"),
        ("127.0.0.1:5000/web", "127.0.0.1:5000"),
        ("localhost/web", "localhost"),
        ("acme/web:v1", "docker.io"),
        ("web", "docker.io"),
    ],
)
def test_the_registry_is_read_from_a_reference(reference: str, registry: str) -> None:
    assert registry_of(reference) == registry


@pytest.mark.parametrize(
    ("registry", "loopback"),
    [("127.0.0.1:5000", True), ("localhost:5000", True), ("localhost", True), ("[::1]:5000", True), ("ghcr.io", False)],
)
def test_a_registry_on_the_machine_itself_is_recognised(registry: str, loopback: bool) -> None:
    assert is_loopback(registry) is loopback


def test_a_person_is_told_what_to_type_where() -> None:
    assert "On web, run `docker login ghcr.io -u USER`" in login_remedy("ghcr.io", "web")
    assert "run `docker login -u USER`" in login_remedy("docker.io", "web")


def test_the_look_at_stored_logins_prints_names_only() -> None:
    assert stored("docker.io")[-1] == "https://index.docker.io/v1/"
    assert "grep -oF" in stored("ghcr.io")[2]


def test_a_registry_on_the_machine_itself_is_asked_without_tls() -> None:
    assert asked("127.0.0.1:5000/web:v1") == ("docker", "manifest", "inspect", "--insecure", "127.0.0.1:5000/web:v1")
    assert asked("ghcr.io/acme/web:v1") == ("docker", "manifest", "inspect", "ghcr.io/acme/web:v1")


async def test_an_image_that_the_host_kept_is_named_without_its_registry() -> None:
    ran: list[str] = []

    class Kept:
        """A host that has every image and no network."""

        name = "web"

        async def run(self, argv: Sequence[str]) -> Completed:
            ran.append(argv[3] if argv[0] == "sh" else argv[1])
            line = f'{{"id":"sha256:1","digests":["{EXACT}"],"tags":null,"size":5}}\n'
            return Completed(tuple(argv), 0, line * 2, "", timedelta())

    repository, _, digest = EXACT.partition("@")
    image = await HostImages(cast("Host", Kept())).ensure(repository, digest, "v1")
    assert (image.id, ran) == ("sha256:1", ["named"])


def test_a_mark_tells_the_digest_where_the_registry_did_not_and_no_other_tag_does() -> None:
    repository, _, digest = EXACT.partition("@")
    assert HostImage("sha256:1", (), (mark_of(EXACT),)).digest_of(repository) == digest
    assert HostImage("sha256:1", (), (mark_of(EXACT),)).digest_of("ghcr.io/acme/other") is None
    assert HostImage("sha256:1", (), (f"{repository}:sha256-abc", f"{repository}:v1")).exact == ()


def test_a_mark_counts_before_the_digest_that_an_engine_made_up_for_what_was_loaded() -> None:
    repository, _, digest = EXACT.partition("@")
    loaded = HostImage("sha256:1", (f"{repository}@sha256:{'b' * 64}",), (mark_of(EXACT),))
    assert loaded.digest_of(repository) == digest
