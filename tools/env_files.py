"""The env file that the bot writes on a host: its values travel by standard input, and former ones stay on the host.

Every content has a mark, which is its fingerprint. Below `.shipmate.env` lies each of the last contents under its
mark, for the owner alone: going back needs nothing but the host.
"""

from pathlib import PurePosixPath

from tools.effects import Effects
from tools.hosts import Argv, Host

KEPT = 5
"""So many contents stay on the host."""
_ABSENT = 66
# $1 the file, $2 where contents are kept. What lies there is kept before anything replaces it. Where the file is a
# link, it stays one: what it points to is written.
_LINKED = """\
set -eu
umask 077
if [ -L "$1" ]; then
  place=$(readlink -f -- "$1") || { echo "$1 is a link to nowhere" >&2; exit 1; }
  kept=$2
  shift 2
  set -- "$place" "$kept" "$@"
fi
"""
_KEEP = f"""\
{_LINKED}\
mkdir -p -- "$2"
if [ -e "$2/$3" ]; then touch -- "$2/$3"; exit; fi
if [ -e "$1" ]; then cp -- "$1" "$2/$3.part"; mv -f -- "$2/$3.part" "$2/$3"; fi
"""
_INSTALL = f"""\
{_LINKED}\
mkdir -p -- "$2"
cat > "$2/$3.part"
if [ "$(wc -c < "$2/$3.part")" -ne "$4" ]; then echo 'the content did not arrive whole' >&2; exit 65; fi
chmod 600 "$2/$3.part"
sync -- "$2/$3.part" 2>/dev/null || sync
mv -f -- "$2/$3.part" "$2/$3"
cp -- "$2/$3" "$1.new"
mv -f -- "$1.new" "$1"
ls -1t -- "$2" | tail -n "+$(($5 + 1))" | while IFS= read -r old; do rm -f -- "$2/$old"; done
"""
_REMOVE = f"""\
{_LINKED}\
rm -f -- "$1"
"""
_PUT_BACK = f"""\
{_LINKED}\
[ -e "$2/$3" ] || exit {_ABSENT}
touch -- "$2/$3"
cp -- "$2/$3" "$1.new"
sync -- "$1.new" 2>/dev/null || sync
mv -f -- "$1.new" "$1"
"""


class EnvFile:
    """One env file on one host. Every effect is behind the fence of the service's directory."""

    def __init__(self, host: Host, directory: PurePosixPath, file: PurePosixPath) -> None:
        self._host = host
        self._effects = Effects(host, directory)
        self.path = directory / file
        self.kept = directory / ".shipmate.env"

    async def content(self) -> bytes | None:
        """Return what lies there now; None where there is no such file."""
        return await self._host.read(self.path)

    async def install(self, content: bytes, mark: str, before: str | None, fence: int) -> None:
        """Put a content in place, mode 0600, whole or not at all; what lay there is kept under its own mark."""
        if before is not None:
            await self._effects.do(self._script(_KEEP, before), fence, f"Keeping {self.path}")
        command = self._script(_INSTALL, mark, str(len(content)), str(KEPT))
        await self._effects.do(command, fence, f"Writing {self.path}", stdin=content)

    async def put_back(self, mark: str, fence: int) -> bool:
        """Put a former content in place again; False where the host does not keep it any more."""
        answer = await self._effects.attempt(self._script(_PUT_BACK, mark), fence)
        if answer.exit_code == _ABSENT:
            return False
        answer.require(f"Putting {self.path} back on {self._host.name}")
        return True

    async def keeps(self, mark: str) -> bool:
        """Tell whether a content could be put back."""
        return (await self._host.run(("test", "-e", str(self.kept / mark)))).ok

    async def remove(self, fence: int) -> None:
        """Take the file away, where there was none before; its content is kept under its mark."""
        await self._effects.do(self._script(_REMOVE), fence, f"Removing {self.path}")

    def _script(self, script: str, *words: str) -> Argv:
        return ("sh", "-c", script, "env-file", str(self.path), str(self.kept), *words)
