"""Our five folders are never installed, and share their names with nobody who is."""

from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

OURS = ("agents", "guardrails", "tools", "config", "tests")


@pytest.mark.parametrize("name", OURS)
def test_no_dependency_brings_a_package_by_one_of_our_names(name: str) -> None:
    assert packages_distributions().get(name, []) == []


def test_every_folder_is_a_package_of_its_own_however_deep() -> None:
    root = Path(__file__).parents[2]
    modules = (path for name in OURS for path in (root / name).rglob("*.py"))
    loose = {path.parent for path in modules if not (path.parent / "__init__.py").exists()}
    assert {folder.relative_to(root) for folder in loose if "source" not in folder.parts} == set()
