"""Packages that come, go or move are told from the files that declare them."""

import pytest

from agents.words.dependencies import declares_dependencies, dependency_changes

CASES = {
    "requirements.txt": (
        b"Flask==2.0\nold>=1 # why\n-r other.txt\n",
        b"flask==2.1\nnew\n",
        ["flask ==2.0 -> ==2.1", "new any added", "old >=1 removed"],
    ),
    "pyproject.toml": (
        b'[project]\ndependencies = ["a>=1", "b[x]~=2"]\n',
        b'[project]\ndependencies = ["a>=2"]\n[dependency-groups]\ndev = ["c", {include-group = "d"}]\n',
        ["a >=1 -> >=2", "b ~=2 removed", "c any added"],
    ),
    "web/package.json": (
        b'{"dependencies": {"react": "18"}, "devDependencies": {"vite": "5"}}',
        b'{"dependencies": {"react": "19"}, "devDependencies": {"vite": "5"}}',
        ["react 18 -> 19"],
    ),
}


@pytest.mark.parametrize(("path", "case"), CASES.items(), ids=CASES)
def test_each_kind_of_file_is_understood(path: str, case: tuple[bytes, bytes, list[str]]) -> None:
    old, new, told = case
    assert declares_dependencies(path)
    assert [str(change) for change in dependency_changes({path: old}, {path: new})] == told


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b"[", b'{"dependencies": []}', b"project = 1"])
@pytest.mark.parametrize("path", ["pyproject.toml", "package.json"])
def test_an_unreadable_file_declares_nothing(path: str, content: bytes) -> None:
    assert dependency_changes({path: content}, {path: None}) == ()


def test_other_files_declare_nothing() -> None:
    assert not declares_dependencies("src/app.py")
