"""`host setup SERVICE [ENV]`: what a rolling release needs on every host of an environment, made where missing."""

import asyncio
from collections.abc import Mapping
from typing import TextIO, TypeVar

from config.nearest import did_you_mean
from config.rollout import ReverseProxy
from config.service import Service
from config.shipmate import Configuration
from config.targets import ComposeTarget, HostSettings
from tools.clock import SystemClock
from tools.errors import NotFound, ToolError
from tools.hosts import Host
from tools.local import LocalHost
from tools.proxies.host_setup import HostSetup
from tools.proxies.inclusion import inclusions, put_first_files
from tools.proxies.port import NETWORK
from tools.proxies.setting_up import described
from tools.ssh import SshHost

DONE, NO = 0, 1
Known = TypeVar("Known")


async def set_up(
    configuration: Configuration, name: str, environment: str | None, *, dry_run: bool, out: TextIO
) -> int:
    """Set the hosts up side by side, and say what was done; one that fails does not hold up the others.

    Raises `NotFound` for a service, environment or proxy that is not declared.
    """
    service = _known(name, configuration.services, "service")
    place = environment or service.default_environment
    target = _known(place, service.environments, f"environment of {name}").target
    if not isinstance(target, ComposeTarget) or target.proxy is None:
        raise NotFound(
            f"{name} in {place} has no `proxy` in its target.",
            standing="Nothing was looked at or changed.",
            remedy=f"Declare one in {name}.yaml (kodex.yaml shows how), then set the host up.",
        )
    told = await asyncio.gather(
        *(_host(service, target, target.proxy, settings, dry_run=dry_run) for settings in target.hosts)
    )
    out.writelines("".join(f"{line}\n" for line in lines) for _, lines in told)
    return DONE if all(good for good, _ in told) else NO


async def _host(
    service: Service, target: ComposeTarget, proxy: ReverseProxy, settings: HostSettings, *, dry_run: bool
) -> tuple[bool, list[str]]:
    host: Host = SshHost(settings) if settings.address else LocalHost(settings.name)
    try:
        return True, await _steps(host, service, target, proxy, dry_run=dry_run)
    except ToolError as error:
        parts = (part for part in (error.standing, error.next_step) if part)
        return False, [f"{host.name}: {error.happened}", *(f"  {part}" for part in parts)]
    finally:
        if isinstance(host, SshHost):
            await host.close()


async def _steps(
    host: Host, service: Service, target: ComposeTarget, proxy: ReverseProxy, *, dry_run: bool
) -> list[str]:
    project = service.project(target)
    setup = HostSetup(host, proxy, project, SystemClock())
    todo, found = await setup.look()
    if not dry_run:
        await setup.apply(todo, found)
        await put_first_files(proxy, host, target.directory, project)
    steps = [f"  {step}" for step in (*described(todo, proxy), *inclusions(proxy, target.directory, project))]
    if todo.nothing:
        ready = f"the network {NETWORK}" + (" and the proxy are there" if proxy.kind == "haproxy" else " is there")
        return [f"{host.name}: nothing to do, {ready}.", *steps]
    return [f"{host.name}: {'would' if dry_run else 'done'}:", *steps]


def _known(name: str, among: Mapping[str, Known], kind: str) -> Known:
    if name not in among:
        raise NotFound(f"There is no {kind} {name}{did_you_mean(name, among)}")
    return among[name]
