"""Tests that a change touches, and the areas that it changes without one."""

import pytest

from agents.words.kinds import folded
from agents.words.tested import touched_tests
from tools.changes import ChangedFile, Status


def files(*paths: str, status: Status = "modified") -> list[ChangedFile]:
    return [ChangedFile(path, status) for path in paths]


AREAS = [
    (["src/api/client.py", "tests/test_client.py"], ()),
    (["src/api/client.py", "tests/api/test_other.py"], ()),
    (["src/api/client.py", "src/api/client_test.go"], ()),
    (["web/src/Button.tsx", "web/src/Button.test.tsx"], ()),
    (["src/api/client.py", "tests/test_server.py"], ("src/api: 1 file",)),
    (["src/api/a.py", "src/api/b.py", "lib/c.py"], ("lib: 1 file", "src/api: 2 files")),
    (["main.go"], ("the top level: 1 file",)),
    (["README.md", "web/logo.svg", "src/data.json", "compose.yml"], ()),
    (["vendor/x/y.go", "dist/app.min.js"], ()),
]


@pytest.mark.parametrize(("paths", "lacking"), AREAS)
def test_an_area_is_told_when_no_test_of_it_is_touched(paths: list[str], lacking: tuple[str, ...]) -> None:
    assert touched_tests(files(*paths), folded(paths), None).areas_without == lacking


def test_deleted_tests_test_nothing_and_are_told() -> None:
    changed = [*files("src/api/client.py"), *files("tests/test_client.py", status="deleted")]
    found = touched_tests(changed, (), None)
    assert (found.touched, found.deleted) == ((), ("tests/test_client.py",))
    assert found.areas_without == ("src/api: 1 file",)


def test_deleted_code_needs_no_test() -> None:
    assert touched_tests(files("src/api/client.py", status="deleted"), (), None).areas_without == ()
