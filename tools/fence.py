"""The fence on a target: a lock and the highest number seen, kept by the host itself.

A worker that was frozen, lost its lease and woke up again carries a lower number
than its successor, so the host refuses it. The lock is inherited by the command
and stays held until that really ends, even if the connection or the bot dies. It
does not die with them: it speaks into files, for a broken line would end it at its
next word, and compose would leave the service stopped half-way. The number goes through `cat`, which tells a full disk
from other faults; the shell's own `echo` does not.
"""

from pathlib import PurePosixPath

from tools.errors import Garbled, Superseded
from tools.hosts import Argv, Completed

STALE = 73
UNREADABLE = 74
_SCRIPT = f"""\
set -eu
directory=$1 number=$2
shift 2
mkdir -p -- "$directory"
exec 9>> "$directory/.shipmate.lock"
flock 9
fence=$directory/.shipmate.fence
seen=0
if [ -e "$fence" ]; then seen=$(cat -- "$fence"); fi
case $seen in ''|*[!0-9]*) echo "$fence does not hold a number" >&2; exit {UNREADABLE};; esac
if [ "$number" -lt "$seen" ]; then echo "$fence is at $seen, this run has $number" >&2; exit {STALE}; fi
if [ "$number" -gt "$seen" ]; then
  echo "$number" | cat > "$fence.new"
  sync -- "$fence.new" 2>/dev/null || sync
  mv -f -- "$fence.new" "$fence"
fi
out=$directory/.shipmate.out err=$directory/.shipmate.err code=0
(umask 077; : > "$out"; : > "$err")
"$@" > "$out" 2> "$err" || code=$?
cat -- "$out"
cat -- "$err" >&2
exit "$code"
"""


def fenced(argv: Argv, *, directory: PurePosixPath, number: int) -> Argv:
    """Build the command that runs `argv` only while nobody newer has been seen in the directory.

    Numbers start at 1 and only grow. Ends with `STALE` when refused. The directory is created where absent.
    """
    if number < 1:
        raise ValueError("a fencing number starts at 1")
    return ("sh", "-c", _SCRIPT, "fenced", str(directory), str(number), *argv)


def admitted(completed: Completed, host: str) -> Completed:
    """Return what ran behind the fence, or raise `Superseded` where the host refused it."""
    if completed.exit_code == STALE:
        raise Superseded(
            f"{host} refused the command: {completed.stderr.strip()}.",
            standing="A newer run holds this target, or the bot's database was restored from a backup and counts from "
            "an older number; nothing was changed by this one.",
            remedy="Look at the newer run's card; this one ends here. Where there is none, make sure that no other bot "
            "serves this target, remove that file on the host, and ask again.",
        )
    if completed.exit_code == UNREADABLE:
        raise Garbled(
            f"The fence on {host} is damaged: {completed.stderr.strip()}.",
            standing="Nothing was changed.",
            remedy="Make sure that no release is running, then remove that file on the host.",
        )
    return completed
