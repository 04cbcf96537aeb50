"""The bot's disk after an interruption: ended releases leave nothing, unfinished ones keep their sources."""

from pathlib import Path

from tools.workspace import SCRATCH, Workspaces

ENDED, WAITING = "20260206-160000-a1b2c3d", "20260206-160100-b2c3d4e"


def _filled(root: Path, *names: str) -> None:
    for name in names:
        (root / name).mkdir(parents=True)
        (root / name / "file").write_text("x")


def _names(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()}


async def test_a_sweep_removes_what_ended_releases_left_and_the_scratch_of_the_others(tmp_path: Path) -> None:
    scratch = [pattern.replace("*", "x1y2") for pattern in SCRATCH]
    _filled(tmp_path, "repositories", "scanner", f"{ENDED}/sources-1", f"{WAITING}/sources-1")
    _filled(tmp_path / WAITING, *scratch)
    await Workspaces(tmp_path).sweep({WAITING})
    assert _names(tmp_path) == {"repositories", "scanner", WAITING}
    assert _names(tmp_path / WAITING) == {"sources-1"}


async def test_a_release_that_ended_is_removed_and_one_that_never_worked_is_no_trouble(tmp_path: Path) -> None:
    _filled(tmp_path, f"{ENDED}/sources-1")
    workspaces = Workspaces(tmp_path)
    for release in (ENDED, WAITING):
        await workspaces.remove(release)
    assert _names(tmp_path) == set()


async def test_a_root_that_is_not_there_yet_has_nothing_to_sweep(tmp_path: Path) -> None:
    await Workspaces(tmp_path / "absent").sweep(())
    assert not (tmp_path / "absent").exists()
