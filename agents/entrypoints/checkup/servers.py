"""The servers of one environment: each is reached once, then everything there is looked at together."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePosixPath

from agents.entrypoints.checkup import toolset
from agents.entrypoints.checkup.check import Check, State, ok, settled, unknown
from agents.entrypoints.checkup.deployments import deployment_checks
from agents.entrypoints.checkup.place import (
    Place,
    directory_looked_at,
    env_file_looked_at,
    judged_directory,
    judged_disk,
    judged_env_file,
    judged_given,
    judged_login,
    judged_way_in,
    named,
)
from agents.entrypoints.checkup.proxies import proxy_checks
from agents.entrypoints.checkup.services import Subject, judged_approval
from config.service import Environment
from config.targets import GitopsTarget, HostSettings
from tools.disk import free_bytes
from tools.hosts import Completed, Host
from tools.local import LocalHost
from tools.registry_login import login_works, registry_of
from tools.ssh import SshHost

HOSTS_AT_ONCE = 10
"""More SSH logins at once only make each of them slower."""
_CLOSING_SECONDS = 3
_PART_FOR_CONNECTING = 0.7
"""Of the limit: then it is the connection that says why."""


@dataclass(slots=True)
class Servers:
    """Every server once, however many services run on it; `close` in the end."""

    environ: Mapping[str, str]
    limit: timedelta
    _hosts: dict[HostSettings, Host] = field(default_factory=dict)
    _reached: dict[HostSettings, asyncio.Task[Check]] = field(default_factory=dict)
    _at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(HOSTS_AT_ONCE))

    def host(self, settings: HostSettings) -> Host:
        """Return the host; connected when first used."""
        if settings not in self._hosts:
            local = LocalHost(settings.name, self.environ)
            self._hosts[settings] = (
                SshHost(settings, connect_limit=self.limit * _PART_FOR_CONNECTING) if settings.address else local
            )
        return self._hosts[settings]

    async def reached(self, settings: HostSettings) -> Check:
        """Tell whether commands run there; asked once for all services."""
        if settings not in self._reached:
            self._reached[settings] = asyncio.create_task(self._knock(settings))
        return await self._reached[settings]

    async def close(self) -> None:
        """Hang up everywhere; a line that does not end by itself is left to the end of the process."""
        closing = [asyncio.create_task(host.close()) for host in self._hosts.values() if isinstance(host, SshHost)]
        if closing:
            _, late = await asyncio.wait(closing, timeout=_CLOSING_SECONDS)
            for task in late:
                task.cancel()

    async def _knock(self, settings: HostSettings) -> Check:
        async with self._at_once:
            return await settled(named(settings, "way in"), _way_in(self.host(settings), settings), self.limit)


async def environment_checks(
    subject: Subject, name: str, environment: Environment, servers: Servers
) -> tuple[Check, ...]:
    """Look at an environment: who approves, and each of its servers, or its deployment repository."""
    if isinstance(environment.target, GitopsTarget):
        return await deployment_checks(subject, name, environment.approval, environment.target)
    approvers = f"environments.{name}.approval.approvers of {subject.file}"
    found = await asyncio.gather(*(_server(subject, name, settings, servers) for settings in environment.compose.hosts))
    return (judged_approval(environment.approval, approvers), *(check for checks in found for check in checks))


async def _server(subject: Subject, name: str, settings: HostSettings, servers: Servers) -> tuple[Check, ...]:
    target = subject.service.environments[name].compose
    way_in = await servers.reached(settings)
    if way_in.state is not State.OK:
        return (way_in, unknown(named(settings, "the rest"), "not looked at, since there is no way in"))
    place = Place(servers.host(settings), settings, target)
    checks = await asyncio.gather(*_programs(place, subject.limit), *_files(place, subject.limit, servers.environ))
    works = checks[0].state is State.OK
    logins = await asyncio.gather(*_logins(place, subject, works=works))
    return (way_in, *checks, *logins, *await proxy_checks(place, subject, name, works=works))


def _programs(place: Place, limit: timedelta) -> list[Awaitable[Check]]:
    here = place.there("")

    def engine(name: str, ended: Completed) -> Check:
        return toolset.judged_engine(name, ended, here, place.settings.user)

    def compose(name: str, ended: Completed) -> Check:
        return toolset.judged_compose(name, ended, here)

    def flock(name: str, ended: Completed) -> Check:
        return toolset.judged_program(name, ended, here, toolset.installing("util-linux"))

    programs = {
        place.name("docker"): (toolset.ENGINE, engine),
        place.name("compose"): (toolset.COMPOSE, compose),
        place.name("flock"): (toolset.FLOCK, flock),
    }
    return [
        settled(name, toolset.program(place.host, name, argv, judge), limit) for name, (argv, judge) in programs.items()
    ]


def _files(place: Place, limit: timedelta, environ: Mapping[str, str]) -> list[Awaitable[Check]]:
    work: dict[str, Awaitable[Check]] = {"directory": _directory(place), "disk": _disk(place)}
    if place.target.env_from is not None:
        work["env file"] = _given(place, place.target.env_from, environ)
    elif place.target.env_file is not None:
        work["env file"] = _env_file(place, place.target.directory / place.target.env_file)
    return [settled(place.name(what), check, limit) for what, check in work.items()]


def _logins(place: Place, subject: Subject, *, works: bool) -> list[Awaitable[Check]]:
    images = {registry_of(component.image): component.image for component in subject.service.components.values()}
    if place.settings.address is None and subject.configuration.credentials.registry_password:
        return [_own_login(place, registry) for registry in images]
    return [_login(place, registry, image, subject.limit, works=works) for registry, image in images.items()]


async def _own_login(place: Place, registry: str) -> Check:
    return ok(place.name(f"pull from {registry}"), "with the bot's own login, SHIPMATE_REGISTRY_USERNAME")


async def _login(place: Place, registry: str, image: str, limit: timedelta, *, works: bool) -> Check:
    name = place.name(f"pull from {registry}")
    if not works:
        return unknown(name, "not looked at, since docker does not work there")

    async def check() -> Check:
        return judged_login(place, registry, await login_works(place.host, registry, f"{image}:latest"))

    return await settled(name, check(), limit)


async def _way_in(host: Host, settings: HostSettings) -> Check:
    return judged_way_in(await host.run(("true",)), settings)


async def _directory(place: Place) -> Check:
    ended = await place.host.run(directory_looked_at(place.target.directory))
    return judged_directory(place, ended.exit_code)


async def _env_file(place: Place, path: PurePosixPath) -> Check:
    return judged_env_file(place, path, await place.host.run(env_file_looked_at(path)))


async def _given(place: Place, variable: str, environ: Mapping[str, str]) -> Check:
    return judged_given(place, variable, environ.get(variable, ""))


async def _disk(place: Place) -> Check:
    return judged_disk(place, await free_bytes(place.host, place.target.directory))
