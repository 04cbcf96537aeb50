import asyncio
import sys
from pathlib import Path

import pytest

from tests.corpora.secrets.rendering import github_token
from tools.errors import NotFound, ToolError
from tools.scanner import Scanner, is_unified_diff


@pytest.fixture(scope="module")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Scanner:
    return Scanner(tmp_path_factory.mktemp("scanner"), b"k" * 32)


async def test_a_providers_token_in_source_code_is_found_with_its_place(scanner: Scanner) -> None:
    content = f"# ü\nclient = Client('{github_token()}')\n".encode()
    (match,) = await scanner.scan([("src/client.py", content), ("src/clean.py", b"x = 1\n")])
    assert (match.path, match.line) == ("src/client.py", 2)
    assert content[match.span[0] : match.span[1]] == github_token().encode()
    assert match.fingerprint == scanner.seal(github_token())
    assert github_token() not in repr(match)


async def test_the_removed_side_of_a_diff_is_told_apart(scanner: Scanner) -> None:
    other = github_token("another")
    diff = f"--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-t = '{github_token()}'\n+t = '{other}'\n"
    assert [match.removed for match in await scanner.scan([("x.diff", diff.encode())])] == [True, False]


async def test_many_scans_at_once_share_one_compiled_scanner(scanner: Scanner) -> None:
    found = await asyncio.gather(*(scanner.scan([("a", github_token().encode())]) for _ in range(8)))
    assert all(len(matches) == 1 for matches in found)


def test_bytes_of_any_kind_are_scanned(scanner: Scanner) -> None:
    assert scanner.scan_now([("a", b""), ("b", b"\0\xff" * 1000), ("c", "é".encode("utf-16"))]) == ()


def test_fingerprints_are_keyed_per_installation_and_kept(tmp_path: Path) -> None:
    here = Scanner(tmp_path / "a")
    assert here.seal("x") == Scanner(tmp_path / "a").seal("x")
    assert here.seal("x") != Scanner(tmp_path / "b").seal("x")
    assert (tmp_path / "a/fingerprint.key").stat().st_mode & 0o777 == 0o600


async def test_a_missing_scanner_is_an_error_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kingfisher_sdk", None)
    with pytest.raises(NotFound, match="not installed") as caught:
        await Scanner(tmp_path).scan([("a", b"x")])
    assert "doctor" in caught.value.remedy


async def test_a_scanner_that_cannot_start_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ToolError, match="did not start"):
        await Scanner(tmp_path / "file").scan([("a", b"x")])


def test_a_diff_is_known_by_name_or_content() -> None:
    assert is_unified_diff("x.patch", b"")
    assert is_unified_diff("x", b"diff --git a/x b/x")
    assert not is_unified_diff("x.yml", b"--- \na: 1")
