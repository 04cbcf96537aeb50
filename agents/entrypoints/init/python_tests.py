"""How a Python project is tested, as far as its own files say."""

import re
from typing import Literal

from agents.entrypoints.init.found import Check
from agents.entrypoints.init.listing import Listing
from agents.entrypoints.init.python_manifest import DEVELOPMENT, Manifest

POETRY = "poetry==2.2.1"
_TEST_FILE = re.compile(r"(^|/)(test_[^/]*|[^/]*_test)\.py$")


def runner(listing: Listing, manifest: Manifest) -> Literal["", "pytest", "unittest"]:
    """Tell what runs the tests; empty where there are none."""
    tests = [path for path in listing.paths if _TEST_FILE.search(path)]
    if not tests:
        return ""
    written = "pytest" in manifest.dependencies | manifest.development
    plain = any(re.search(r"^(async )?def test_|import pytest", listing.text(path), re.MULTILINE) for path in tests)
    return "pytest" if written or plain else "unittest"


def checks(listing: Listing, manifest: Manifest) -> tuple[Check, ...]:
    """List the steps of the test job: install, then only what the project itself is set up for."""
    tested = runner(listing, manifest)
    if not tested and not manifest.ruff:
        return ()
    before = {"uv": "uv run --no-sync ", "pyproject": "uv run --no-sync ", "poetry": "poetry run "}.get(
        manifest.installer, ""
    )
    steps = [Check("Install", _install(listing, manifest, tested))]
    if manifest.ruff:
        steps += [Check("Lint", f"{before}ruff check"), Check("Format", f"{before}ruff format --check")]
    if tested == "pytest":
        covered = " --cov --cov-report=xml" if "pytest-cov" in manifest.dependencies | manifest.development else ""
        steps.append(Check("Test", f"{before}python -m pytest{covered}"))
    elif tested:
        steps.append(Check("Test", f"{before}python -m unittest discover"))
    return tuple(steps)


def _install(listing: Listing, manifest: Manifest, tested: str) -> str:
    everything = manifest.dependencies | manifest.development
    wanted = ["pytest"] * (tested == "pytest") + ["ruff"] * manifest.ruff
    further = " ".join(name for name in wanted if name not in everything)
    if manifest.installer == "uv":
        lines = ["uv sync --locked --all-extras"]
    elif manifest.installer == "pyproject":
        lines = ["uv sync --no-install-project --all-extras"]
    elif manifest.installer == "poetry":
        lines = [f"python -m pip install {POETRY}", "poetry install --all-extras"]
    else:
        lines = [f"python -m pip install {_named(listing, manifest)}".rstrip()] if _named(listing, manifest) else []
    if further:
        lines.append(f"{_adds(manifest)} {further}")
    return "\n".join(lines)


def _named(listing: Listing, manifest: Manifest) -> str:
    files = [name for name in ("requirements.txt", *DEVELOPMENT) if name in listing.paths]
    extras = ",".join(extra for extra in manifest.extras if extra in {"dev", "test", "tests"})
    own = [f"-e .{f'[{extras}]' if extras else ''}"] if manifest.installer == "setup" else []
    groups = [f"--group {name}" for name in manifest.groups if name in {"dev", "test", "tests"}]
    return " ".join((*(f"-r {name}" for name in files), *own, *groups))


def _adds(manifest: Manifest) -> str:
    if manifest.installer in {"uv", "pyproject"}:
        return "uv pip install"
    return "poetry run pip install" if manifest.installer == "poetry" else "python -m pip install"
