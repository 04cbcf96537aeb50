"""Connections to an instance, counted in its own network: so any proxy can be waited for, whatever it tells itself."""

from datetime import timedelta

from tools.hosts import Argv, Host
from tools.proxies.port import Backend

BUSY = 67
_SLACK = timedelta(seconds=20)
# A container's connections can be read by everybody on its host; where that is shut off, by a program inside of it.
# Whoever asks over loopback is the container's own health check.
_SCRIPT = f"""\
set -u
container=$1 port=$(printf '%04X' "$2") left=$3
listed() {{
  cat "/proc/$pid/net/tcp" "/proc/$pid/net/tcp6" 2> /dev/null ||
    docker exec "$container" cat /proc/net/tcp /proc/net/tcp6 2> /dev/null
}}
while :; do
  pid=$(docker inspect --format '{{{{.State.Pid}}}}' "$container") || exit 1
  [ "$pid" != 0 ] || exit 0
  open=$(listed | awk -v "port=:$port" '
    $4 == "01" && substr($2, length($2) - 4) == port && $3 !~ /0100007F:/ && $3 !~ /^0+1000000:/ {{ n++ }}
    END {{ print n + 0 }}')
  [ "$open" != 0 ] || exit 0
  [ "$left" -gt 0 ] || exit {BUSY}
  left=$((left - 1))
  sleep 0.1
done
"""


def closed_command(backend: Backend, limit: timedelta) -> Argv:
    """Build the command that waits until nobody but the container itself has a connection to an instance."""
    tenths = str(int(limit / timedelta(seconds=0.1)))
    return ("sh", "-c", _SCRIPT, "closed", backend.name, str(backend.port), tenths)


async def closed(host: Host, backend: Backend, limit: timedelta) -> bool:
    """Wait until nobody has a connection to an instance; False past the limit."""
    answer = await host.run(closed_command(backend, limit), timeout=limit * 2 + _SLACK)
    if answer.exit_code == BUSY:
        return False
    answer.require(f"Counting the connections to {backend.name} on {host.name}")
    return True
