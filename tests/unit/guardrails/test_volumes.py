"""P15 no data dies with a container: storage as the compose file declares it."""

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.contracts import PathContract
from guardrails.mounts import covering, within
from guardrails.verdict import Finding, Level, Verdict
from guardrails.volumes import sources_present, storage_kept
from tools.compose_file import ComposeFile, ComposeService, Mount, Volume

HERE = PurePosixPath("/srv/observer")
DATA = Mount("bind", "/srv/observer/data", "/app/data/observer")
LOGS = Mount("bind", "/srv/observer/logs", "/app/logs")
NAMED = Mount("volume", "state", "/app/state")
PATHS = PathContract(
    mounts={"./data": "/app/data/observer", "./logs": "/app/logs"}, persist=("/app/data/observer", "/app/logs")
)
VOLUMES = {
    "state": Volume("observer_state"),
    "shared": Volume("shared", external=True),
    "ram": Volume("observer_ram", driver_options={"type": "tmpfs", "device": "tmpfs"}),
    "ramfs": Volume("observer_ramfs", driver_options={"type": "ramfs"}),
    "engine": Volume("e", driver_options={"type": "none", "o": "rw,bind", "device": "/var/run/docker.sock"}),
    "etc": Volume("t", driver_options={"type": "none", "o": "rbind", "device": "/etc/observer"}),
    "shm": Volume("s", driver_options={"type": "none", "o": "bind", "device": "/dev/shm/state"}),
    "own": Volume("o", driver_options={"type": "none", "o": "bind", "device": "./state"}),
    "nfs": Volume("n", driver_options={"type": "nfs", "o": "addr=10.0.0.1,rw", "device": ":/export"}),
}


def compose(*mounts: Mount, tmpfs: tuple[str, ...] = ()) -> ComposeFile:
    return ComposeFile("observer", {"observer": ComposeService("observer", mounts=mounts, tmpfs=tmpfs)}, VOLUMES)


def judge(*mounts: Mount, paths: PathContract = PATHS, tmpfs: tuple[str, ...] = ()) -> Verdict:
    return storage_kept(compose(*mounts, tmpfs=tmpfs), ["observer"], paths, HERE)


def rules(verdict: Verdict) -> list[str]:
    return [finding.rule for finding in verdict.findings]


def test_p15_declared_storage_that_is_there_passes() -> None:
    assert not judge(DATA, LOGS, NAMED).findings


def test_p15_dropping_a_volume_is_refused_with_the_way_out() -> None:
    verdict = judge(DATA)
    assert verdict.blocks
    assert verdict.findings == (
        Finding(
            rule="mount-dropped",
            subject="./logs -> /app/logs",
            message="The declared mount of ./logs at /app/logs is gone.",
            remedy="Mount ./logs at /app/logs, or change `paths.mounts` in a release of its own.",
        ),
        Finding(
            rule="persist-not-mounted",
            subject="/app/logs",
            message="/app/logs must outlive the container, but no mount covers it.",
            remedy="Mount a named volume or a host directory, writable, at /app/logs.",
        ),
    )


@pytest.mark.parametrize(
    ("rule", "mounts", "tmpfs"),
    [
        ("persist-not-mounted", (), ()),
        ("persist-not-mounted", (Mount("bind", "/srv/observer/db", "/app/db/inner"),), ()),
        ("persist-not-mounted", (Mount("bind", "/srv/observer/db", "/app/db2"),), ()),
        ("persist-on-anonymous", (Mount("anonymous", "", "/app/db"),), ()),
        ("persist-on-tmpfs", (Mount("tmpfs", "", "/app/db"),), ()),
        ("persist-on-tmpfs", (), ("/app",)),
        ("persist-on-tmpfs", (Mount("volume", "state", "/app"),), ("/app/db",)),
        ("persist-on-tmpfs", (Mount("volume", "ram", "/app/db"),), ()),
        ("persist-on-tmpfs", (Mount("volume", "ramfs", "/app/db"),), ()),
        ("persist-on-tmpfs", (Mount("volume", "state", "/app/db"), Mount("tmpfs", "", "/app/db/index")), ()),
        ("persist-on-tmpfs", (Mount("volume", "state", "/app/db"),), ("/app/db/index/",)),
        ("persist-on-tmpfs", (Mount("volume", "state", "/app/db"), Mount("volume", "ram", "/app/db/x")), ()),
        ("persist-on-anonymous", (Mount("volume", "state", "/app"), Mount("anonymous", "", "/app/db/x")), ()),
        ("persist-on-volatile", (Mount("bind", "/tmp/db", "/app/db"),), ()),
        ("persist-on-volatile", (Mount("bind", "/var/tmp/../tmp/db", "/app/db"),), ()),
        ("persist-on-volatile", (Mount("volume", "shm", "/app/db"),), ()),
        ("", (Mount("volume", "own", "/app/db"),), ()),
        ("", (Mount("volume", "nfs", "/app/db"),), ()),
        ("", (Mount("volume", "state", "/app/db"), Mount("tmpfs", "", "/app/db2")), ()),
        ("", (Mount("volume", "state", "/app/db"), Mount("tmpfs", "", "/app/db/cache/pages")), ()),
        ("persist-read-only", (Mount("bind", "/srv/observer/db", "/app/db", read_only=True),), ()),
        ("", (Mount("volume", "state", "/app/db/"),), ()),
        ("", (Mount("volume", "state", "/app"),), ()),
        ("", (Mount("volume", "shared", "/app/db"),), ()),
        ("", (Mount("bind", "/srv/observer/db", "/app/db"),), ("/app",)),
    ],
)
def test_p15_a_path_that_must_persist_needs_storage_that_outlives_the_container(
    rule: str, mounts: tuple[Mount, ...], tmpfs: tuple[str, ...]
) -> None:
    verdict = judge(*mounts, tmpfs=tmpfs, paths=PathContract(persist=("/app/db",), ephemeral=("/app/db/cache/*",)))
    assert [found for found in rules(verdict) if found.startswith("persist")] == ([rule] if rule else [])
    assert verdict.blocks == bool(rule)


def test_p15_a_path_is_kept_when_one_service_of_the_release_keeps_it() -> None:
    two = {"front": ComposeService("front"), "observer": ComposeService("observer", mounts=(DATA, LOGS))}
    assert not storage_kept(ComposeFile("observer", two), ["front", "observer"], PATHS, HERE).findings
    assert storage_kept(ComposeFile("observer", two), ["front"], PATHS, HERE).blocks


@pytest.mark.parametrize(
    ("rule", "mount"),
    [
        ("mount-moved", replace(DATA, target="/app/data")),
        ("mount-source-differs", replace(DATA, source="/srv/observer/other")),
        ("mount-source-differs", Mount("anonymous", "", "/app/data/observer")),
        ("", replace(DATA, source="./data")),
        ("", replace(DATA, source="data/")),
        ("", replace(DATA, target="/app/data/observer/")),
        ("", replace(DATA, read_only=True)),
    ],
)
def test_p15_a_declared_mount_keeps_its_source_and_its_place(rule: str, mount: Mount) -> None:
    verdict = judge(mount, paths=PathContract(mounts={"./data": "/app/data/observer"}))
    assert [found for found in rules(verdict) if found.startswith("mount")] == ([rule] if rule else [])


@pytest.mark.parametrize("source", ["state", "observer_state"])
def test_a_declared_mount_may_name_a_volume_by_key_or_in_full(source: str) -> None:
    assert not judge(NAMED, paths=PathContract(mounts={source: "/app/state"})).findings


@pytest.mark.parametrize(
    ("rule", "level", "mount"),
    [
        ("volume-anonymous", Level.BLOCKING, Mount("anonymous", "", "/cache")),
        ("volume-in-memory", Level.BLOCKING, Mount("volume", "ram", "/cache")),
        (
            "engine-socket",
            Level.BLOCKING,
            Mount("bind", "/var/run/docker.sock", "/var/run/docker.sock", read_only=True),
        ),
        ("engine-socket", Level.BLOCKING, Mount("bind", "/run/podman/podman.sock", "/engine.sock")),
        ("engine-socket", Level.BLOCKING, Mount("volume", "engine", "/engine.sock")),
        ("engine-socket", Level.BLOCKING, Mount("bind", "/run//x/../docker.sock", "/engine.sock")),
        ("bind-system-path", Level.BLOCKING, Mount("volume", "etc", "/app/config")),
        ("bind-system-path", Level.BLOCKING, Mount("bind", "/srv/observer/../../etc/observer/", "/app/config")),
        ("bind-system-path", Level.BLOCKING, Mount("bind", "/srv/observer/etc", "/app/..//etc/")),
        ("bind-system-path", Level.BLOCKING, Mount("bind", "/var/lib/docker/volumes/observer_state/_data", "/d")),
        ("", Level.NOTE, Mount("volume", "own", "/app/state")),
        ("", Level.NOTE, Mount("volume", "nfs", "/app/state")),
        ("bind-system-path", Level.BLOCKING, Mount("bind", "/srv/observer/etc", "/etc")),
        ("bind-system-path", Level.BLOCKING, Mount("bind", "/", "/host", read_only=True)),
        ("bind-system-path", Level.BLOCKING, Mount("bind", "/etc/observer", "/app/config")),
        ("bind-system-path", Level.BLOCKING, Mount("bind", "/var/lib/docker", "/images", read_only=True)),
        ("", Level.NOTE, Mount("bind", "/mnt/nas/models", "/app/models", read_only=True)),
        ("bind-outside", Level.WARNING, Mount("bind", "/mnt/nas/observer", "/app/data")),
        ("bind-unresolved", Level.WARNING, Mount("bind", "${DATA_DIR:-./data}", "/app/data")),
        ("", Level.NOTE, Mount("bind", "/etc/localtime", "/etc/localtime", read_only=True)),
        ("", Level.NOTE, Mount("bind", "/srv/observer/data", "/app/data")),
        ("", Level.NOTE, Mount("bind", "./data/../data", "/app/data")),
        ("", Level.NOTE, Mount("tmpfs", "", "/tmp")),
        ("", Level.NOTE, Mount("volume", "shared", "/app/data")),
    ],
)
def test_a_mount_may_neither_lose_data_unnoticed_nor_open_the_host(rule: str, level: Level, mount: Mount) -> None:
    verdict = judge(mount, paths=PathContract())
    assert rules(verdict) == ([rule] if rule else [])
    assert verdict.level is level
    assert all(finding.remedy for finding in verdict.findings)


@pytest.mark.parametrize(
    ("targets", "tmpfs"),
    [(("/d",), ("/d",)), (("/d",), ("/d/",)), (("/d", "/x/../d/"), ()), (("/d",), ("//d",))],
)
def test_p15_two_mounts_at_one_place_are_refused(targets: tuple[str, ...], tmpfs: tuple[str, ...]) -> None:
    mounts = tuple(Mount("volume", "state", target) for target in targets)
    assert rules(judge(*mounts, tmpfs=tmpfs, paths=PathContract())) == ["mount-doubled"]


@pytest.mark.parametrize("origin", ["base", "base:ro", "container:other"])
def test_p15_mounts_borrowed_from_another_container_are_refused(origin: str) -> None:
    borrower = ComposeService("observer", mounts=(DATA, LOGS), raw={"volumes_from": [origin]})
    verdict = storage_kept(ComposeFile("observer", {"observer": borrower}), ["observer"], PATHS, HERE)
    assert rules(verdict) == ["mounts-borrowed"]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({}, False),
        ({"scale": 1}, False),
        ({"scale": 2}, True),
        ({"deploy": {"replicas": 3}}, True),
        ({"deploy": {}}, False),
    ],
)
def test_several_containers_of_one_service_are_told(raw: dict[str, Any], told: bool) -> None:
    several = ComposeService("observer", mounts=(DATA, LOGS), raw=raw)
    verdict = storage_kept(ComposeFile("observer", {"observer": several}), ["observer"], PATHS, HERE)
    assert [(f.rule, f.level) for f in verdict.findings] == [("replicas-not-seen", Level.WARNING)] * told


def test_what_the_host_empties_counts_only_where_the_service_does_not_lie_there_itself() -> None:
    there, paths = PurePosixPath("/tmp/demo"), PathContract(persist=("/app/db",))
    file = compose(Mount("bind", "/tmp/demo/db", "/app/db"))
    assert not storage_kept(file, ["observer"], paths, there).findings
    assert rules(storage_kept(file, ["observer"], paths, HERE))[0] == "persist-on-volatile"


def test_p15_a_volume_of_the_image_needs_a_mount_at_the_very_path() -> None:
    named = compose(Mount("volume", "state", "/var/lib"), Mount("volume", "state", "/app/state"))
    image = {"observer": ["/var/lib/obs/", "/app/state", "/var/lib/obs"], "other": ["/x"]}
    verdict = storage_kept(named, ["observer"], PathContract(), HERE, image)
    assert [(f.rule, f.subject) for f in verdict.findings] == [("image-volume-unmapped", "observer: /var/lib/obs")]


def test_a_service_that_the_file_lacks_is_told() -> None:
    assert rules(storage_kept(compose(), ["observer", "ghost"], PathContract(), HERE)) == ["service-absent"]


def test_p15_a_source_that_the_host_lacks_blocks_and_so_does_one_that_nobody_looked_for() -> None:
    file = compose(DATA, replace(LOGS, source="./logs"), NAMED, Mount("volume", "shared", "/shared"))
    seen = {"/srv/observer/data": True, "/srv/observer/logs": None, "shared": False}
    verdict = sources_present(file, ["observer"], HERE, seen)
    assert [f.subject for f in verdict.findings] == ["observer: /srv/observer/logs", "observer: shared"]
    assert verdict.blocks
    disguised = compose(Mount("volume", "own", "/app/state"))
    assert rules(sources_present(disguised, ["observer"], HERE, {})) == ["mount-source-absent"]
    everything = dict.fromkeys(seen, True)
    assert not sources_present(file, ["observer"], HERE, everything).findings


segments = st.lists(st.sampled_from(["a", "b", "ab"]), max_size=3).map(lambda parts: "/" + "/".join(parts))
kinds = st.sampled_from(["bind", "volume", "anonymous", "tmpfs"])
mounts = st.lists(st.builds(lambda kind, target: Mount(kind, "/srv/observer/x", target), kinds, segments), max_size=5)


@given(mounts, segments)
def test_p15_what_passes_always_lies_on_a_writable_bind_or_volume(given_mounts: list[Mount], path: str) -> None:
    service = ComposeService("observer", mounts=tuple(given_mounts))
    file = ComposeFile("observer", {"observer": service})
    verdict = storage_kept(file, ["observer"], PathContract(persist=(path,)), HERE)
    mount = covering(path, service)
    lost_below = any(
        m.kind in {"anonymous", "tmpfs"} and m.target != path and within(m.target, path) for m in given_mounts
    )
    kept = mount is not None and mount.kind in {"bind", "volume"} and not lost_below
    assert any(rule.startswith("persist") for rule in rules(verdict)) == (not kept)
    if mount is not None:
        assert not [m for m in given_mounts if within(path, m.target) and len(m.target) > len(mount.target)]
