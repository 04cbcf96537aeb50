"""The reverse proxies that users have, from Debian's packages: HAProxy as an image, nginx and Caddy as programs.

Nothing is installed. The image looks like the official `haproxy` as far as Shipmate relies on it: bash, flock and the
program, and a user of its own. It is made when a test first asks for it, as the programs are.
"""

import hashlib
import shutil
from pathlib import Path

from tests.stage.apt import fetch, unpack
from tests.stage.commands import StageError, alone, execute, tell
from tests.stage.oci import Layer, pack, publish, recall, remember
from tests.stage.packages import SYSTEM_PATH
from tests.stage.places import STATE, codename
from tests.stage.registry import Registry

HAPROXY = "library/haproxy:3.0"
SUITE = "trixie"
PACKAGES = (
    *("haproxy", "bash", "busybox-static", "libc6", "libcrypt1", "libjemalloc2", "libgcc-s1", "libstdc++6"),
    *("liblua5.4-0", "libopentracing-c-wrapper0t64", "libopentracing1", "libpcre2-8-0", "libssl3t64", "libzstd1"),
    *("zlib1g", "libtinfo6", "util-linux"),
)
UNUSED = ("usr/share", "var", "etc")
MERGED = ("bin", "sbin", "lib", "lib64")
PATH = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
IMAGES = STATE / "proxies"
PROGRAMS = {"nginx": "usr/sbin/nginx", "caddy": "usr/bin/caddy"}


def publish_haproxy(registry: Registry) -> str:
    """Put the image into a registry; returns `ADDRESS/library/haproxy:3.0`."""
    config = {"Env": [PATH], "Cmd": ["bash"], "User": "haproxy", "StopSignal": "SIGUSR1"}
    publish(registry, HAPROXY, [_layer()], config, execute(["dpkg", "--print-architecture"]).strip())
    return f"{registry.address}/{HAPROXY}"


def proxy_program(name: str) -> Path:
    """Find `nginx` or `caddy`; on Debian it is fetched and unpacked below .shipmate the first time a test asks."""
    found = shutil.which(name, path=SYSTEM_PATH)
    release = codename()
    if found is not None:
        return Path(found)
    if release is None:
        raise StageError(f"{name} is missing. Install it first, e.g.: sudo apt-get install {name}")
    place = IMAGES / name
    if not place.exists():
        with alone("proxies"):
            _unpacked(place, f"{name}/{release}")
    return place / PROGRAMS[name]


def _unpacked(place: Path, package: str) -> None:
    if place.exists():  # another run was first
        return
    tell(f"fetching {place.name} and unpacking it below .shipmate; it is not installed")
    half = place.with_name(f"{place.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    unpack(fetch([package], half / "debs"), half)
    shutil.rmtree(half / "debs")
    half.rename(place)


def _layer() -> Layer:
    noted = IMAGES / f"haproxy-{hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]}.json"
    if not recall(noted):
        with alone("proxies"):
            if not noted.exists():  # no other run was first
                _make(noted)
    return recall(noted)[0]


def _make(noted: Path) -> None:
    if codename() is None:
        raise StageError("The proxy's image is made from Debian packages: run this on Debian.")
    tell("making the image of HAProxy from Debian packages")
    root = noted.with_name("haproxy.half") / "root"
    shutil.rmtree(root.parent, ignore_errors=True)
    root.mkdir(parents=True)
    unpack(fetch([f"{name}/{SUITE}" for name in PACKAGES], root.with_name("debs")), root)
    for unused in UNUSED:
        shutil.rmtree(root / unused, ignore_errors=True)
    _complete(root)
    remember([pack(root, noted.with_suffix(".tar.gz"))], noted)
    shutil.rmtree(root.parent)


def _complete(root: Path) -> None:
    """Put `/bin` and its like below `/usr`, give missing commands to BusyBox, and make the user."""
    for name in MERGED:
        if (root / name).is_dir() and not (root / name).is_symlink():
            shutil.copytree(root / name, root / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(root / name)
        (root / "usr" / name).mkdir(exist_ok=True)
        (root / name).symlink_to(f"usr/{name}")
    for applet in execute([root / "usr/bin/busybox", "--list"]).split():
        if not any((root / "usr" / place / applet).exists() for place in ("bin", "sbin")):
            (root / "usr/bin" / applet).symlink_to("busybox")
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\nhaproxy:x:99:99::/var/lib/haproxy:/bin/false\n")
    (root / "etc/group").write_text("root:x:0:\nhaproxy:x:99:\n")
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)
    (root / "var/lib/haproxy").mkdir(parents=True)
