"""Files that only a container has, saved beside the service on its host before the container is replaced.

One archive for each container, with the names, owners, modes and times that the files have in it. It is put back with
`docker cp - CONTAINER:/ < ARCHIVE`; nothing here ever removes one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath

from tools.effects import Effects
from tools.errors import Garbled
from tools.hosts import Argv, Host

DIRECTORY = "rescued"
LIMIT = timedelta(minutes=5)
# $1 the container, $2 the archive, standard input: what to save, without the slash before it. The container is stopped
# first: what it would write while it is copied would be lost. The SSH user may not be root and cannot give files to
# others, so owners are read from the listing and written into the archive. A file that went away meanwhile is no
# failure; a full disk is.
_SAVE = """\
set -eu
umask 077
export LC_ALL=C
mkdir -p -- "${2%/*}"
work=$(mktemp -d "$2.XXXXXX")
trap 'chmod -R u+rwX -- "$work"; rm -rf -- "$work"' EXIT
cat > "$work/wanted"
mkdir "$work/files"
docker stop "$1" > /dev/null
said=$({
  { docker export "$1" || echo broken >&3; } |
    tar -x -p -vv -f - -C "$work/files" --same-owner --numeric-owner --no-recursion --verbatim-files-from \\
      -T "$work/wanted" > "$work/listing" 2> "$work/errors" || echo failed >&3
} 3>&1)
if [ -n "$said" ]; then
  expected=': Not found in archive$|: Exiting with failure status|: Cannot change ownership to uid '
  if [ "$said" != failed ] || [ ! -s "$work/errors" ] || grep -v -E -e "$expected" "$work/errors" >&2; then
    echo "not everything could be copied out of the container" >&2
    exit 1
  fi
fi
sed -n -E -e '/^l/s/ -> .*$//' -e '/^h/s/ link to .*$//' \\
  -e 's,^[-dhl][-rwxsStT]{9}[.+@]? +([0-9]+/[0-9]+) +[^ ]+ +[^ ]+ +[^ ]+ (.*)$,\\1 \\2,p' \\
  "$work/listing" > "$work/owned"
cut -d ' ' -f 1 "$work/owned" | sort -u > "$work/owners"
while IFS= read -r owner; do
  awk -v owner="$owner" '$1 == owner { sub(/^[^ ]+ /, ""); print }' "$work/owned" > "$work/names"
  tar -r -f "$work/archive" -C "$work/files" --owner="${owner%/*}" --group="${owner#*/}" --numeric-owner \\
    --no-recursion --verbatim-files-from -T "$work/names"
done < "$work/owners"
[ -e "$work/archive" ] || tar -c -f "$work/archive" -T /dev/null
sync -- "$work/archive" 2>/dev/null || sync
mv -f -- "$work/archive" "$2"
wc -c < "$2"
"""


@dataclass(frozen=True, slots=True)
class Rescued:
    """Where what a container had was saved on its host."""

    archive: PurePosixPath
    size_bytes: int


def save(container: str, archive: PurePosixPath) -> Argv:
    """Build the command that stops a container and saves what standard input names."""
    return ("sh", "-c", _SAVE, "save", container, str(archive))


def listed(paths: Iterable[str]) -> bytes:
    """Write paths as the archive of a container's file system names them; a line break would make two names."""
    return "".join(f"{path.lstrip('/')}\n" for path in paths if "\n" not in path).encode(errors="surrogateescape")


class Rescue:
    """What is saved in one service's directory of one host, behind its fence."""

    def __init__(self, host: Host, directory: PurePosixPath) -> None:
        self._host = host
        self._effects = Effects(host, directory)
        self._directory = directory / DIRECTORY

    async def save(self, container: str, called: str, paths: Iterable[str], fence: int) -> Rescued:
        """Stop a container and save these paths of it, mode 0600, whole or not at all; saved again, it is replaced."""
        archive = self._directory / f"{called}-{container[:12]}.tar"
        command = save(container, archive)
        answer = await self._effects.do(
            command, fence, f"Saving what only {called} has", stdin=listed(paths), limit=LIMIT
        )
        size = answer.stdout.strip()
        if not size.isdecimal():
            raise Garbled(f"{self._host.name} did not tell the size of {archive}: {size[:80]!r}.")
        return Rescued(archive, int(size))
