import io
import json
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest

from agents.entrypoints.guard import Exceptions, guard_secrets
from config.allowances import AllowedSecret
from tests.corpora.secrets.rendering import github_token
from tools.scanner import Scanner

PASSWORD = "Harbor!2345Zinc"


@pytest.fixture(scope="module")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Scanner:
    return Scanner(tmp_path_factory.getbasetemp() / "scanner")


def guard(
    scanner: Scanner,
    *paths: Path,
    as_json: bool = False,
    exceptions: Exceptions | None = None,
    base: Path = Path("/"),
) -> tuple[int, str]:
    out = io.StringIO()
    code = guard_secrets(paths, as_json=as_json, out=out, scanner=scanner, exceptions=exceptions, base=base)
    return code, out.getvalue()


def git(directory: Path, *argv: str) -> None:
    subprocess.run(("git", "-C", str(directory), *argv), check=True, capture_output=True)


def test_a_secret_stops_with_its_place_and_the_way_out_and_without_its_value(scanner: Scanner, tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text(f"a:\n  environment:\n    DB_PASSWORD: {PASSWORD}\n")
    code, told = guard(scanner, tmp_path)
    assert code == 1
    assert (
        f"{tmp_path}/compose.yml:3: blocking: DB_PASSWORD is written out in the file. [setting, structure layer" in told
    )
    assert "${DB_PASSWORD:?DB_PASSWORD required}" in told
    assert "1 file looked at, 1 blocking finding." in told
    assert PASSWORD not in told


def test_p14_the_fingerprint_that_is_printed_is_what_the_service_s_entry_takes(
    scanner: Scanner, tmp_path: Path
) -> None:
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops/compose.yml").write_text(f"a:\n  environment:\n    DB_PASSWORD: {PASSWORD}\n")
    code, told = guard(scanner, tmp_path, base=tmp_path)
    assert (code, told.startswith("ops/compose.yml:3: blocking: DB_PASSWORD is written out")) == (1, True)
    fingerprint = told.partition("fingerprint ")[2].partition("]")[0]
    assert fingerprint == scanner.seal(PASSWORD)
    day = date(2026, 3, 1)
    entry = AllowedSecret(
        path="ops/compose.yml", key="DB_PASSWORD", fingerprint=fingerprint, reason="an empty demo", expires=day
    )
    for base in (tmp_path, Path("/")):
        assert guard(scanner, tmp_path, base=base, exceptions=Exceptions((entry,), day))[0] == 0
    assert guard(scanner, tmp_path, exceptions=Exceptions((entry,), day + timedelta(days=1)))[0] == 1


def test_an_exception_is_told_in_the_text_while_it_holds_and_once_it_ended(scanner: Scanner, tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text(f"a:\n  environment:\n    DB_PASSWORD: {PASSWORD}\n")
    day = date(2026, 3, 1)
    entry = AllowedSecret(
        path="compose.yml", key="DB_PASSWORD", fingerprint=scanner.seal(PASSWORD), reason="an empty demo", expires=day
    )
    held = guard(scanner, tmp_path, base=tmp_path, exceptions=Exceptions((entry,), day))[1]
    assert "note: DB_PASSWORD is written out in the file. Allowed until 2026-03-01: an empty demo" in held
    assert "rotate" not in held.lower()
    ended = guard(scanner, tmp_path, base=tmp_path, exceptions=Exceptions((entry,), day + timedelta(days=1)))[1]
    assert "The exception for it ended on 2026-03-01 (an empty demo)." in ended
    assert "give its entry in `allowed_secrets` a later `expires`" in ended


def test_the_rotation_is_told_once_at_the_end(scanner: Scanner, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"DB_PASSWORD={PASSWORD}\nSMTP_PASSWORD={PASSWORD[::-1]}\n")
    told = guard(scanner, tmp_path)[1]
    assert (told.count(": blocking: "), told.lower().count("rotate")) == (2, 1)
    assert told.index("rotate") > told.index("2 blocking findings")


def test_files_that_git_ignores_are_counted(scanner: Scanner, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text(".env\nbuilt/\n")
    (tmp_path / ".env").write_text("A=1\n")
    (tmp_path / "built").mkdir()
    (tmp_path / "built/x").write_text("x")
    assert "Not looked at, because git ignores them: 2;" in guard(scanner, tmp_path)[1]


def test_clean_files_pass(scanner: Scanner, tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("a:\n  environment:\n    DB_PASSWORD: ${DB_PASSWORD:?}\n")
    assert guard(scanner, tmp_path) == (0, "1 file looked at, 0 blocking findings.\n")


def test_a_warning_alone_does_not_stop(scanner: Scanner, tmp_path: Path) -> None:
    (tmp_path / "x.diff").write_text(f"--- a/.env\n+++ b/.env\n@@ -1 +0,0 @@\n-DB_PASSWORD={PASSWORD}\n")
    code, told = guard(scanner, tmp_path / "x.diff")
    assert code == 0
    assert "warning" in told
    assert "Rotate" in told


def test_json_has_every_fact_but_the_value(scanner: Scanner, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"A=1\nDB_PASSWORD={PASSWORD}\n")
    code, told = guard(scanner, file, as_json=True)
    (record,) = json.loads(told)
    assert code == 1
    assert record["fingerprint"] == scanner.seal(PASSWORD)
    del record["fingerprint"], record["remedy"], record["message"]
    assert record == {
        "file": str(file),
        "line": 2,
        "key": "DB_PASSWORD",
        "kind": "env-file",
        "layer": "structure",
        "verdict": "blocking",
        "rule": "secret-literal",
    }
    assert PASSWORD not in told


def test_inside_a_repository_only_tracked_files_are_looked_at(scanner: Scanner, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text(".env\n")
    (tmp_path / ".env").write_text(f"DB_PASSWORD={PASSWORD}\n")
    git(tmp_path, "add", ".")
    assert guard(scanner, tmp_path)[0] == 0
    git(tmp_path, "add", "--force", ".env")
    assert guard(scanner, tmp_path)[0] == 1


def test_an_ignored_file_that_is_named_is_looked_at(scanner: Scanner, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".env").write_text(f"DB_PASSWORD={PASSWORD}\n")
    assert guard(scanner, tmp_path / ".env")[0] == 1


@pytest.mark.parametrize("as_json", [False, True])
def test_an_unknown_path_is_one_clear_line_and_exit_code_2(scanner: Scanner, tmp_path: Path, as_json: bool) -> None:
    code, told = guard(scanner, tmp_path / "nowhere", as_json=as_json)
    assert code == 2
    assert told.count("\n") == 1
    assert f"There is no {tmp_path}/nowhere." in told


def test_a_scanner_that_does_not_start_is_not_a_pass(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    code, told = guard(Scanner(tmp_path / "file"), tmp_path)
    assert code == 2
    assert told.startswith("Secrets were not checked:")


def test_large_and_binary_files_are_left_to_the_patterns(scanner: Scanner, tmp_path: Path) -> None:
    large = "# padding\n" * 110_000 + f"DB_PASSWORD: {PASSWORD}\n"
    (tmp_path / "large.yml").write_text(large)
    assert guard(scanner, tmp_path)[0] == 0
    (tmp_path / "large.yml").write_text(large + f"x: {github_token()}\n")
    (tmp_path / "image.bin").write_bytes(b"\0\1\2" * 100 + b"\n" + github_token().encode() + b"\n")
    code, told = guard(scanner, tmp_path)
    assert (code, told.count(": blocking: ")) == (1, 2)
    assert f"{tmp_path}/large.yml:110002" in told


def test_a_secret_in_a_file_that_is_not_added_yet_is_found_and_in_an_ignored_one_not(
    scanner: Scanner, tmp_path: Path
) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "compose.yml").write_text(f"a:\n  environment:\n    DB_PASSWORD: {PASSWORD}\n")
    assert guard(scanner, tmp_path)[0] == 1
    (tmp_path / ".gitignore").write_text("compose.yml\n")
    assert guard(scanner, tmp_path)[0] == 0
