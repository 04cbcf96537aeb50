"""Where a plan is carried out, and what runs there before: on servers, or through a deployment repository."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

EXACT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class PlannedService:
    """The compose service that runs a component."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    component: str
    compose_service: str


@dataclass(frozen=True, slots=True)
class PlannedMount:
    """One piece of storage that a compose service gets."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    compose_service: str
    kind: str
    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class PlannedEnvFile:
    """The env file that Shipmate itself writes on the hosts: names, and a mark that tells nothing of the values."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    path: str
    """Below the directory."""
    variable: str
    """Where the bot has it from, such as `ENV_FILE`."""
    names: tuple[str, ...]
    mark: str


@dataclass(frozen=True, slots=True)
class PlannedRoute:
    """How requests reach a component through a host's reverse proxy."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    component: str
    port: int
    """That it listens on in its container."""
    listen: int | None = None
    """That the proxy takes requests at; None where a file of the proxy's own says so."""


@dataclass(frozen=True, slots=True)
class PlannedRolling:
    """Old and new next to each other; the routes are a set, and a component without one is recreated."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    proxy: str
    """Its kind, such as `haproxy`."""
    routes: tuple[PlannedRoute, ...]
    drain_seconds: float
    """How long requests under way may take to end."""
    warm_seconds: float
    """How long the old version goes on running after the release."""

    def covers(self, components: Iterable[str]) -> bool:
        """Tell whether all of these components have a route."""
        return set(components) <= {route.component for route in self.routes}


@dataclass(frozen=True, slots=True)
class PlannedSetting:
    """A group of settings that the release goes by: its name, and a mark that changes with any of them."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    name: str
    mark: str


@dataclass(frozen=True, slots=True)
class ComposePlan:
    """A directory with a compose file on each of some hosts; services, mounts, hosts, names and settings are sets."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    services: tuple[PlannedService, ...]
    compose_text: str
    """The compose file exactly as it will lie on the hosts."""
    environment_names: tuple[str, ...]
    mounts: tuple[PlannedMount, ...]
    hosts: tuple[str, ...]
    directory: str
    project: str
    env_file: PlannedEnvFile | None = None
    """None: it is the hosts' own, or stays as it is."""
    at_once: int = 1
    """So many hosts are moved side by side."""
    canaries: int = 0
    """So many hosts go first, and are compared with the others before these follow."""
    share_percent: int = 0
    """Of a canary's requests, for the new version until it was compared with the old one beside it; 0: none."""
    rolling: PlannedRolling | None = None
    """None: every component is recreated."""
    settings: tuple[PlannedSetting, ...] = ()
    """What is saved before, how canaries are compared, how the proxy is told and how images travel, unless default."""

    @property
    def places(self) -> tuple[str, ...]:
        """Where the steps are carried out."""
        return self.hosts


@dataclass(frozen=True, slots=True)
class PlannedPin:
    """What shall stand at a component's place in the deployment file; None: the file has nowhere to say it."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    component: str
    place: str
    """Dotted path in `values.yaml`, or image name in a kustomization."""
    tag: str | None
    image: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class GitopsPlan:
    """One commit to a file in a deployment repository, and the ArgoCD application that follows it; pins are a set."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    repository: str
    branch: str
    file: str
    pins: tuple[PlannedPin, ...]
    argocd: str
    """Address of ArgoCD."""
    application: str
    head: str = ""
    """Commit of the branch that was looked at. Advice: other people commit there too, to other places."""

    @property
    def places(self) -> tuple[str, ...]:
        """Where the steps are carried out."""
        return (self.application,)


@dataclass(frozen=True, slots=True)
class Running:
    """What runs on a host before a step: all that is needed to put it back. The container's id is advice."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    image: str
    image_id: str
    digest: str | None
    tag: str | None
    compose_text: str | None
    """The compose file that lay on the host; None where there was none."""
    container_id: str = ""
    env_mark: str | None = None
    """What the env file was on the host; None where there was none, or where it is the host's own."""

    @property
    def called(self) -> str:
        """The name that people know it by."""
        return self.tag or self.image_id


@dataclass(frozen=True, slots=True)
class Pinned:
    """What stands in the deployment file before a step, exactly as it is written back; None: it has no such value."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    tag: str | None
    image: str | None
    """Repository as the file says it, which may be a part of its name only."""
    digest: str | None

    @property
    def called(self) -> str:
        """The name that people know it by."""
        return self.tag or self.digest or ""
