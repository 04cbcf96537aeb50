"""The base images that sample services are built from, under the names that people know."""

import hashlib
import shutil
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from tests.stage import rootfs
from tests.stage.commands import StageError, alone, execute, tell
from tests.stage.oci import Layer, pack, publish, recall, remember
from tests.stage.places import IMAGES, codename
from tests.stage.registry import Registry
from tests.stage.web_images import publish_web_bases

PYTHON = "library/python:3.11-slim"
PYTHON_TEST = "library/python-test:3.11"
ENVIRONMENT = ("PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8")
PURE_COVERAGE = "COVERAGE_CORE=pytrace"


def publish_bases(registry: Registry) -> Mapping[str, str]:
    """Put the base images into a registry, made first where that was never done; returns name -> digest."""
    python, tests = bases_layers()
    machine = execute(["dpkg", "--print-architecture"]).strip()
    plain = {"Env": [*ENVIRONMENT], "Cmd": ["python3"]}
    testing = {"Env": [*ENVIRONMENT, PURE_COVERAGE], "Cmd": ["pytest"]}
    return {
        PYTHON: publish(registry, PYTHON, [python], plain, machine),
        PYTHON_TEST: publish(registry, PYTHON_TEST, [python, tests], testing, machine),
        **publish_web_bases(registry, IMAGES / _key(), python, machine),
    }


def bases_layers() -> list[Layer]:
    """Return the layers of Python and of its test tools, made first where that was never done."""
    home = IMAGES / _key()
    if not recall(home / "layers.json"):
        with alone("images"):
            if not home.exists():  # no other run was first
                _make(home)
    return recall(home / "layers.json")


def _key() -> str:
    """Name what goes into the images, so that a change makes them anew."""
    recipe = Path(rootfs.__file__).read_text() + "".join(version(name) for name in rootfs.TEST_PACKAGES)
    return hashlib.sha256(recipe.encode()).hexdigest()[:12]


def _make(home: Path) -> None:
    if codename() is None:
        raise StageError("Base images are made from Debian packages: run this on Debian, or in a Debian container.")
    started = time.monotonic()
    tell("making the base images from Debian packages")
    shutil.rmtree(IMAGES, ignore_errors=True)
    half = IMAGES / "half"
    (half / "python").mkdir(parents=True)
    rootfs.make_python(half / "python")
    rootfs.make_tests(half / "tests", half / "python")
    home.mkdir()
    layers = [pack(half / name, home / f"{name}.tar.gz") for name in ("python", "tests")]
    remember(layers, home / "layers.json")
    shutil.rmtree(half)
    tell(f"base images ready in {time.monotonic() - started:.0f} s")
