"""`guard dockerfile`: the rules that ship for kodex, on real checkouts of its versions."""

import io
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agents.entrypoints.guard_dockerfile import guard_dockerfile
from config.loading import load
from tests.stage.kodex.repository import FIRST, NEXT, build_kodex
from tests.stage.kodex.traps import GOOD
from tools.errors import NotFound

CONFIGURATION = load(Path(__file__).parents[2] / "config/shipmate.yaml", {})


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_kodex(tmp_path_factory.mktemp("kodex") / "kodex.git")


def checkout(bare: Path, version: str, directory: Path) -> Path:
    subprocess.run(("git", "clone", "--quiet", bare, directory), check=True, capture_output=True)
    subprocess.run(("git", "-C", directory, "checkout", "--quiet", "--detach", version), check=True)
    return directory


def told(directory: Path) -> tuple[int, Mapping[str, Any]]:
    out = io.StringIO()
    code = guard_dockerfile(CONFIGURATION, "kodex", directory, as_json=True, out=out)
    return code, json.loads(out.getvalue())


@pytest.mark.parametrize("version", [FIRST, GOOD, NEXT, "v1.1.6", "v1.3.0"])
def test_versions_that_keep_to_the_rules_pass(bare: Path, tmp_path: Path, version: str) -> None:
    code, answer = told(checkout(bare, version, tmp_path / "checkout"))
    assert (code, answer["findings"]) == (0, [])


@pytest.mark.parametrize(
    ("version", "rule"),
    [
        ("v1.1.0", "user-root"),
        ("v1.1.1", "single-stage"),
        ("v1.1.2", "weights-in-context"),
        ("v1.1.3", "package-missing"),
        ("v1.1.4", "ignore-missing"),
        ("v1.1.5", "base-image"),
        ("v1.1.7", "ignore-missing"),
    ],
)
def test_every_trap_breaks_exactly_its_rule(bare: Path, tmp_path: Path, version: str, rule: str) -> None:
    code, answer = told(checkout(bare, version, tmp_path / "checkout"))
    assert code == 1
    assert {finding["rule"] for finding in answer["findings"]} == {rule}
    assert all(finding["remedy"] and finding["place"] for finding in answer["findings"])


def test_a_person_reads_place_reason_and_way_out(bare: Path, tmp_path: Path) -> None:
    out, directory = io.StringIO(), checkout(bare, "v1.1.0", tmp_path / "checkout")
    assert guard_dockerfile(CONFIGURATION, "kodex", directory, as_json=False, out=out) == 1
    first, second = out.getvalue().splitlines()
    assert first.startswith("blocking Dockerfile:")
    assert first.endswith("(user-root)")
    assert "USER appuser" in second


def test_files_that_are_not_added_yet_count_and_ignored_ones_do_not(bare: Path, tmp_path: Path) -> None:
    directory = checkout(bare, GOOD, tmp_path / "checkout")
    (directory / "Dockerfile").write_text("FROM python:3.12\n")
    subprocess.run(("git", "-C", directory, "rm", "--quiet", "--cached", "Dockerfile"), check=True)
    assert "dockerfile-absent" not in {finding["rule"] for finding in told(directory)[1]["findings"]}
    (directory / ".git/info/exclude").write_text("Dockerfile\n")
    (finding,) = told(directory)[1]["findings"]
    assert finding["message"] == "There is no Dockerfile to be released: git ignores it."
    (directory / "Dockerfile").unlink()
    assert f"it was looked for in {directory}." in told(directory)[1]["findings"][0]["message"]


def test_an_unknown_service_or_directory_is_told() -> None:
    with pytest.raises(NotFound, match="did you mean 'kodex'"):
        guard_dockerfile(CONFIGURATION, "kodx", Path(), as_json=True, out=io.StringIO())
    with pytest.raises(NotFound, match="There is no directory"):
        guard_dockerfile(CONFIGURATION, "kodex", Path("nowhere"), as_json=True, out=io.StringIO())
