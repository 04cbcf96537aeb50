"""Root file systems without any image hub: the official `python:3.11-slim` looked alike, from Debian's own packages.

`python`, `python3`, `useradd`, `groupadd` and a shell are where the official image has them.
The other usual commands are BusyBox's. There is no pip and no apt.
"""

import shutil
from importlib.metadata import distribution
from pathlib import Path

from tests.stage.apt import IMAGE_SUITE, fetch, unpack
from tests.stage.commands import execute

PYTHON = ("python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib", "media-types", "netbase")
LIBRARIES = (
    *("libc6", "libgcc-s1", "zlib1g", "libexpat1", "libssl3", "libsqlite3-0", "liblzma5", "libbz2-1.0", "libffi8"),
    *("libuuid1", "libncursesw6", "libtinfo6", "libreadline8", "libcrypt1", "libnsl2", "libtirpc3"),
)
USERS = (
    *("passwd", "login", "libaudit1", "libselinux1", "libsemanage2", "libsepol2", "libpcre2-8-0", "libcap-ng0"),
    *("libacl1", "libattr1", "libpam0g"),
)
SYSTEM = ("base-files", "base-passwd", "busybox-static")
PACKAGES = (*PYTHON, *LIBRARIES, *USERS, *SYSTEM)
TEST_PACKAGES = ("pytest", "pytest-cov", "coverage", "pluggy", "iniconfig", "packaging", "pygments")
UNUSED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "usr/share/bug")
MERGED = ("bin", "sbin", "lib", "lib64")
SITE = Path("usr/local/lib/python3.11/dist-packages")
PYTEST = "#!/usr/bin/python3.11\nimport sys\n\nfrom pytest import console_main\n\nsys.exit(console_main())\n"


def make_python(root: Path) -> None:
    """Make the root file system of the Python image."""
    unpack(fetch([f"{name}/{IMAGE_SUITE}" for name in PACKAGES], root.with_name("debs")), root)
    for unused in UNUSED:
        shutil.rmtree(root / unused, ignore_errors=True)
    _merge(root)
    _settings(root)
    _link(root)
    _compile(root, root / "usr/lib/python3.11")


def make_tests(root: Path, python: Path) -> None:
    """Make the files that turn the Python image into one with pytest and coverage, both in pure Python."""
    for name in TEST_PACKAGES:
        for file in distribution(name).files or ():
            if ".." not in file.parts and file.suffix not in {".pyc", ".so"}:
                target = root / SITE / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(file.locate()), target)
    script = root / "usr/local/bin/pytest"
    script.parent.mkdir(parents=True)
    script.write_text(PYTEST)
    script.chmod(0o755)
    _compile(python, root / SITE, root)


def _merge(root: Path) -> None:
    """Put `/bin` and its like below `/usr`, as every Debian of today has it."""
    for name in MERGED:
        if (root / name).is_dir():
            shutil.copytree(root / name, root / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(root / name)
        else:
            (root / "usr" / name).mkdir(exist_ok=True)
        (root / name).symlink_to(f"usr/{name}")


def _settings(root: Path) -> None:
    for name in ("passwd", "group"):
        shutil.copyfile(root / f"usr/share/base-passwd/{name}.master", root / "etc" / name)
    names = [line.split(":")[0] for line in (root / "etc/passwd").read_text().splitlines()]
    (root / "etc/shadow").write_text("".join(f"{name}:*:19600:0:99999:7:::\n" for name in names))
    (root / "etc/shadow").chmod(0o640)
    (root / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n")
    (root / "tmp").chmod(0o1777)


def _link(root: Path) -> None:
    """Name Python as people call it, and give every missing command to BusyBox."""
    for name in ("python", "python3"):
        (root / "usr/local/bin" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "usr/local/bin" / name).symlink_to("/usr/bin/python3.11")
    present = {path.name for place in ("bin", "sbin") for path in (root / "usr" / place).iterdir()}
    for applet in execute([root / "usr/bin/busybox", "--list"]).split():
        if applet not in present:
            (root / "usr/bin" / applet).symlink_to("busybox")


def _compile(python: Path, directory: Path, root: Path | None = None) -> None:
    """Compile modules with the image's own Python, so that containers start at once."""
    loader = next(python.glob("usr/lib/*-linux-gnu*/ld-linux-*.so.*"))
    interpreter = (loader, "--library-path", loader.parent, python / "usr/bin/python3.11")
    options = ("-q", "-j", "2", "--invalidation-mode", "unchecked-hash", "-s", str(root or python), "-p", "/")
    execute((*interpreter, "-m", "compileall", *options, directory), env={"PYTHONHOME": str(python / "usr")})
