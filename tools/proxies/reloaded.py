"""nginx and Caddy on the host: a file of ours that their configuration includes, a test of the whole, and a reload.

What they would refuse never comes into force: the file that was there before is put back.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath

from tools.effects import Effects
from tools.errors import Denied
from tools.hosts import Argv, Host
from tools.proxies.connections import closed
from tools.proxies.port import Backend, Traffic, name_of
from tools.proxies.reloaded_text import caddy_text, nginx_text, remembered

_REFUSED = 66
CADDYFILE = "/etc/caddy/Caddyfile"
# nginx answers the reload before it has begun it: it is done once new workers take requests and the old ones do not.
_NGINX_WORKERS = """\
workers() {
  for found in $(grep -alsE '^nginx: worker process *' /proc/[0-9]*/cmdline); do
    ! grep -aqs 'shutting down' "$found" || continue
    awk '{ print $4 ":" $1 }' "${found%cmdline}stat" 2> /dev/null
  done
}
settled() {
  for one in $(workers); do
    case " $before " in *" $one "*) continue;; esac
    master=${one%%:*} old=
    for other in $(workers); do
      case " $before " in *" $other "*) [ "${other%%:*}" != "$master" ] || old=$other;; esac
    done
    [ -n "$old" ] || return 0
  done
  return 1
}
"""
_AT_ONCE = """\
workers() { :; }
settled() { :; }
"""
_POINT = f"""\
set -u
file=$1 size=$2 test=$3 reload=$4
umask 022
cat > "$file.new"
refuse() {{
  if [ -e "$file.old" ]; then mv -f "$file.old" "$file"; else rm -f "$file"; fi
  rm -f "$file.new"
  printf '%s\\n' "$1" >&2
  exit {_REFUSED}
}}
rm -f "$file.old"
[ ! -e "$file" ] || cp -p "$file" "$file.old"
[ "$(wc -c < "$file.new")" -eq "$size" ] || refuse 'the content did not arrive whole'
mv -f "$file.new" "$file"
sync "$file" 2> /dev/null || sync
said=$(sh -c "$test" 2>&1) || refuse "$said"
before=$(workers | tr '\\n' ' ')
said=$(sh -c "$reload" 2>&1) || refuse "$said"
left=150
until settled; do
  [ "$left" -gt 0 ] || refuse 'it was told to reload and goes on as before: see its error log'
  left=$((left - 1))
  sleep 0.1
done
rm -f "$file.old"
"""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between them."""

    name: str
    suffix: str
    text: Callable[[str, Sequence[Backend]], str]
    test: Argv
    reload: Argv
    settling: str


NGINX = Dialect(
    "nginx",
    "nginx.conf",
    nginx_text,
    ("sudo", "-n", "nginx", "-t"),
    ("sudo", "-n", "nginx", "-s", "reload"),
    _NGINX_WORKERS,
)
CADDY = Dialect(
    "Caddy",
    "caddy",
    caddy_text,
    ("caddy", "validate", "--adapter", "caddyfile", "--config", CADDYFILE),
    ("caddy", "reload", "--adapter", "caddyfile", "--config", CADDYFILE),
    _AT_ONCE,
)


def file_for(directory: PurePosixPath, name: str, dialect: Dialect) -> PurePosixPath:
    """Name the file of a route, which the proxy's own configuration includes."""
    return directory / f"shipmate-{name}.{dialect.suffix}"


class Reloaded:
    """A proxy that the host has already."""

    def __init__(self, host: Host, directory: PurePosixPath, project: str, dialect: Dialect) -> None:
        self._host = host
        self._directory = directory
        self._project = project
        self._dialect = dialect
        self._effects = Effects(host, directory)

    async def backends(self, route: str) -> tuple[Backend, ...]:
        """List the instances that take new requests now; none where the route is not known yet."""
        content = await self._host.read(self._file(route))
        return remembered((content or b"").decode(errors="replace"))

    async def point(self, route: str, backends: Sequence[Backend], fence: int) -> None:
        """Let exactly these instances take new requests, now and after a restart of the proxy.

        Raises `Denied` where the proxy refuses, and then the former file is in force; `Superseded` where a newer run
        holds the target.
        """
        name, file = name_of(self._project, route), self._file(route)
        content = self._dialect.text(name, backends).encode()
        test, reload = shlex.join(self._dialect.test), shlex.join(self._dialect.reload)
        script = self._dialect.settling + _POINT
        command = ("sh", "-c", script, "point", str(file), str(len(content)), test, reload)
        answer = await self._effects.attempt(command, fence, stdin=content)
        if answer.exit_code == _REFUSED:
            raise Denied(
                f"{self._dialect.name} on {self._host.name} refused to send requests for {name} elsewhere: "
                f"{answer.stderr.strip()[-600:]}",
                standing=f"What was in force stays in force; {file} is as it was.",
                remedy=f"As the bot's user on the host, these must work: {test}; {reload}",
            )
        answer.require(f"Sending requests for {route} elsewhere on {self._host.name}")

    async def readmit(self, route: str, backend: Backend, fence: int) -> None:
        """Do nothing: whoever is taken out is as well as before."""
        del route, backend, fence

    async def drained(self, route: str, backend: Backend, limit: timedelta) -> bool:
        """Wait until an instance that takes no new requests has answered all it had; False past the limit."""
        del route
        return await closed(self._host, backend, limit)

    async def traffic(self, route: str) -> Mapping[str, Traffic]:
        """Tell nothing: neither of them counts by instance."""
        del route
        return {}

    def _file(self, route: str) -> PurePosixPath:
        return file_for(self._directory, name_of(self._project, route), self._dialect)
