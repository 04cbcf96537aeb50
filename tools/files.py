"""Files on a host, read and replaced by small shell scripts: sh, cat and mktemp are everywhere, sftp is not. Pure."""

from pathlib import PurePosixPath

from tools.capture import Ended
from tools.errors import Garbled
from tools.hosts import Argv

FILE_LIMIT_BYTES = 16_000_000
"""The largest file that is read."""
_ABSENT = 66
_READ = f'[ -e "$1" ] || exit {_ABSENT}; exec cat -- "$1"'
# The size guards the rename: a connection lost half-way also ends the input.
_WRITE = """\
set -eu
umask 077
new=$(mktemp "$1.XXXXXX")
trap 'rm -f -- "$new"' EXIT
cat > "$new"
if [ "$(wc -c < "$new")" -ne "$3" ]; then echo 'the content did not arrive whole' >&2; exit 65; fi
chmod "$2" "$new"
sync -- "$new" 2>/dev/null || sync
mv -f -- "$new" "$1"
trap - EXIT
"""


def read_command(path: PurePosixPath) -> Argv:
    """Build the command that prints a file."""
    return ("sh", "-c", _READ, "read", str(path))


def content_of(path: PurePosixPath, ended: Ended) -> bytes | None:
    """Read the answer of `read_command`; None where there is no such file."""
    if ended.exit_code == _ABSENT:
        return None
    ended.decoded(read_command(path)).require(f"Reading {path}")
    if ended.cut:
        raise Garbled(f"{path} is larger than {FILE_LIMIT_BYTES} bytes.", remedy="Check that it is the right file.")
    return ended.stdout


def write_command(path: PurePosixPath, mode: int, size_bytes: int) -> Argv:
    """Build the command that replaces a file by its standard input: whole or not at all."""
    return ("sh", "-c", _WRITE, "write", str(path), f"{mode:04o}", str(size_bytes))
