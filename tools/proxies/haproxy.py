"""HAProxy in the container `shipmate-proxy`: servers move at run time, and its files keep up with them.

Everything happens inside the container, by bash and the runtime API on a port that nobody outside of it reaches; the
host needs docker and nothing else. Every service of every bot has a file of its own there, and changes wait for each
other, so that none is lost.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import PurePosixPath

from tools.effects import Effects
from tools.errors import CommandFailed, Denied, NotFound, Unreachable
from tools.hosts import Argv, Completed, Host
from tools.proxies.haproxy_moves import Moves, Standing, moves, standing_in
from tools.proxies.haproxy_text import ADMIN_PORT, COMMON, file_of, with_servers
from tools.proxies.port import Backend, Traffic, name_of

CONTAINER = "shipmate-proxy"
HOME = PurePosixPath("/var/lib/shipmate-proxy")
"""Where the volume with the files is mounted."""
REMEDY = "Let Shipmate set the host up: ./shipmate host setup SERVICE ENVIRONMENT"
_REFUSED = 66
_BUSY = 67
_UNKNOWN = 68
_CUT = "-- 8< --"
_SLACK = timedelta(seconds=20)
_ASK = f"""\
cd {HOME} || exit 1
ask() {{ {{ printf '%s\\n' "$1" >&3; cat <&3; }} 3<>/dev/tcp/127.0.0.1/{ADMIN_PORT}; }}
"""
_LOOK = f"""\
{_ASK}
[ -e "$1.cfg" ] || exit {_UNKNOWN}
cat "$1.cfg" && echo '{_CUT}' && ask "show stat $1 4 -1"
"""
_KNOWS = f"""\
{_ASK}
ask "show stat $1 2 -1" | grep "^$1," || true
"""
_POINT = f"""\
{_ASK}
name=$1 size=$2
shift 2
exec 8>> .lock
flock 8
new=.$name.new
refuse() {{ rm -f "$new"; echo "$1" >&2; exit {_REFUSED}; }}
try() {{
  said=$(ask "$1") || return 1
  case $said in ''|*registered*|*chang*) return 0;; esac
  return 1
}}
cat > "$new"
[ "$(wc -c < "$new")" -eq "$size" ] || refuse 'the content did not arrive whole'
said=$(haproxy -c -f {COMMON} -f "$new" 2>&1) || refuse "$said"
phase=join
for command; do
  case $command in
    join|undo|leave) phase=$command; continue;;
  esac
  [ "$phase" != join ] || try "$command" || {{
    refused="$command: ${{said:-no answer}}"
    phase=join
    for again; do
      case $again in join|undo|leave) phase=$again; continue;; esac
      [ "$phase" != undo ] || ask "$again" > /dev/null
    done
    refuse "$refused"
  }}
done
sync "$new" 2>/dev/null || sync
mv -f "$new" "$name.cfg"
for command; do
  case $command in
    join|undo|leave) phase=$command; continue;;
  esac
  [ "$phase" != leave ] || ask "$command" > /dev/null
done
ask "show stat $name 4 -1"
"""
_DRAINED = f"""\
{_ASK}
for ((left = $3; left >= 0; left--)); do
  open=$(ask "show stat $1 4 -1" | while IFS=, read -r _ server _ _ current _; do
    [ "$server" != "$2" ] || echo "$current"
  done)
  [ "${{open:-0}}" != 0 ] || exit 0
  sleep 0.1
done
exit {_BUSY}
"""


def inside(script: str, *words: str) -> Argv:
    """Build the command that runs a script in the proxy's container."""
    return ("docker", "exec", "--interactive", CONTAINER, "bash", "-c", script, "proxy", *words)


def point_command(name: str, size_bytes: int, todo: Moves) -> Argv:
    """Build the command that checks the file on its standard input, moves the servers, and puts the file in place."""
    words = ("join", *todo.joining, "undo", *todo.undoing, "leave", *todo.leaving)
    return inside(_POINT, name, str(size_bytes), *words)


class HaProxy:
    """The proxy that Shipmate sets up, as one compose project sees it; the fence is that of its directory."""

    def __init__(self, host: Host, directory: PurePosixPath, project: str) -> None:
        self._host = host
        self._project = project
        self._effects = Effects(host, directory)

    async def backends(self, route: str) -> tuple[Backend, ...]:
        """List the instances that take new requests now; none where the route is not known yet."""
        _, standing = await self._look(route)
        return tuple(one.backend for one in standing if one.serving)

    async def point(self, route: str, backends: Sequence[Backend], fence: int) -> None:
        """Let exactly these instances take new requests, now and after a restart of the proxy.

        Raises `Denied` where the proxy refuses, and then nothing has changed; `Superseded` where a newer run holds
        the target.
        """
        name = name_of(self._project, route)
        text, standing = await self._look(route)
        if not text:
            raise NotFound(
                f"The proxy on {self._host.name} has no route {name}.",
                standing="Requests go where they went.",
                remedy=REMEDY,
            )
        content = with_servers(text, backends).encode()
        command = point_command(name, len(content), moves(name, standing, backends))
        answer = await self._effects.attempt(command, fence, stdin=content)
        self._require_point(name, backends, answer)

    async def readmit(self, route: str, backend: Backend, fence: int) -> None:
        """Do nothing: whoever is taken out is as well as before."""
        del route, backend, fence

    async def drained(self, route: str, backend: Backend, limit: timedelta) -> bool:
        """Wait until an instance that takes no new requests has answered all it had; False past the limit."""
        tenths = int(limit / timedelta(seconds=0.1))
        command = inside(_DRAINED, name_of(self._project, route), backend.name, str(tenths))
        answer = await self._host.run(command, timeout=limit * 2 + _SLACK)
        if answer.exit_code == _BUSY:
            return False
        self._require(answer, f"Asking the proxy whether {backend.name} is still busy")
        return True

    async def traffic(self, route: str) -> Mapping[str, Traffic]:
        """Tell by a backend's name what it was asked and how it answered."""
        _, standing = await self._look(route)
        return {one.name: one.traffic for one in standing}

    async def knows(self, route: str) -> bool:
        """Tell whether the running proxy has a route."""
        name = name_of(self._project, route)
        return bool(
            self._require(await self._host.run(inside(_KNOWS, name)), "Asking the proxy for its routes").strip()
        )

    async def _look(self, route: str) -> tuple[str, tuple[Standing, ...]]:
        """Read the file of a route, and what runs; both empty where the proxy does not know it."""
        name = name_of(self._project, route)
        answer = await self._host.run(inside(_LOOK, name))
        if answer.exit_code == _UNKNOWN:
            return "", ()
        text, _, counters = self._require(answer, f"Asking the proxy about {file_of(name)}").partition(f"{_CUT}\n")
        return text, standing_in(counters)

    def _require_point(self, name: str, backends: Sequence[Backend], answer: Completed) -> None:
        if answer.exit_code == _REFUSED:
            raise Denied(
                f"The proxy on {self._host.name} refused to send requests for {name} elsewhere: "
                f"{answer.stderr.strip()[-600:]}",
                standing="What was in force stays in force.",
                remedy=f"See what it knows: docker exec {CONTAINER} cat {HOME}/{file_of(name)}; {REMEDY[0].lower()}"
                f"{REMEDY[1:]}",
            )
        serving = {one.name for one in standing_in(self._require(answer, "Moving requests")) if one.serving}
        if serving != {one.name for one in backends}:
            are, shall = (", ".join(sorted(some)) or "nobody" for some in (serving, {one.name for one in backends}))
            raise CommandFailed(
                f"The proxy on {self._host.name} sends requests for {name} to {are} instead of {shall}.",
                standing="Its file says what was asked for, so a restart would make it true.",
                remedy=f"Look at its log: docker logs {CONTAINER}",
            )

    def _require(self, answer: Completed, doing: str) -> str:
        """Return what the container printed, or say why it cannot be asked."""
        if answer.ok:
            return answer.stdout
        said = answer.stderr.strip()
        if "No such container" in said:
            raise NotFound(f"{self._host.name} has no proxy: there is no container {CONTAINER}.", remedy=REMEDY)
        if "is not running" in said or "is restarting" in said or "Connection refused" in said:
            raise Unreachable(
                f"The proxy on {self._host.name} does not run: {said.splitlines()[-1]}",
                remedy=f"On the host: docker logs {CONTAINER}; then docker start {CONTAINER}",
            )
        return answer.require(f"{doing} on {self._host.name}").stdout
