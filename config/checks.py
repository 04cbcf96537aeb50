"""What must hold inside one service's file beyond the shape of its keys."""

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping

from config.backups import Backup
from config.code import code_contradictions
from config.contracts import Limits
from config.contradiction import Contradiction, no_expression
from config.document import Location
from config.duration import format_duration
from config.endpoints import endpoint_contradictions
from config.exceptions import allowance_contradictions, waiver_contradictions
from config.nearest import did_you_mean
from config.persons import approval_contradictions
from config.routing import proxy_collisions, proxy_contradictions
from config.service import Environment, Service, Triggers
from config.strategies import strategy_contradictions
from config.targets import ComposeTarget, GitopsTarget

CPUS = re.compile(r"\d+(\.\d+)?|\.\d+", re.ASCII)
MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*[kmgt]?(i?b)?", re.ASCII | re.IGNORECASE)


def contradictions(service: Service, stem: str) -> Iterator[Contradiction]:
    """Find what cannot work in a service although every key has the right shape; `stem` is the file's name."""
    if service.service != stem:
        yield Contradiction(
            ("service",), f"is '{service.service}', but the file is {stem}.yaml; give both the same name"
        )
    if service.default_environment not in service.environments:
        unknown = service.default_environment
        yield Contradiction(
            ("default_environment",), f"'{unknown}' is not defined{did_you_mean(unknown, service.environments)}"
        )
    yield from no_expression(("version",), service.version)
    if service.issues is not None:
        yield from no_expression(("issues", "pattern"), service.issues.pattern)
    yield from code_contradictions(service)
    yield from allowance_contradictions(service.allowed_secrets)
    for name, environment in service.environments.items():
        yield from _environment(("environments", name), environment, service.components)


def collisions(services: Mapping[str, Service]) -> Iterator[tuple[str, Contradiction]]:
    """Find targets that cannot be on one machine together, each with the name of its service.

    In one directory they would share the compose file, `.env`, the fence and the mark of the last good version.
    """
    taken: dict[tuple[str, int, str], str] = {}
    for name, service in services.items():
        for place, environment in service.environments.items():
            if not isinstance(environment.target, ComposeTarget):
                continue
            directory = posixpath.normpath(environment.target.directory)
            for index, host in enumerate(environment.target.hosts):
                machine = (host.address.lower(), host.port) if host.address else ("", 0)
                owner = taken.setdefault((*machine, directory), f"{name} in {place} on {host.name}")
                if owner != f"{name} in {place} on {host.name}":
                    at = ("environments", place, "target", "hosts", index)
                    yield name, Contradiction(at, f"has its directory {directory} where {owner} has it; choose another")
    yield from proxy_collisions(services)


def _environment(at: Location, environment: Environment, components: Collection[str]) -> Iterator[Contradiction]:
    yield from _strangers((*at, "components"), environment.components, components)
    yield from no_expression((*at, "startup", "line"), environment.startup.line or "")
    yield from no_expression((*at, "startup", "fatal"), environment.startup.fatal)
    yield from no_expression((*at, "watch", "error_log"), environment.watch.error_log)
    if isinstance(environment.target, ComposeTarget):
        yield from _hosts(at, environment.target)
        yield from proxy_contradictions(at, environment.target, components)
        yield from endpoint_contradictions(at, environment, environment.target, components)
    else:
        yield from _components(at, environment.target, components)
    yield from approval_contradictions(at, environment)
    yield from _triggers(at, environment.triggers)
    yield from _limits(at, environment.limits)
    yield from waiver_contradictions(at, environment.paths)
    yield from _backup(at, environment)
    if environment.watch.every > environment.watch.window:
        yield Contradiction((*at, "watch", "every"), "is longer than the window; nothing would be measured")
    for alias, standard in environment.variables.aliases.items():
        if alias in environment.variables.required:
            yield Contradiction(
                (*at, "variables", "aliases", alias), f"is refused here but required above; require {standard} instead"
            )


def _components(at: Location, target: GitopsTarget, components: Collection[str]) -> Iterator[Contradiction]:
    yield from _strangers((*at, "target", "images"), target.images, components)
    for name in sorted(set(components) - set(target.images)):
        yield Contradiction((*at, "target", "images"), f"does not say where the tag of '{name}' stands")
    if target.argocd.hard_refresh_after >= target.argocd.sync_timeout:
        message = (
            f"would never happen: the wait ends after {format_duration(target.argocd.sync_timeout)}; make it shorter"
        )
        yield Contradiction((*at, "target", "argocd", "hard_refresh_after"), message)


def _strangers(at: Location, named: Collection[str], components: Collection[str]) -> Iterator[Contradiction]:
    for name in named:
        if name not in components:
            yield Contradiction((*at, name), f"is no component{did_you_mean(name, components)}")


def _hosts(at: Location, target: ComposeTarget) -> Iterator[Contradiction]:
    if not target.directory.is_absolute():
        yield Contradiction((*at, "target", "directory"), "must be absolute, such as /opt/observer")
    if target.env_from and target.env_file is None:
        yield Contradiction((*at, "target", "env_from"), "needs `env_file`: the file that it is written to")
    yield from strategy_contradictions(at, target)
    names = [host.name for host in target.hosts]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Contradiction(
                (*at, "target", "hosts", index, "name"), f"'{name}' is already the name of another host"
            )


def _backup(at: Location, environment: Environment) -> Iterator[Contradiction]:
    backup, where = environment.paths.backup, (*at, "paths", "backup")
    if backup is None:
        return
    if not isinstance(environment.target, ComposeTarget):
        yield Contradiction(where, "cannot be made there: a cluster chooses its own machines; back up its volumes")
    elif not (backup.mounts or backup.dumps or environment.paths.persist):
        yield Contradiction(where, "saves nothing; name `mounts` or `dumps`, or what must `persist`")
    elif backup.stop and environment.target.rolls:
        message = (
            "would stop the instance that serves, where `strategy` promises no gap; leave it false, and use `dumps`"
        )
        yield Contradiction((*where, "stop"), message)
    yield from _saved(where, backup, {*environment.paths.mounts.values(), *environment.paths.persist})


def _saved(where: Location, backup: Backup, known: Collection[str]) -> Iterator[Contradiction]:
    places = set(map(posixpath.normpath, known))
    for index, place in enumerate(backup.mounts if known else ()):
        if posixpath.normpath(place) not in places:
            message = f"is neither in `mounts` nor in `persist`{did_you_mean(place, known)}"
            yield Contradiction((*where, "mounts", index), message)
    for name, command in backup.dumps.items():
        if not any(word.strip() for word in command[:1]):
            message = "is no command; write one whose output is the dump, such as [pg_dump, -U, app, app]"
            yield Contradiction((*where, "dumps", name), message)


def _triggers(at: Location, triggers: Triggers) -> Iterator[Contradiction]:
    for key, globs in (("branches", triggers.branches), ("tags", triggers.tags)):
        for index, glob in enumerate(globs):
            if not glob.strip():
                message = "is empty and fits nothing; write a glob such as v*, or take it out"
                yield Contradiction((*at, "triggers", key, index), message)


def _limits(at: Location, limits: Limits) -> Iterator[Contradiction]:
    for key, given in (("cpus", limits.cpus), ("cpus_reserved", limits.cpus_reserved)):
        if given is not None and not CPUS.fullmatch(given):
            yield Contradiction((*at, "limits", key), "is no number of CPUs; write one such as '0.5'")
    for key, given in (("memory", limits.memory), ("memory_reserved", limits.memory_reserved)):
        if given is not None and not MEMORY.fullmatch(given):
            yield Contradiction((*at, "limits", key), "is no size; write one such as 512M or 2G")
