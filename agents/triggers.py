"""What an event on GitHub sets off: releases, another look at a pull request or at checks, or nothing. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from config.service import Environment, Service
from tools.github_events import ChecksEnded, GithubEvent, Published, PullChanged, Pushed, Rerequested, Tagged

MANUAL = "manual"
Trigger = Literal["push", "tag", "release"]


@dataclass(frozen=True, slots=True)
class Due:
    """A release that shall begin by itself: of a branch's newest commit, or of a tag."""

    service: str
    environment: str
    trigger: Trigger
    name: str
    """Of the branch or tag."""
    by: str
    """GitHub login; empty where it is not known."""
    after_checks: bool


@dataclass(frozen=True, slots=True)
class Refresh:
    """A pull request whose summary is behind."""

    repository: str
    number: int


@dataclass(frozen=True, slots=True)
class Examine:
    """A branch or a pull request whose newest commit shall pass the suites, or a commit that shall do so again."""

    repository: str
    branch: str = ""
    number: int = 0
    """Of the pull request; 0 for a branch."""
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Recheck:
    """A commit whose checks may have ended."""

    repository: str
    commit: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing is done, and why."""

    reason: str


Consequence = Due | Refresh | Examine | Recheck | Ignored


def consequences(event: GithubEvent, services: Mapping[str, Service]) -> tuple[Consequence, ...]:
    """Tell what an event sets off, in the order in which services and environments are declared; never nothing."""
    declared = of_repository(event.repository, services)
    if not declared:
        return (Ignored(f"No service declares {event.repository} as its `repository.github`."),)
    if isinstance(event, ChecksEnded):
        return (Recheck(event.repository, event.commit),)
    if isinstance(event, PullChanged):
        return _of_pull_request(event, declared)
    if isinstance(event, Rerequested):
        return tuple(_gated(event, declared)) or (Ignored(f"The gate is off for {event.repository}."),)
    due: tuple[Consequence, ...] = (*_due(event, declared), *_gated(event, declared))
    return due or (Ignored(_why_not(event, declared)),)


def of_repository(repository: str, services: Mapping[str, Service]) -> tuple[Service, ...]:
    """List the services whose code lives in a repository on GitHub, which does not tell capitals from small letters."""
    wanted = repository.lower()
    return tuple(service for service in services.values() if (service.repository.github or "").lower() == wanted)


def _of_pull_request(event: PullChanged, declared: Sequence[Service]) -> tuple[Consequence, ...]:
    wanted: tuple[Consequence, ...] = tuple(_gated(event, declared))
    if any(service.repository.summaries for service in declared):
        wanted = (*wanted, Refresh(event.repository, event.number))
    return wanted or (Ignored(f"Summaries and the gate are off for {event.repository}."),)


def _gated(event: GithubEvent, declared: Iterable[Service]) -> Iterator[Examine]:
    """Yield what the gate looks at, once for all services of the repository; a tag is no change of the code."""
    if not any(service.repository.gate for service in declared):
        return
    if isinstance(event, PullChanged):
        yield Examine(event.repository, number=event.number)
    elif isinstance(event, Pushed):
        yield Examine(event.repository, branch=event.branch)
    elif isinstance(event, Rerequested):
        yield Examine(event.repository, commit=event.commit)


def _due(event: Pushed | Tagged | Published, declared: Iterable[Service]) -> Iterator[Due]:
    for service in declared:
        for name, environment in service.environments.items():
            if _fires(event, service, environment):
                trigger, ref = _told(event)
                yield Due(service.service, name, trigger, ref, event.by, environment.triggers.after_checks)


def _fires(event: Pushed | Tagged | Published, service: Service, environment: Environment) -> bool:
    rules = environment.triggers
    if isinstance(event, Pushed):
        return any(matches(event.branch, glob) for glob in rules.branches)
    if not is_version(event.tag, service):
        return False
    if isinstance(event, Tagged):
        return any(matches(event.tag, glob) for glob in rules.tags)
    return rules.releases


def _told(event: Pushed | Tagged | Published) -> tuple[Trigger, str]:
    if isinstance(event, Pushed):
        return "push", event.branch
    return ("tag" if isinstance(event, Tagged) else "release"), event.tag


def _why_not(event: Pushed | Tagged | Published, declared: Iterable[Service]) -> str:
    trigger, name = _told(event)
    strange = [service for service in declared if trigger != "push" and not is_version(name, service)]
    if strange:
        return f"{name} is not a version of {strange[0].service}; versions look like {strange[0].version}."
    kind = {"push": "branch", "tag": "tag", "release": "release of"}[trigger]
    return f"No environment of {event.repository} names the {kind} {name} in its `triggers`."


def is_version(tag: str, service: Service) -> bool:
    """Tell whether a tag is what the service calls a version."""
    return re.fullmatch(service.version, tag, re.ASCII) is not None


def matches(name: str, glob: str) -> bool:
    """Tell whether a glob fits a whole name as GitHub has it: `*` stays within one part of a path, `**` does not."""
    return _pattern(glob).fullmatch(name) is not None


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    try:
        return re.compile("".join(_piece(part) for part in re.findall(r"\*\*|\[[^\]]+\]|.", glob, re.DOTALL)))
    except re.error:  # a set that is none, such as [z-a], means itself
        return re.compile(re.escape(glob))


def _piece(part: str) -> str:
    if len(part) > 2 and part[0] == "[":  # noqa: PLR2004 - brackets with something between them
        inside = part[1:-1].replace("\\", r"\\").replace("[", r"\[")
        return f"[^{inside[1:]}]" if inside[0] == "!" else f"[{inside}]"
    return {"**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part) or re.escape(part)
