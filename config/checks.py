"""What must hold inside one service's file beyond the shape of its keys."""

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from config.document import Location
from config.nearest import did_you_mean
from config.service import Environment, Service
from config.sources import Component
from config.targets import ComposeTarget, GitopsTarget

IMAGE = r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::[0-9]+)?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
GROUP = re.compile(r"S[A-Z0-9]{5,}", re.ASCII)
TAGGED = IMAGE + r"(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"

STRATEGIES = frozenset({"semver", "git-sha", "timestamp"})
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
KNOWN = re.compile(r"component|environment|version|time|sha(:([4-9]|[1-3][0-9]|40))?")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two things in a file that cannot both be meant, or one that cannot work."""

    location: Location
    message: str


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
    yield from _pattern(("version",), service.version)
    if service.issues is not None:
        yield from _pattern(("issues", "pattern"), service.issues.pattern)
    yield from _images(service)
    yield from _components_named(service)
    for name, environment in service.environments.items():
        yield from _environment(("environments", name), environment, service.components)


def collisions(services: Mapping[str, Service]) -> Iterator[tuple[str, Contradiction]]:
    """Find targets that lie in one directory of one machine, each with the name of its service.

    They would share the compose file, `.env`, the fence and the mark of the last good version.
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


def _images(service: Service) -> Iterator[Contradiction]:
    for name, suite in service.suites.items():
        if not suite.command and suite.check is None:
            yield Contradiction(("suites", name, "command"), "is required where no `check` names the evidence")
        if suite.image is not None and not re.fullmatch(TAGGED, suite.image, re.ASCII):
            yield Contradiction(
                ("suites", name, "image"), "is not an image reference; write one such as python:3.11-slim"
            )


def _components_named(service: Service) -> Iterator[Contradiction]:
    for name, component in service.components.items():
        for key, image in (("image", component.image), ("fallback", component.fallback)):
            if image is not None and not re.fullmatch(IMAGE, image, re.ASCII):
                message = "must be an image repository without a tag, such as ghcr.io/acme/observer"
                yield Contradiction(("components", name, key), message)
        yield from _tags(("components", name), component)
        on_servers = any(isinstance(one.target, ComposeTarget) for one in service.environments.values())
        if component.fallback is not None and on_servers:
            message = "helps only with gitops targets: a compose file names the first registry; take it out"
            yield Contradiction(("components", name, "fallback"), message)


def _tags(at: Location, component: Component) -> Iterator[Contradiction]:
    if component.tag not in STRATEGIES and not PLACEHOLDER.search(component.tag):
        message = "always names the same tag; use semver, git-sha, timestamp, or a pattern such as {component}-{sha:8}"
        yield Contradiction((*at, "tag"), message)
    for key, pattern in (("tag", component.tag), *(("further_tags", one) for one in component.further_tags)):
        for found in PLACEHOLDER.findall(pattern):
            if not KNOWN.fullmatch(found):
                message = (
                    f"'{found}' is unknown; use {{component}}, {{environment}}, {{version}}, {{sha:8}} or {{time}}"
                )
                yield Contradiction((*at, key), message)


def _environment(at: Location, environment: Environment, components: Collection[str]) -> Iterator[Contradiction]:
    yield from _pattern((*at, "startup", "line"), environment.startup.line or "")
    yield from _pattern((*at, "startup", "fatal"), environment.startup.fatal)
    yield from _pattern((*at, "watch", "error_log"), environment.watch.error_log)
    if isinstance(environment.target, ComposeTarget):
        yield from _hosts(at, environment.target)
    else:
        yield from _components(at, environment.target, components)
    yield from _approval(at, environment)
    if environment.watch.every > environment.watch.window:
        yield Contradiction((*at, "watch", "every"), "is longer than the window; nothing would be measured")
    for alias, standard in environment.variables.aliases.items():
        if alias in environment.variables.required:
            yield Contradiction(
                (*at, "variables", "aliases", alias), f"is refused here but required above; require {standard} instead"
            )


def _components(at: Location, target: GitopsTarget, components: Collection[str]) -> Iterator[Contradiction]:
    for name in target.images:
        if name not in components:
            yield Contradiction((*at, "target", "images", name), f"is no component{did_you_mean(name, components)}")
    for name in sorted(set(components) - set(target.images)):
        yield Contradiction((*at, "target", "images"), f"does not say where the tag of '{name}' stands")


def _hosts(at: Location, target: ComposeTarget) -> Iterator[Contradiction]:
    if not target.directory.is_absolute():
        yield Contradiction((*at, "target", "directory"), "must be absolute, such as /opt/observer")
    if target.env_from and target.env_file is None:
        yield Contradiction((*at, "target", "env_from"), "needs `env_file`: the file that it is written to")
    names = [host.name for host in target.hosts]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Contradiction(
                (*at, "target", "hosts", index, "name"), f"'{name}' is already the name of another host"
            )


def _approval(at: Location, environment: Environment) -> Iterator[Contradiction]:
    policy = environment.approval
    for index, name in enumerate(policy.approvers):
        if GROUP.fullmatch(name):
            message = f"'{name}' is a user group, and groups cannot approve yet; list its members"
            yield Contradiction((*at, "approval", "approvers", index), message)
    if policy.approvers and len(set(policy.approvers)) < policy.required:
        yield Contradiction(
            (*at, "approval", "required"),
            f"asks for {policy.required} approvals, but only {len(set(policy.approvers))} approvers are listed",
        )


def _pattern(at: Location, pattern: str) -> Iterator[Contradiction]:
    try:
        re.compile(pattern)
    except re.error as error:
        yield Contradiction(at, f"is not a regular expression: {error}")
