"""What a node may use: the tools of one release, made for it by `entrypoints/wiring.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from agents.events import Entered, Event, dump
from agents.narrator import Narrator
from agents.state import State
from agents.trail import BOT, trail
from config.freezes import Freeze
from config.service import Environment, Service
from config.shipmate import FailurePolicy
from guardrails.plan import Plan, from_json
from tools.argocd import ArgoCd
from tools.clock import Clock
from tools.codecov import Codecov
from tools.compose import Compose
from tools.containers import Containers
from tools.env_files import EnvFile
from tools.errors import NotFound
from tools.github import GithubRepository
from tools.gitops import DeploymentRepository
from tools.given_env import GivenEnv
from tools.history import Store
from tools.history.deployments import Deployment
from tools.history.ledger import Record
from tools.history.releases import Release
from tools.host_images import HostImages
from tools.hosts import Host
from tools.images import Images
from tools.instances import Instances
from tools.proxies.port import Proxy
from tools.redaction import Redactor
from tools.registry import Registry
from tools.repository import Repository
from tools.scanner import Scanner

CANCEL_POLL = timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True)
class Server:
    """One host of the environment, and what can be done there."""

    host: Host
    compose: Compose
    containers: Containers
    images: HostImages
    env: EnvFile | None = None
    """The env file that the bot writes there; None where it is the host's own."""
    instances: Instances | None = None
    """Containers of one service next to each other; None where only one at a time is wanted."""
    proxy: Proxy | None = None
    """The reverse proxy in front of them; None where there is none."""

    @property
    def name(self) -> str:
        """The name that plans and people use."""
        return self.host.name


@dataclass(frozen=True, slots=True)
class Cluster:
    """A deployment repository, and the ArgoCD application that follows it."""

    repository: DeploymentRepository
    argo: ArgoCd


@dataclass(frozen=True, slots=True)
class Toolbox:
    """Everything one release needs; nothing in it is stored with the release."""

    release_id: str
    service: Service
    environment_name: str
    failures: FailurePolicy
    workspace: Path
    """Directory of this release alone; removed when it ends."""
    store: Store
    clock: Clock
    redactor: Redactor
    repository: Repository
    images: Images
    registry: Registry
    scanner: Scanner
    servers: Mapping[str, Server]
    """The hosts of a compose target."""
    github: GithubRepository | None
    narrator: Narrator | None
    cluster: Cluster | None = None
    """Behind a gitops target."""
    given_env: GivenEnv | None = None
    """The env file as the bot was given it; None where hosts have their own."""
    codecov: Codecov | None = None
    freezes: Sequence[Freeze] = ()
    """Windows of the whole bot; those of the environment stand there."""

    @property
    def environment(self) -> Environment:
        """The settings of the environment that the release goes to."""
        return self.service.environments[self.environment_name]

    async def report(self, event: Event) -> None:
        """Write an event into the journal, and into the audit where it changed anything."""
        audited = trail(self.release_id, event)
        await self.store.journal.record(self.release_id, event.key, event.KIND, dump(event), audited)

    async def intend(self, action: str, *what: str) -> None:
        """Put an effect on record before it begins: should the process die in it, the audit still tells of it."""
        told = {"what": ", ".join(what)}
        await self.store.audit.add(Record("effect", action, "intended", BOT, release=self.release_id, detail=told))

    async def enter(self, stage: str) -> None:
        """Tell that a stage begins."""
        await self.store.releases.change(self.release_id, stage=stage)
        await self.report(Entered(stage))

    async def release(self) -> Release:
        """Return the release as the store knows it now."""
        release = await self.store.releases.get(self.release_id)
        if release is None:
            raise NotFound(f"Release {self.release_id} is not in the store.")
        return release

    async def plan(self) -> Plan:
        """Return the plan of this release."""
        stored = await self.store.decisions.plan(self.release_id)
        if stored is None:
            raise NotFound(f"Release {self.release_id} has no plan.")
        return from_json(stored[1])

    async def sources(self, commit: str) -> Path:
        """Return a directory with the sources of a commit, for reading and building; suites get copies of their own."""
        directory = self.workspace / f"sources-{commit}"  # a tag may be moved while an interrupted release waits
        if not directory.exists():
            await self.repository.export(commit, directory)
        return directory

    async def deployed(self) -> Mapping[str, Deployment]:
        """Tell what each component runs, as the last verified release left it."""
        return await self.store.deployments.of(self.service.service, self.environment_name)

    async def cancelled_by(self) -> str | None:
        """Tell who asked for this release to stop, if anybody did."""
        return (await self.release()).cancelled_by

    async def until_cancelled(self) -> str:
        """Return who cancelled the release, as soon as somebody does."""
        while (person := await self.cancelled_by()) is None:
            await self.clock.sleep(CANCEL_POLL)
        return person


async def stopped_by(state: State, tools: Toolbox) -> str | None:
    """Tell who stops a release; nobody a way back that has begun, for what it leaves would be put back."""
    begun = state["kind"] == "rollback" and bool(state.get("touched"))
    return None if begun else await tools.cancelled_by()
