"""P15 no data dies with a container: what a container keeps its data on, its successor gets."""

from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.continuity import storage_continued
from guardrails.verdict import Level, Verdict
from tools.compose_file import ComposeFile, ComposeService, Mount, Volume
from tools.inspection import Container, ContainerMount

HERE = PurePosixPath("/srv/observer")
DATA = ContainerMount("bind", "/srv/observer/data", "/app/data")
STATE = ContainerMount("volume", "observer_state", "/app/state", driver="local")
UNNAMED = ContainerMount("anonymous", "0" * 64, "/app/cache")
VOLUMES = {
    "state": Volume("observer_state"),
    "other": Volume("observer_other"),
    "shared": Volume("shared", external=True),
    "nfs": Volume("observer_state", driver="nfs"),
    "ram": Volume("observer_state", driver_options={"type": "tmpfs"}),
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
