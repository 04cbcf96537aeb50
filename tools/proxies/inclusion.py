"""What nginx, Caddy and proxies that go by labels must be told once by whoever looks after them."""

from pathlib import PurePosixPath

from config.rollout import ReverseProxy
from tools.hosts import Host
from tools.proxies.kinds import dialect_of
from tools.proxies.port import NETWORK, name_of
from tools.proxies.reloaded import file_for


async def put_first_files(settings: ReverseProxy, host: Host, directory: PurePosixPath, project: str) -> None:
    """Write the files that nginx or Caddy is to include, where they are missing: with nobody in them yet."""
    for name, file in _files(settings, directory, project):
        if await host.read(file) is None:
            (await host.run(("mkdir", "-p", "--", str(directory)))).require(f"Making {directory} on {host.name}")
            await host.write(file, dialect_of(settings).text(name, ()).encode())


def inclusions(settings: ReverseProxy, directory: PurePosixPath, project: str) -> tuple[str, ...]:
    """Say in one line for each route what its proxy's configuration needs."""
    files = _files(settings, directory, project)
    if settings.kind == "nginx":
        return tuple(
            f"nginx needs, inside of http {{}}: include {file}; and where requests come in: proxy_pass http://{name};"
            for name, file in files
        )
    if settings.kind == "caddy":
        return tuple(f"Caddy needs, inside of the site for {name}: import {file}" for name, file in files)
    if settings.kind == "labels":
        return (f"your proxy must be in the network {NETWORK}, and leave out containers that are unhealthy",)
    return ()


def _files(settings: ReverseProxy, directory: PurePosixPath, project: str) -> list[tuple[str, PurePosixPath]]:
    if settings.kind not in {"nginx", "caddy"}:
        return []
    names = [name_of(project, route) for route in settings.routes]
    return [(name, file_for(directory, name, dialect_of(settings))) for name in names]
