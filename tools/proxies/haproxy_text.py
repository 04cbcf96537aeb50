"""What HAProxy is told at its start: one file for all, and one for each route. Pure.

A route's file is exactly what runs: whoever moves requests at run time replaces the lines of its servers, and nothing
else, in the same breath. So a restart of the proxy changes nothing.
"""

import re
from collections.abc import Iterable, Sequence

from config.rollout import Route
from tools.errors import Garbled
from tools.proxies.port import Backend

ADMIN_PORT = 9765
"""Of the runtime API, inside the container's own network only."""
COMMON = "00-shipmate.cfg"
LAST_MINUTES = 11
"""For requests under way when the files are read again: longer than any server may take for its answer."""
_SERVER = re.compile(r"^    server .*\n", re.MULTILINE)
_BIND = re.compile(r"^    bind :(\d+)$", re.MULTILINE)
_ADDRESS = re.compile(r"^# address: (\S+)$", re.MULTILINE)

# Connections to instances are not kept: one that its instance closes just then would cost a request. What broke before
# any byte of an answer is sent again only where HTTP lets anybody repeat it. Processes that end their last requests
# after a reload share the memory of the container, so there are only so many of them.
_COMMON = f"""\
# Written by Shipmate (./shipmate host setup). Changes made here by hand are lost.
global
    stats socket ipv4@127.0.0.1:{ADMIN_PORT} level admin
    log stdout format raw local0 notice
    fd-hard-limit 16000
    hard-stop-after {LAST_MINUTES}m
    mworker-max-reloads 5

defaults
    mode http
    log global
    option httplog
    option dontlog-normal
    option forwardfor
    option http-server-close
    option redispatch
    option idle-close-on-response
    balance roundrobin
    retries 3
    retry-on conn-failure empty-response
    timeout connect 3s
    timeout client 10m
    timeout server 10m
    timeout tunnel 1h
    timeout queue 10s
    timeout http-request 30s
    timeout http-keep-alive 75s
"""
_ROUTE = """\
# Written by Shipmate. The lines of the servers change with every release.
# address: {address}
frontend {name}:{listen}
    bind :{listen}
    default_backend {name}

backend {name}
    http-request disable-l7-retry unless {{ method GET HEAD OPTIONS }}
    http-request set-header X-Forwarded-Proto http unless {{ req.hdr(X-Forwarded-Proto) -m found }}
"""


def common_text() -> str:
    """Write the file that all routes share."""
    return _COMMON


def file_of(name: str) -> str:
    """Name the file of a route."""
    return f"{name}.cfg"


def route_text(name: str, route: Route, former: str = "") -> str:
    """Write the file of a route; the servers stay those of its former text."""
    head = _ROUTE.format(name=name, listen=route.listen, address=route.address)
    return head + "".join(_SERVER.findall(former))


def with_servers(text: str, backends: Iterable[Backend]) -> str:
    """Write a route's file anew with exactly these servers."""
    lines = (f"    server {one.name} {one.address}:{one.port} weight {one.weight}\n" for one in backends)
    return _SERVER.sub("", text) + "".join(lines)


def published(texts: Sequence[str]) -> tuple[str, ...]:
    """Tell what the routes need of the host, as `docker run --publish` takes it: `0.0.0.0:80:80`."""
    ports = set()
    for text in texts:
        bind, address = _BIND.search(text), _ADDRESS.search(text)
        if bind is None or address is None:
            raise Garbled(
                f"A file of the proxy has no port in it: {text[:80]!r}.",
                remedy="Remove that file from the volume shipmate-proxy, then set the host up again.",
            )
        ports.add(f"{address[1]}:{bind[1]}:{bind[1]}")
    return tuple(sorted(ports))
