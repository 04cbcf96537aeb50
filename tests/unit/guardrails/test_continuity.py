"""P15 no data dies with a container: what a container keeps its data on, its successor gets."""

from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.continuity import none_left_behind, storage_continued
from guardrails.verdict import Level, Verdict
from tools.compose_file import ComposeFile, ComposeService, Mount, Volume
from tools.inspection import Container, ContainerMount

HERE = PurePosixPath("/srv/observer")
DATA = ContainerMount("bind", "/srv/observer/data", "/app/data")
STATE = ContainerMount("volume", "observer_state", "/app/state", driver="local")
PART = ContainerMount("volume", "observer_state", "/app/part", driver="local", subpath="a")
KEY = ContainerMount("bind", "/srv/observer/key", "/run/secrets/key", read_only=True)
UNNAMED = ContainerMount("anonymous", "0" * 64, "/app/cache")
VOLUMES = {
    "state": Volume("observer_state"),
    "other": Volume("observer_other"),
    "shared": Volume("shared", external=True),
    "nfs": Volume("observer_state", driver="nfs"),
    "ram": Volume("observer_state", driver_options={"type": "tmpfs"}),
    "named": Volume("srv_state"),
}


def judge(running: ContainerMount, *planned: Mount, project: str = "observer", read_as: str = "observer") -> Verdict:
    container = Container("c0ffee", "observer", "observer:v1", "sha256:1", "running", mounts=(running,))
    file = ComposeFile(read_as, {"observer": ComposeService("observer", mounts=planned)}, VOLUMES)
    return storage_continued(container, file, "observer", project=project, directory=HERE)


@pytest.mark.parametrize(
    ("rule", "running", "planned"),
    [
        ("", DATA, [Mount("bind", "/srv/observer/data", "/app/data")]),
        ("", DATA, [Mount("bind", "./data/", "/app/data/")]),
        ("", DATA, [Mount("bind", "/srv/observer", "/app")]),
        ("", STATE, [Mount("volume", "state", "/app/state")]),
        ("", ContainerMount("volume", "shared", "/s"), [Mount("volume", "shared", "/s")]),
        ("", ContainerMount("tmpfs", "", "/tmp"), []),
        ("", UNNAMED, [Mount("anonymous", "", "/app/cache")]),
        ("", PART, [Mount("volume", "state", "/app/part", subpath="a/")]),
        ("backing-kept", PART, [Mount("volume", "state", "/app/part")]),
        ("backing-kept", PART, [Mount("volume", "state", "/app/part", subpath="b")]),
        ("backing-kept", STATE, [Mount("volume", "state", "/app/state", subpath="a")]),
        ("backing-kept", STATE, [Mount("volume", "named", "/app/state")]),
        ("volume-kept", DATA, []),
        ("volume-kept", DATA, [Mount("bind", "/srv/observer/data", "/app/data/observer")]),
        ("volume-kept", STATE, [Mount("volume", "state", "/app/state2")]),
        ("backing-kept", DATA, [Mount("bind", "/srv/observer/data2", "/app/data")]),
        ("backing-kept", DATA, [Mount("bind", "/srv/observer/elsewhere", "/app")]),
        ("backing-kept", DATA, [Mount("volume", "state", "/app/data")]),
        ("backing-kept", DATA, [Mount("tmpfs", "", "/app/data")]),
        ("backing-kept", DATA, [Mount("bind", "${DATA_DIR}", "/app/data")]),
        ("backing-kept", STATE, [Mount("volume", "other", "/app/state")]),
        ("backing-kept", STATE, [Mount("bind", "/srv/observer/state", "/app/state")]),
        ("backing-kept", STATE, [Mount("anonymous", "", "/app/state")]),
        ("backing-kept", STATE, [Mount("volume", "ram", "/app/state")]),
        ("backing-kept", STATE, [Mount("volume", "state", "/app")]),
        ("volume-driver-kept", STATE, [Mount("volume", "nfs", "/app/state")]),
        ("anonymous-left-behind", UNNAMED, [Mount("volume", "state", "/app/cache")]),
    ],
)
def test_p15_every_persistent_place_keeps_its_backing(rule: str, running: ContainerMount, planned: list[Mount]) -> None:
    verdict = judge(running, *planned)
    assert [finding.rule for finding in verdict.findings] == ([rule] if rule else [])
    assert verdict.blocks == bool(rule)
    assert all(finding.remedy for finding in verdict.findings)


@pytest.mark.parametrize(
    ("rule", "running", "planned"),
    [
        ("storage-now-read-only", DATA, [Mount("bind", "/srv/observer/data", "/app/data", read_only=True)]),
        ("anonymous-left-behind", UNNAMED, []),
        ("volume-kept", KEY, []),
        ("backing-kept", KEY, [Mount("bind", "/srv/observer/key2", "/run/secrets/key", read_only=True)]),
    ],
)
def test_what_may_go_wrong_is_warned_of(rule: str, running: ContainerMount, planned: list[Mount]) -> None:
    verdict = judge(running, *planned)
    assert [(f.rule, f.level) for f in verdict.findings] == [(rule, Level.WARNING)]


def test_p15_a_renamed_project_would_leave_its_volumes_behind() -> None:
    container = Container(
        *("c0ffee", "observer", "observer:v1", "sha256:1", "running"),
        mounts=(STATE,),
        labels={"com.docker.compose.project": "observer"},
    )
    service = ComposeService("observer", mounts=(Mount("volume", "state", "/app/state"),))
    file = ComposeFile("observer", {"observer": service}, VOLUMES)
    verdict = storage_continued(container, file, "observer", project="watcher", directory=HERE)
    assert [finding.rule for finding in verdict.findings] == ["backing-kept", "project-renamed"]
    assert "watcher_state" in verdict.findings[0].message


def test_the_project_under_which_the_file_was_read_does_not_matter() -> None:
    volumes = {"state": Volume("srv_state")}
    service = ComposeService("observer", mounts=(Mount("volume", "state", "/app/state"),))
    file = ComposeFile("srv", {"observer": service}, volumes)
    container = Container("c0ffee", "observer", "observer:v1", "sha256:1", "running", mounts=(STATE,))
    assert not storage_continued(container, file, "observer", project="observer", directory=HERE).findings


def test_p15_a_service_that_vanished_from_the_file_keeps_nothing() -> None:
    container = Container("c0ffee", "observer", "observer:v1", "sha256:1", "running", mounts=(DATA, STATE))
    verdict = storage_continued(container, ComposeFile("observer"), "observer", project="observer", directory=HERE)
    assert [finding.rule for finding in verdict.findings] == ["volume-kept", "volume-kept"]


def test_p15_a_waived_place_only_warns_with_the_reason_and_frees_no_other() -> None:
    container = Container("c0ffee", "observer", "observer:v1", "sha256:1", "running", mounts=(DATA, STATE))
    file = ComposeFile("observer", {"observer": ComposeService("observer")})
    verdict = storage_continued(
        container, file, "observer", project="observer", directory=HERE, reasons={"/app/data": "moved to S3"}
    )
    assert [(f.subject, f.level) for f in verdict.findings] == [
        ("observer: /app/state", Level.BLOCKING),
        ("observer: /app/data", Level.WARNING),
    ]
    assert verdict.findings[1].message.endswith("Waived: moved to S3")


def made(project: str, service: str, status: str = "running") -> Container:
    labels = {"com.docker.compose.project": project, "com.docker.compose.service": service}
    return Container("c0ffee", "old", "x:1", "sha256:1", status, mounts=(STATE,), labels=labels)


@pytest.mark.parametrize(
    ("rule", "level", "one", "absent"),
    [
        ("project-renamed", Level.BLOCKING, made("srv", "observer"), ["observer"]),
        ("service-renamed", Level.BLOCKING, made("observer", "watcher"), ["observer"]),
        ("service-left-behind", Level.WARNING, made("observer", "watcher"), []),
        ("", Level.NOTE, made("srv", "observer"), []),
        ("", Level.NOTE, made("srv", "grafana"), ["observer"]),
        ("", Level.NOTE, made("observer", "db"), ["observer"]),
        ("", Level.NOTE, made("observer", "watcher", "exited"), ["observer"]),
    ],
)
def test_p15_a_predecessor_under_another_name_is_found(
    rule: str, level: Level, one: Container, absent: list[str]
) -> None:
    file = ComposeFile("observer", {name: ComposeService(name) for name in ("observer", "db")})
    verdict = none_left_behind([one], file, absent, project="observer")
    assert [finding.rule for finding in verdict.findings] == ([rule] if rule else [])
    assert verdict.level is level


def test_a_first_deploy_has_nothing_to_lose() -> None:
    assert not storage_continued(None, ComposeFile("x"), "observer", project="observer", directory=HERE).findings


paths = st.sampled_from(["/a", "/a/b", "/c", "/ab"])
binds = st.builds(lambda name, target: Mount("bind", f"/srv/observer/{name}", target), st.sampled_from("xyz"), paths)


@given(st.lists(binds, max_size=4, unique_by=lambda mount: mount.target), st.data())
def test_p15_an_unchanged_file_always_passes_and_any_moved_source_never_does(
    planned: list[Mount], data: st.DataObject
) -> None:
    running = tuple(ContainerMount("bind", mount.source, mount.target) for mount in planned)
    container = Container("c0ffee", "observer", "observer:v1", "sha256:1", "running", mounts=running)

    def verdict(mounts: list[Mount]) -> Verdict:
        file = ComposeFile("observer", {"observer": ComposeService("observer", mounts=tuple(mounts))})
        return storage_continued(container, file, "observer", project="observer", directory=HERE)

    assert not verdict(planned).findings
    if planned:
        index = data.draw(st.integers(0, len(planned) - 1))
        planned[index] = replace(planned[index], source="/srv/observer/moved")
        assert verdict(planned).blocks
