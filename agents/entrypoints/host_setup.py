"""`host setup SERVICE [ENV]`: what a rolling release needs on every host of an environment, made where missing.

A host's proxy stands before every service there, so whoever sets it up needs the right to lock the target, waits for no
release on these hosts to be at work, and is put on record.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from agents.answers import Person
from agents.entrypoints.by_hand import Where, require_free, require_right, stands_for
from agents.entrypoints.terminal import Out
from agents.entrypoints.wiring import opened_store
from agents.tenure import Tenure
from config.nearest import did_you_mean
from config.rollout import ReverseProxy
from config.service import Service
from config.shipmate import Configuration
from config.targets import ComposeTarget, HostSettings
from tools.clock import SystemClock
from tools.errors import NotFound, ToolError
from tools.history import Store
from tools.history.lease import Lease
from tools.history.ledger import Record
from tools.hosts import Host
from tools.local import LocalHost
from tools.proxies.host_setup import HostSetup
from tools.proxies.inclusion import inclusions, put_first_files
from tools.proxies.port import NETWORK
from tools.proxies.setting_up import described
from tools.ssh import SshHost

DONE, NO = 0, 1
Known = TypeVar("Known")


@dataclass(frozen=True, slots=True)
class Errand:
    """What was typed, and by whom."""

    service: str
    environment: str | None
    person: Person
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class _Log:
    """Puts on record what is done to hosts."""

    store: Store
    record: Record

    async def note(self, outcome: str, host: Host, what: str) -> None:
        await self.store.audit.add(replace(self.record, outcome=outcome, detail={"host": host.name, "what": what}))


async def set_up(errand: Errand, configuration: Configuration, out: Out) -> int:
    """Set the hosts up side by side, and say what was done; one that fails does not hold up the others.

    Raises `NotFound` for a service, environment or proxy that is not declared, `Denied` for whoever may not, and
    `Superseded` while a release is at work on one of these hosts.
    """
    service, place, target, proxy = _declared(errand, configuration)
    told: list[tuple[bool, list[str]]] = []

    async def everywhere(log: _Log | None) -> None:
        told.extend(await asyncio.gather(*(_host(service, target, proxy, one, log) for one in target.hosts)))

    if errand.dry_run:
        await everywhere(None)
        return _tell(told, out)
    where, clock = (errand.service, place), SystemClock()
    await require_right(where, errand.person, configuration, clock, "set its hosts up")
    async with opened_store(configuration, make=True) as store:
        await require_free(_beside(target, configuration), store, clock)
        about = Record("effect", "host setup", "", errand.person.id, "", "terminal", *where)

        async def held(_: Lease) -> None:
            await everywhere(_Log(store, about))

        whole = await Tenure(store, clock).during(stands_for("host-setup", where, errand.person, clock), held)
    return _tell(told, out) if whole else NO


def _declared(errand: Errand, configuration: Configuration) -> tuple[Service, str, ComposeTarget, ReverseProxy]:
    name = errand.service
    service = _known(name, configuration.services, "service")
    place = errand.environment or service.default_environment
    target = _known(place, service.environments, f"environment of {name}").target
    if not isinstance(target, ComposeTarget) or target.proxy is None:
        raise NotFound(
            f"{name} in {place} has no `proxy` in its target.",
            standing="Nothing was looked at or changed.",
            remedy=f"Declare one in {name}.yaml (kodex.yaml shows how), then set the host up.",
        )
    return service, place, target, target.proxy


def _beside(target: ComposeTarget, configuration: Configuration) -> Iterator[Where]:
    """Name every target, of any service, that has one of these hosts."""
    addresses = {host.address for host in target.hosts}
    for name, service in configuration.services.items():
        for environment, settings in service.environments.items():
            other = settings.target
            if isinstance(other, ComposeTarget) and addresses & {host.address for host in other.hosts}:
                yield name, environment


def _tell(told: list[tuple[bool, list[str]]], out: Out) -> int:
    out.write("".join(f"{line}\n" for _, lines in told for line in lines))
    return DONE if all(good for good, _ in told) else NO


async def _host(
    service: Service, target: ComposeTarget, proxy: ReverseProxy, settings: HostSettings, log: _Log | None
) -> tuple[bool, list[str]]:
    host: Host = SshHost(settings) if settings.address else LocalHost(settings.name)
    try:
        return True, await _steps(host, service, target, proxy, log)
    except ToolError as error:
        if log:
            await log.note("failed", host, error.happened)
        parts = (part for part in (error.standing, error.next_step) if part)
        return False, [f"{host.name}: {error.happened}", *(f"  {part}" for part in parts)]
    finally:
        if isinstance(host, SshHost):
            await host.close()


async def _steps(
    host: Host, service: Service, target: ComposeTarget, proxy: ReverseProxy, log: _Log | None
) -> list[str]:
    project = service.project(target)
    setup = HostSetup(host, proxy, project, SystemClock())
    todo, found = await setup.look()
    if log:
        what = "; ".join(described(todo, proxy)) or "nothing was missing"
        await log.note("intended", host, what)
        await setup.apply(todo, found)
        await put_first_files(proxy, host, target.directory, project)
        await log.note("done", host, what)
    steps = [f"  {step}" for step in (*described(todo, proxy), *inclusions(proxy, target.directory, project))]
    if todo.nothing:
        ready = f"the network {NETWORK}" + (" and the proxy are there" if proxy.kind == "haproxy" else " is there")
        return [f"{host.name}: nothing to do, {ready}.", *steps]
    return [f"{host.name}: {'done' if log else 'would'}:", *steps]


def _known(name: str, among: Mapping[str, Known], kind: str) -> Known:
    if name not in among:
        raise NotFound(f"There is no {kind} {name}{did_you_mean(name, among)}")
    return among[name]
