"""Cgroup v2 inside a container, on a folder that looks like it."""

from pathlib import Path

from tests.stage.cgroups import delegate


def group(place: Path, **files: str) -> Path:
    for name, content in {"controllers": "cpu memory", "procs": "7\n", "subtree_control": "", **files}.items():
        (place / f"cgroup.{name}").write_text(content)
    return place


def test_inside_a_container_processes_move_down_and_limits_become_possible(tmp_path: Path) -> None:
    delegate(group(tmp_path, type="domain"))
    assert (tmp_path / "init/cgroup.procs").read_text() == "7"
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+memory"  # the kernel adds up what a file replaces


def test_the_machines_own_root_group_is_left_alone(tmp_path: Path) -> None:
    delegate(group(tmp_path))
    assert not (tmp_path / "init").exists()


def test_cgroup_v1_is_left_alone(tmp_path: Path) -> None:
    delegate(tmp_path)
    assert list(tmp_path.iterdir()) == []
