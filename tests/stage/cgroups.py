"""Room for containers where the stage itself runs in a container with cgroup v2."""

from contextlib import suppress
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def delegate(root: Path = CGROUP) -> None:
    """Let groups below this one have limits.

    The kernel refuses that to a group which holds processes itself, except the
    machine's root group; so inside a container they move one level down first.
    """
    if not (root / "cgroup.controllers").exists() or not (root / "cgroup.type").exists():
        return
    (root / "init").mkdir(exist_ok=True)
    for pid in (root / "cgroup.procs").read_text().split():
        with suppress(OSError):  # it has ended meanwhile
            (root / "init" / "cgroup.procs").write_text(pid)
    for controller in (root / "cgroup.controllers").read_text().split():
        with suppress(OSError):  # not every controller may be handed on
            (root / "cgroup.subtree_control").write_text(f"+{controller}")
