"""Where the stage keeps what is worth keeping, and where a run leaves its scratch."""

import platform
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATE = ROOT / ".shipmate"
TOOLSET = STATE / "toolset"
PROMETHEUS = STATE / "prometheus"
IMAGES = STATE / "images"
RUNS = STATE / "stage"


def codename() -> str | None:
    """Name the machine's Debian release (`bookworm`), or None where it is not Debian."""
    release = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    return release.get("VERSION_CODENAME") if release.get("ID") == "debian" else None
