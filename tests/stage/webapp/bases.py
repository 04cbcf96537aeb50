"""The base image of the sample's front end: nginx itself, from its Debian package, on the stage's Python image."""

import shutil
from pathlib import Path

from tests.stage.apt import IMAGE_SUITE, fetch, unpack
from tests.stage.commands import alone, execute
from tests.stage.images import ENVIRONMENT, bases_layers
from tests.stage.oci import Layer, pack, publish, recall, remember
from tests.stage.places import STATE
from tests.stage.registry import Registry

BASE = "mirror/library/nginx:1.22"
PACKAGES = ("nginx", "nginx-common")
UNUSED = ("usr/share", "var/lib", "etc/init.d", "lib")
"""`lib` is a link in the image below; a directory on top would hide what it leads to."""
HOME = STATE / "nginx"


def publish_nginx(registry: Registry) -> str:
    """Put the base image into a registry; returns its name there."""
    python, _ = bases_layers()
    machine = execute(["dpkg", "--print-architecture"]).strip()
    config = {"Env": [*ENVIRONMENT], "Cmd": ["nginx", "-g", "daemon off;"]}
    publish(registry, BASE, [python, _layer()], config, machine)
    return f"{registry.address}/{BASE}"


def _layer() -> Layer:
    noted = HOME / "layer.json"
    if not recall(noted):
        with alone("nginx"):
            if not recall(noted):  # no other run was first
                _make(noted)
    return recall(noted)[0]


def _make(noted: Path) -> None:
    shutil.rmtree(HOME, ignore_errors=True)
    root = HOME / "root"
    unpack(fetch([f"{name}/{IMAGE_SUITE}" for name in PACKAGES], HOME / "debs"), root)
    for unused in UNUSED:
        shutil.rmtree(root / unused, ignore_errors=True)
    remember([pack(root, HOME / "nginx.tar.gz")], noted)
    shutil.rmtree(root)
    shutil.rmtree(HOME / "debs")
