"""The files of ours that nginx and Caddy include: who takes the requests of a route. Pure."""

import re
from collections.abc import Sequence
from functools import reduce
from math import gcd

from tools.proxies.port import Backend

MOST_REPEATED = 20
"""Caddy gets a share of requests by being named more often; no more often than this."""
_REMEMBERED = re.compile(r"^# instance (\S+) (\S+):(\d+) weight (\d+)$", re.MULTILINE)


def nginx_text(route: str, backends: Sequence[Backend]) -> str:
    """Write what stands inside of `http {}`: an upstream with the route's name."""
    serving = [one for one in backends if one.weight]
    servers = [f"    server {one.address}:{one.port} weight={one.weight};\n" for one in serving]
    return f"{_head(backends)}upstream {route} {{\n{''.join(servers) or _NOBODY}}}\n"


_NOBODY = "    server 127.0.0.1:1 down;\n"


def caddy_text(route: str, backends: Sequence[Backend]) -> str:
    """Write what stands inside of a site: where its requests go.

    Connections to instances are not kept: one that its instance closes just then would cost a request.
    """
    serving = [one for one in backends if one.weight]
    if not serving:
        return f'{_head(backends)}respond "{route} has no instance" 503\n'
    to = " ".join(f"{one.address}:{one.port}" for one, times in _times(serving) for _ in range(times))
    return (
        f"{_head(backends)}reverse_proxy {to} {{\n"
        "\tlb_policy round_robin\n\tlb_try_duration 3s\n\tlb_try_interval 100ms\n"
        "\ttransport http {\n\t\tkeepalive off\n\t}\n}\n"
    )


def remembered(text: str) -> tuple[Backend, ...]:
    """Read from a file of ours who takes the requests."""
    return tuple(
        Backend(name, address, int(port), int(weight)) for name, address, port, weight in _REMEMBERED.findall(text)
    )


def _head(backends: Sequence[Backend]) -> str:
    lines = (f"# instance {one.name} {one.address}:{one.port} weight {one.weight}\n" for one in backends)
    return f"# Written by Shipmate at every release; changes made here by hand are lost.\n{''.join(lines)}"


def _times(serving: Sequence[Backend]) -> list[tuple[Backend, int]]:
    """Tell how often each is named, so that the shares come out as near as a short list allows."""
    shared = reduce(gcd, (one.weight for one in serving))
    most = max(one.weight // shared for one in serving)
    scale = min(1.0, MOST_REPEATED / most)
    return [(one, max(1, round(one.weight // shared * scale))) for one in serving]
