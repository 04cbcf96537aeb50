import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.compose_file import ComposeService, Healthcheck, Mount, Port, Volume, normalise
from tools.compose_values import cpus, duration, memory_bytes, named_values
from tools.errors import Garbled


def _service(**raw: Any) -> ComposeService:
    return normalise(json.dumps({"name": "p", "services": {"web": raw}})).services["web"]


def test_a_service_with_nothing_said_has_nothing() -> None:
    assert _service(image="x") == ComposeService("web", image="x", raw={"image": "x"})


@pytest.mark.parametrize(
    ("raw", "mount"),
    [
        (
            {"type": "bind", "source": "/srv/d", "target": "/d", "bind": {"create_host_path": True}},
            Mount("bind", "/srv/d", "/d", create_host_path=True),
        ),
        ({"type": "bind", "source": "/srv/d", "target": "/d", "bind": {}}, Mount("bind", "/srv/d", "/d")),
        (
            {"type": "volume", "source": "kept", "target": "/d", "read_only": True},
            Mount("volume", "kept", "/d", read_only=True),
        ),
        ({"type": "volume", "target": "/d", "volume": {}}, Mount("anonymous", "", "/d")),
        ({"type": "tmpfs", "target": "/d"}, Mount("tmpfs", "", "/d")),
        (
            {"type": "volume", "source": "kept", "target": "/d", "volume": {"subpath": "a/b"}},
            Mount("volume", "kept", "/d", subpath="a/b"),
        ),
    ],
)
def test_mounts_are_told_apart(raw: dict[str, Any], mount: Mount) -> None:
    assert _service(volumes=[raw]).mounts == (mount,)


def test_p15_secrets_and_configs_that_are_files_are_read_only_mounts_of_them() -> None:
    handed = {
        "secrets": {"key": {"file": "/srv/key"}, "token": {"environment": "TOKEN"}, "away": {"external": True}},
        "configs": {"engine": {"file": "/var/run/docker.sock"}, "text": {"content": "x"}},
    }
    web = {
        "secrets": [{"source": "key"}, {"source": "key", "target": "renamed"}, {"source": "token"}, "away"],
        "configs": [{"source": "engine", "target": "/engine"}, "engine", {"source": "text"}],
    }
    service = normalise(json.dumps({"name": "p", "services": {"web": web}, **handed})).services["web"]
    assert service.mounts == (
        Mount("bind", "/srv/key", "/run/secrets/key", read_only=True),
        Mount("bind", "/srv/key", "/run/secrets/renamed", read_only=True),
        Mount("bind", "/var/run/docker.sock", "/engine", read_only=True),
        Mount("bind", "/var/run/docker.sock", "/engine", read_only=True),
    )


def test_limits_come_from_deploy_or_from_the_older_keys() -> None:
    new = _service(
        deploy={
            "resources": {
                "limits": {"cpus": 1, "memory": "536870912"},
                "reservations": {"cpus": 0.5, "memory": "256M"},
            }
        }
    )
    old = _service(cpus=1.0, mem_limit="512m", mem_reservation="268435456")
    assert (new.cpus, new.memory, new.cpus_reserved, new.memory_reserved) == (1.0, 512 * 1024**2, 0.5, 256 * 1024**2)
    assert (old.cpus, old.memory, old.cpus_reserved, old.memory_reserved) == (1.0, 512 * 1024**2, None, 256 * 1024**2)


@pytest.mark.parametrize(
    ("raw", "check"),
    [
        ({"test": ["CMD", "curl", "x"], "retries": 3}, Healthcheck(("CMD", "curl", "x"), retries=3)),
        ({"test": "curl x", "interval": "1m30s"}, Healthcheck(("CMD-SHELL", "curl x"), interval=90)),
        ({"test": ["NONE"]}, Healthcheck(("NONE",), disabled=True)),
        ({"disable": True}, Healthcheck(disabled=True)),
    ],
)
def test_a_health_check_is_read_in_each_notation(raw: dict[str, Any], check: Healthcheck) -> None:
    assert _service(healthcheck=raw).healthcheck == check


def test_ports_environment_and_short_tmpfs_are_read() -> None:
    service = _service(
        ports=[{"target": 80, "published": "8080", "host_ip": "127.0.0.1", "protocol": "udp"}, {"target": 90}],
        environment=["A=1=2", "B", "C="],
        tmpfs=["/run:size=64m"],
        env_file=[{"path": "/srv/.env", "required": True}, "/srv/b.env"],
    )
    assert service.ports == (Port(80, "8080", "127.0.0.1", "udp"), Port(90))
    assert service.environment == {"A": "1=2", "B": None, "C": ""}
    assert (service.tmpfs, service.env_files) == (("/run",), ("/srv/.env", "/srv/b.env"))


def test_volumes_carry_the_engines_name_and_driver() -> None:
    volumes = {"kept": {"name": "p_kept"}, "ext": {"external": True, "name": "e"}, "bare": None}
    read = normalise(json.dumps({"name": "p", "services": {}, "volumes": volumes})).volumes
    assert read == {"kept": Volume("p_kept"), "ext": Volume("e", external=True), "bare": Volume("bare")}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", '{"services": {"web": []}}', '{"services": {"web": {"volumes": [{"type": "npipe"}]}}}'],
)
def test_anything_else_is_garbled(text: str) -> None:
    with pytest.raises(Garbled, match="could not be understood"):
        normalise(text)


@given(st.text())
def test_no_text_at_all_makes_it_fail_otherwise(text: str) -> None:
    try:
        normalise(text)
    except Garbled:
        return


@pytest.mark.parametrize(
    ("text", "expected"),
    [("512M", 536870912), ("1g", 1024**3), ("1.5k", 1536), ("100", 100), ("2GiB", 2 * 1024**3), (7, 7), (None, None)],
)
def test_sizes(text: str | None, expected: int | None) -> None:
    assert memory_bytes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("1m30s", 90), ("500ms", 0.5), ("1h", 3600), ("1.5s", 1.5), ("", None), (None, None)]
)
def test_durations(text: str | None, expected: float | None) -> None:
    assert duration(text) == expected


@pytest.mark.parametrize(("read", "text"), [(memory_bytes, "much"), (duration, "soon"), (duration, "5"), (cpus, "two")])
def test_nonsense_is_named(read: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        read(text)


def test_an_environment_as_a_mapping_keeps_the_difference_between_empty_and_absent() -> None:
    assert named_values({"A": 1, "B": None, "C": ""}) == {"A": "1", "B": None, "C": ""}
