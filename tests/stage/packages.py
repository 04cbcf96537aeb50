"""The programs that the stage is made of: installed where they must be, otherwise unpacked into a folder of our own."""

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.stage.apt import DOCKER_SUITE, fetch, unpack
from tests.stage.commands import StageError, alone, execute, tell
from tests.stage.places import PROMETHEUS, TOOLSET, codename

SYSTEM = {
    "git": "git",
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "iptables": "iptables",
}
"""Program -> the Debian package installed for it."""
BROWSER = {"chromium": "chromium", "chromedriver": "chromium-driver", "node": "nodejs"}
"""The same for what only the suites of a web front end need."""
DOCKER = ("docker.io", "docker-cli", "docker-compose", "docker-buildx")
AROUND_DOCKER = ("containerd", "runc", "tini", "docker-registry", "busybox-static")
"""Taken from the machine's own release, because they need its libraries."""
PROGRAMS = ("docker", "docker-registry", *SYSTEM)
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
POLICY = Path("/usr/sbin/policy-rc.d")


@dataclass(frozen=True, slots=True)
class Toolset:
    """Where the programs are: a PATH to find them by, and the folder of Docker's command-line plugins."""

    path: str
    plugins: Path | None
    private: bool
    """Whether the engine programs are ours to start; otherwise an engine that already answers is used."""

    def program(self, name: str) -> str:
        """Tell a program's absolute path."""
        found = shutil.which(name, path=self.path)
        if found is None:
            raise StageError(f"{name} is not on the PATH {self.path}.")
        return found


def ensure() -> Toolset:
    """Make sure that every program is there; the second time this only looks."""
    release = codename()
    if release is None or os.geteuid() != 0:
        return _as_found()
    _ensure_installed(SYSTEM)
    if not TOOLSET.exists():
        with alone("toolset"):
            _make_toolset(release)
    path = f"{TOOLSET}/usr/bin:{TOOLSET}/usr/sbin:{TOOLSET}/bin:{os.environ['PATH']}:{SYSTEM_PATH}"
    return Toolset(path, TOOLSET / "usr/libexec/docker/cli-plugins", private=True)


def ensure_browser() -> None:
    """Make sure that a browser and Node are there, which only a test with a web front end asks for."""
    if codename() is not None and os.geteuid() == 0:
        _ensure_installed(BROWSER)
    missing = [program for program in BROWSER if not _on_path(program)]
    if missing:
        packages = " ".join(BROWSER[program] for program in missing)
        raise StageError(f"{', '.join(missing)} missing. Install it first, e.g.: sudo apt-get install {packages}")


def prometheus_program() -> Path:
    """Find Prometheus; on Debian it is fetched and unpacked below .shipmate the first time a test asks for it."""
    release, found = codename(), _on_path("prometheus")
    if found is not None:
        return Path(found)
    if release is None:
        raise StageError("prometheus is missing. Install it first, e.g.: sudo apt-get install prometheus")
    program = PROMETHEUS / "usr/bin/prometheus"
    if not program.exists():
        with alone("prometheus"):
            _make_prometheus(release)
    return program


def _make_prometheus(release: str) -> None:
    if PROMETHEUS.exists():  # another run was first
        return
    tell("fetching Prometheus (about 20 MB) and unpacking it below .shipmate; it is not installed")
    half = PROMETHEUS.with_name("prometheus.half")
    shutil.rmtree(half, ignore_errors=True)
    unpack(fetch([f"prometheus/{release}"], half / "debs"), half)
    shutil.rmtree(half / "debs")
    half.rename(PROMETHEUS)


def _as_found() -> Toolset:
    missing = [program for program in PROGRAMS if not _on_path(program)]
    if missing:
        packages = sorted(
            {
                {**SYSTEM, "docker": "docker.io docker-compose docker-buildx"}.get(program, program)
                for program in missing
            }
        )
        raise StageError(
            f"These programs are missing: {', '.join(missing)}. As root on Debian they are fetched by themselves; "
            f"elsewhere install them first, e.g.: sudo apt-get install {' '.join(packages)}"
        )
    plugins = Path.home() / ".docker/cli-plugins"
    return Toolset(f"{os.environ['PATH']}:{SYSTEM_PATH}", plugins if plugins.is_dir() else None, private=False)


def _ensure_installed(programs: Mapping[str, str]) -> None:
    if all(map(_on_path, programs)):
        return
    with alone("system-packages"):  # another run may be faster
        _install(sorted({package for program, package in programs.items() if not _on_path(program)}))


def _on_path(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ['PATH']}:{SYSTEM_PATH}")


def _install(packages: list[str]) -> None:
    """Install packages from the machine's own sources; nothing they bring is started."""
    if not packages:
        return
    tell(f"installing {', '.join(packages)} with apt-get")
    command = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages]
    with _no_services():
        try:
            execute(command)
        except StageError:  # the lists are missing or old
            execute(["apt-get", "update", "-qq"])
            execute(command)


@contextmanager
def _no_services() -> Iterator[None]:
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def _make_toolset(release: str) -> None:
    if TOOLSET.exists():  # another run was first
        return
    started = time.monotonic()
    tell("fetching the Docker toolset (about 100 MB) and unpacking it below .shipmate; it is not installed")
    half = TOOLSET.with_name("toolset.half")
    shutil.rmtree(half, ignore_errors=True)
    wanted = [f"{name}/{DOCKER_SUITE}" for name in DOCKER] + [f"{name}/{release}" for name in AROUND_DOCKER]
    unpack(fetch(wanted, half / "debs"), half)
    shutil.rmtree(half / "debs")
    half.rename(TOOLSET)
    tell(f"toolset ready in {time.monotonic() - started:.0f} s")
