"""The command line of `init`: where paths are seen from, and what it refuses before it looks at anything."""

from pathlib import Path

import pytest

from agents.entrypoints.commandline import main
from tests.unit.entrypoints.init.samples import BARE

IMAGE = ("--image", "ghcr.io/acme/bare")


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a directory of a bot, with a repository beside its settings."""
    (tmp_path / "work").mkdir()
    for path, text in BARE.items():
        (tmp_path / "work" / path).write_text(text)
    (tmp_path / "shipmate.yaml").write_text("services: declared\n")
    monkeypatch.setenv("SHIPMATE_CWD", str(tmp_path))
    monkeypatch.setenv("SHIPMATE_CONFIG", "shipmate.yaml")
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    return tmp_path / "work"


def test_paths_are_seen_from_the_caller_and_the_services_file_goes_beside_the_bots_others(work: Path) -> None:
    assert main(["init", "work", "--write", "--name", "bare", *IMAGE]) == 0
    assert (work / "Dockerfile").is_file()
    assert (work.parent / "declared/bare.yaml").is_file()


def test_the_services_file_goes_where_the_operator_wants_it(work: Path) -> None:
    assert main(["init", "work", "--write", *IMAGE, "--service-file", "elsewhere/x.yaml"]) == 0
    assert (work.parent / "elsewhere/x.yaml").is_file()


def test_a_directory_that_is_not_there_is_one_line_and_exit_code_2(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "nowhere"]) == 2
    assert f"There is no directory {work.parent}/nowhere." in capsys.readouterr().err


def test_an_address_without_a_repository_is_one_line_and_exit_code_2(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--repo", f"{work}/nowhere.git", *IMAGE]) == 2
    assert "Check the address" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ("--port", "0"),
        ("--port", "web=eighty"),
        ("--image", "ghcr.io/acme/x:v1"),
        ("--name", "Two Words"),
        ("--health", "health"),
        ("--output", "../outside"),
        ("--approver", "hana"),
        ("--host", "a; reboot"),
        ("--write", "--pull-request"),
    ],
)
def test_what_cannot_be_meant_is_refused(work: Path, options: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["init", str(work), *options])
    assert ended.value.code == 2
