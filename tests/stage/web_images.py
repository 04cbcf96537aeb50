"""The base images of a front end, under the names that people know: one that builds with npm, one that serves files.

Neither comes from a hub. `busybox` is BusyBox itself, its web server too. `node` is a stand-in: the Python image with
an `npm` that runs a package's scripts, for samples whose scripts need no JavaScript.
"""

import hashlib
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

from tests.stage.commands import alone, execute
from tests.stage.oci import Layer, pack, publish, recall, remember
from tests.stage.registry import Registry

NODE = "library/node:20-slim"
BUSYBOX = "library/busybox:1.36"
PATH = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
NPM = """\
#!/bin/sh
# Stands in for npm: `npm ci` wants a lock file, `npm run NAME` runs a script of package.json.
set -e
case "$1" in
  ci) [ -f package-lock.json ] || { echo "npm ci needs package-lock.json" >&2; exit 1; } ;;
  run) exec sh -c "$(python3 -c "import json; print(json.load(open('package.json'))['scripts']['$2'])")" ;;
  *) echo "npm $1 is not known here" >&2; exit 1 ;;
esac
"""
APPLETS = ("sh", "httpd", "wget", "cat", "ls", "echo", "sleep", "true")


def publish_web_bases(registry: Registry, home: Path, python: Layer, machine: str) -> Mapping[str, str]:
    """Put the images into a registry, made first where that was never done; returns name -> digest."""
    busybox, npm = _layers(home, python)
    serving = {"Env": [PATH], "Cmd": ["sh"]}
    return {
        BUSYBOX: publish(registry, BUSYBOX, [busybox], serving, machine),
        NODE: publish(registry, NODE, [python, npm], {"Env": [PATH], "Cmd": ["sh"]}, machine),
    }


def _layers(home: Path, python: Layer) -> list[Layer]:
    recipe = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    noted = home / f"web-{recipe}.json"
    if not recall(noted):
        with alone("images"):
            if not noted.exists():  # no other run was first
                _make(home / f"web-{recipe}", python, noted)
    return recall(noted)


def _make(scratch: Path, python: Layer, noted: Path) -> None:
    shutil.rmtree(scratch, ignore_errors=True)
    _busybox(scratch / "busybox", python)
    npm = scratch / "npm" / "usr/local/bin/npm"
    npm.parent.mkdir(parents=True)
    npm.write_text(NPM)
    npm.chmod(0o755)
    layers = [pack(scratch / name, scratch.with_name(f"{scratch.name}-{name}.tar.gz")) for name in ("busybox", "npm")]
    remember(layers, noted)
    shutil.rmtree(scratch)


def _busybox(root: Path, python: Layer) -> None:
    root.mkdir(parents=True)
    with tarfile.open(python.file) as archive:
        archive.extract("usr/bin/busybox", root, filter="data")
    known = execute([root / "usr/bin/busybox", "--list"]).split()
    for applet in APPLETS:
        if applet not in known:
            raise LookupError(f"BusyBox has no {applet}")
        (root / "usr/bin" / applet).symlink_to("busybox")
    (root / "bin").symlink_to("usr/bin")
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n")
    (root / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n")
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)
