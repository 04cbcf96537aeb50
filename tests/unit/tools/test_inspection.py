import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tools.errors import Garbled
from tools.inspection import FORMAT, ContainerMount, PathChange, containers_in, moment, path_changes_in


def _line(**changed: Any) -> str:
    raw = {
        "id": "abc",
        "name": "/observer",
        "image": "ghcr.io/acme/observer:v1.2.3",
        "image_id": "sha256:1",
        "status": "running",
        "health": None,
        "exit_code": 0,
        "restarts": 0,
        "started_at": "2026-02-06T16:00:00.123456789Z",
        "created_at": "2026-02-06T15:59:59Z",
        "mounts": [],
        "tmpfs": None,
        "user": "qts",
        "read_only": False,
        "test": None,
        "labels": None,
        "names": ["PATH", "A"],
    }
    return json.dumps({**raw, **changed})


def test_a_container_is_read_with_names_only() -> None:
    (container,) = containers_in(_line())
    assert (container.name, container.user, container.environment_names) == ("observer", "qts", ("A", "PATH"))
    assert container.started_at == datetime(2026, 2, 6, 16, 0, 0, 123456, tzinfo=UTC)
    assert (container.running, container.health) == (True, None)


def test_the_engine_is_never_asked_for_the_value_of_a_variable() -> None:
    assert '(index (split $e "=") 0)' in FORMAT
    assert "json .Config.Env}" not in FORMAT
    assert "json .Config}" not in FORMAT


def test_running_comes_before_stopped_and_newer_before_older() -> None:
    text = "\n".join(
        [
            _line(id="old", created_at="2026-01-01T00:00:00Z"),
            _line(id="stopped", status="exited", created_at="2026-03-01T00:00:00Z"),
            _line(id="new", created_at="2026-02-01T00:00:00Z"),
        ]
    )
    assert [container.id for container in containers_in(text)] == ["new", "old", "stopped"]


def test_a_disabled_health_check_is_none() -> None:
    (container,) = containers_in(_line(test=["NONE"], health="none"))
    assert container.health is None


@pytest.mark.parametrize(
    ("raw", "mount"),
    [
        (
            {"Type": "bind", "Source": "/srv/d", "Destination": "/d", "RW": False},
            ContainerMount("bind", "/srv/d", "/d", read_only=True),
        ),
        (
            {
                "Type": "volume",
                "Name": "p_kept",
                "Source": "/var/x",
                "Destination": "/d",
                "Driver": "local",
                "RW": True,
            },
            ContainerMount("volume", "p_kept", "/d", driver="local"),
        ),
        (
            {"Type": "volume", "Name": "ab" * 32, "Destination": "/d", "RW": True},
            ContainerMount("anonymous", "ab" * 32, "/d"),
        ),
        ({"Type": "tmpfs", "Destination": "/d", "RW": True}, ContainerMount("tmpfs", "", "/d")),
    ],
)
def test_mounts_are_told_apart(raw: dict[str, Any], mount: ContainerMount) -> None:
    (container,) = containers_in(_line(mounts=[raw]))
    assert container.mounts == (mount,)


def test_the_short_notation_of_tmpfs_is_a_mount_too() -> None:
    (container,) = containers_in(_line(tmpfs={"/run": "size=1m"}))
    assert container.mounts == (ContainerMount("tmpfs", "", "/run"),)


def test_p15_a_part_of_a_volume_is_told_from_the_whole() -> None:
    mount = {"Type": "volume", "Name": "p_kept", "Destination": "/d", "RW": True}
    asked = [{"Type": "volume", "Target": "/d", "VolumeOptions": {"Subpath": "a"}}, {"Type": "bind", "Target": "/e"}]
    (container,) = containers_in(_line(mounts=[mount], asked=asked))
    assert container.mounts == (ContainerMount("volume", "p_kept", "/d", subpath="a"),)


@pytest.mark.parametrize("text", ["nonsense", "{}", "[]", _line(started_at=5)])
def test_anything_else_is_garbled(text: str) -> None:
    with pytest.raises(Garbled):
        containers_in(text)


def test_no_answer_is_no_container() -> None:
    assert containers_in("\n") == ()


def test_the_engines_zero_means_never() -> None:
    assert moment("0001-01-01T00:00:00Z") is None


def test_changes_are_sorted_and_named() -> None:
    assert path_changes_in("C /app\nA /app/new file\nD /app/gone\nX ?\n") == (
        PathChange("/app", "changed"),
        PathChange("/app/gone", "deleted"),
        PathChange("/app/new file", "added"),
    )


def test_fixed_addresses_and_published_ports_are_told_also_of_a_stopped_container_and_no_others() -> None:
    networks = {
        "shipmate": {"IPAMConfig": {"IPv4Address": "198.18.3.250"}, "IPAddress": ""},
        "observer_default": {"IPAMConfig": None, "IPAddress": "198.18.0.2"},
    }
    ports = {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8000"}], "9/tcp": [{"HostIp": "", "HostPort": ""}]}
    (container,) = containers_in(_line(status="exited", networks=networks, ports=ports))
    assert container.published == (8000,)
    assert container.addresses == {"shipmate": "198.18.3.250"}
