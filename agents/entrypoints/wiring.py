"""The one place that constructs anything: from a configuration to a crew that works."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import aiosqlite
from sqlalchemy import make_url

from agents.crew import Crew
from agents.entrypoints import own_secrets
from agents.entrypoints.github_login import github_client
from agents.entrypoints.given import given_env, hide_given
from agents.entrypoints.memory import DiscreetSerializer
from agents.entrypoints.presence import on_record
from agents.gate.queue import Gating
from agents.graph import crew_graph
from agents.memory import FencedSaver
from agents.narrator import Narrator
from agents.pull_requests import PullRequests
from agents.remote import CrewCalls, RemoteCrew
from agents.toolbox import Cluster, Server, Toolbox
from config.credentials import read_credentials
from config.loading import is_default_database
from config.service import Service
from config.shipmate import Configuration, Credentials, ModelSettings
from config.targets import ComposeTarget, GitopsTarget, HostSettings, Target
from tools.argocd import ArgoCd
from tools.carriage import Carriage, own
from tools.clock import Clock, SystemClock
from tools.codecov import Codecov
from tools.compose import Compose
from tools.containers import Containers
from tools.env_files import EnvFile
from tools.errors import Denied, NotFound, Superseded
from tools.fingerprints import Fingerprints
from tools.github import GithubRepository
from tools.github_client import GithubClient
from tools.gitops import DeploymentRepository
from tools.history import Store, open_store
from tools.history.releases import Release
from tools.host_images import HostImages
from tools.hosts import Host
from tools.images import Images
from tools.instances import Instances
from tools.local import LocalHost
from tools.ownership import Ownership
from tools.proxies.kinds import Place, proxy_of
from tools.proxies.port import Proxy
from tools.redaction import Redactor
from tools.references import Reference
from tools.registry import Login, Registry
from tools.relay import Relay
from tools.repository import Repository
from tools.scanner import Scanner, shared_key
from tools.ssh import SshHost
from tools.workspace import Workspaces

log = logging.getLogger(__name__)
_NOWHERE = "sqlite://"


@dataclass(frozen=True, slots=True)
class Databases:
    """Three files side by side: ours is the truth, the other two only remember how far a run had come."""

    store: str
    runs: str
    memory: Path
    lock: Path
    key: Path
    """Of the fingerprints in plans; not in the database, so that nobody who has that alone can try contents out."""

    @property
    def path(self) -> Path:
        """The file of the store."""
        return Path(self.store.removeprefix("sqlite:///"))

    @classmethod
    def of(cls, configuration: Configuration) -> "Databases":
        """Find them; only SQLite files are supported."""
        override = configuration.credentials.database_url
        url = make_url(override.get_secret_value() if override else configuration.shipmate.database)
        if url.get_backend_name() != "sqlite" or not url.database:
            raise Denied(
                f"The database {url.get_backend_name()} is not supported.",
                standing="Nothing was started.",
                remedy="Set SHIPMATE_DATABASE_URL to sqlite:///PATH, or leave it out.",
            )
        path = Path(url.database).absolute()
        beside = path.with_name
        runs = f"sqlite:///{beside(f'{path.stem}-runs.db')}"
        memory, lock, key = (beside(f"{path.stem}-memory.db"), beside(f"{path.name}.lock"), beside(f"{path.stem}.key"))
        return cls(f"sqlite:///{path}", runs, memory, lock, key)


@dataclass(slots=True)
class Workshop:
    """What all releases of one process share, and the making of each release's toolbox."""

    configuration: Configuration
    store: Store
    clock: Clock
    redactor: Redactor
    scanner: Scanner
    images: Images
    registry: Registry
    fingerprints: Fingerprints
    codecov: Codecov | None
    github: GithubClient | None
    narrator: Narrator | None
    relay: Relay
    _hosts: dict[HostSettings, Host] = field(default_factory=dict)
    _repositories: dict[str, Repository] = field(default_factory=dict)

    async def equip(self, release: Release) -> Toolbox:
        """Make the toolbox of one release."""
        service = self.configuration.services[release.service]
        target = service.environments[release.environment].target
        name = service.repository.github
        return Toolbox(
            release_id=release.id,
            service=service,
            environment_name=release.environment,
            failures=self.configuration.shipmate.failures,
            workspace=Workspaces(self.configuration.shipmate.workspace).of(release.id),
            store=self.store,
            clock=self.clock,
            redactor=self.redactor,
            repository=self.repository_of(service),
            images=self.images,
            registry=self.registry,
            scanner=self.scanner,
            servers=self._servers(service, release.environment),
            cluster=self._cluster(target),
            github=GithubRepository(self.github, name) if self.github and name else None,
            narrator=self.narrator,
            given_env=given_env(target, os.environ, self.fingerprints),
            codecov=self.codecov,
            freezes=self.configuration.shipmate.freezes,
        )

    def pull_requests(self) -> PullRequests:
        """Make the part of the bot that looks after pull requests; it shares the copies of the repositories."""
        return PullRequests(
            self.configuration,
            self.github,
            self.repository_of,
            scanner=self.scanner,
            redactor=self.redactor,
            narrator=self.narrator,
            clock=self.clock,
        )

    def gating(self) -> Gating:
        """Make the part of the bot that runs suites without a release."""
        return Gating(
            self.configuration,
            self.github,
            self.repository_of,
            self.store,
            redactor=self.redactor,
            codecov=self.codecov,
            clock=self.clock,
        )

    async def close(self) -> None:
        """Let go of every connection."""
        for host in self._hosts.values():
            if isinstance(host, SshHost):
                await host.close()
        if self.github:
            self.github.close()
        if self.narrator:
            await self.narrator.close()

    def _servers(self, service: Service, environment: str) -> Mapping[str, Server]:
        target = service.environments[environment].target
        hosts = target.hosts if isinstance(target, ComposeTarget) else ()
        return {host.name: self._server(service, environment, host) for host in hosts}

    def _cluster(self, target: Target) -> Cluster | None:
        """Make the tools of a deployment repository; raises `Denied` where nobody may write it."""
        if not isinstance(target, GitopsTarget):
            return None
        if self.github is None:
            raise Denied(
                f"Nobody may write {target.repository}: there is neither a GITHUB_TOKEN nor a GitHub App.",
                remedy=f"Set GITHUB_TOKEN to a token with `contents: write` on {target.repository}.",
            )
        argo = ArgoCd(target.argocd, self.configuration.credentials.argocd_token)
        return Cluster(DeploymentRepository(self.github, target, self.clock), argo)

    def _server(self, service: Service, environment: str, settings: HostSettings) -> Server:
        target = service.environments[environment].compose
        host = self._host(settings)
        compose = Compose(host, target.directory, target.file, service.project(target))
        written = target.env_file if target.env_from else None
        env = EnvFile(host, target.directory, written) if written else None
        bring = own(self.images.pull)  # here the bot's own login counts
        if isinstance(host, SshHost):
            bring = Carriage(host, self.relay, self.images, self.registry, target.shipping).bring
        beside = Instances(host, target.directory, target.file, service.project(target)) if target.rolls else None
        proxy = self._proxy(service, target, host)
        return Server(host, compose, Containers(host), HostImages(host, bring), env, beside, proxy)

    def _proxy(self, service: Service, target: ComposeTarget, host: Host) -> Proxy | None:
        if not target.rolls or target.proxy is None:
            return None
        services = {component: service.compose_service(component) for component in target.proxy.routes}
        place = Place(target.directory, service.project(target), services)
        return proxy_of(target.proxy, host, place, self.clock)

    def _host(self, settings: HostSettings) -> Host:
        if settings not in self._hosts:
            self._hosts[settings] = SshHost(settings) if settings.address else LocalHost(settings.name)
        return self._hosts[settings]

    def repository_of(self, service: Service) -> Repository:
        """Return the copy of a service's repository; there is one."""
        if service.service not in self._repositories:
            directory = self.configuration.shipmate.workspace / "repositories" / f"{service.service}.git"
            name = service.repository.github
            token = partial(self.github.token, name) if self.github and name else None
            self._repositories[service.service] = Repository(service.repository.url, directory, token)
        return self._repositories[service.service]


@dataclass(frozen=True, slots=True)
class Bot:
    """What runs for as long as the bot does."""

    crew: Crew
    pull_requests: PullRequests
    gating: Gating
    github: GithubClient | None
    repository_of: Callable[[Service], Repository]


@asynccontextmanager
async def working_crew(configuration: Configuration, clock: Clock | None = None) -> AsyncIterator[Crew]:
    """Assemble a crew as `working_bot` does, for one command at a terminal, which needs nothing else of the bot."""
    async with working_bot(configuration, clock, door="terminal") as bot:
        yield bot.crew


@asynccontextmanager
async def working_bot(
    configuration: Configuration, clock: Clock | None = None, *, door: str = ""
) -> AsyncIterator[Bot]:
    """Assemble a bot that owns its database, start its crew, and stop both at the end.

    Raises `Superseded` while another process owns the database.
    """
    moment = clock or SystemClock()
    databases = Databases.of(configuration)
    os.umask(0o077)
    async with AsyncExitStack() as stack:
        stack.enter_context(Ownership(databases.lock))
        redactor = own_secrets.of_configuration(configuration)
        own_secrets.keep_out_of_logs(redactor)
        hide_given(configuration.services, os.environ, redactor)
        store = await open_store(databases.store, moment, redactor)
        stack.push_async_callback(store.close)
        await stack.enter_async_context(on_record(store, configuration, door=door))
        connection = await stack.enter_async_context(aiosqlite.connect(databases.memory))
        await store.leases.bury()  # whoever held one was a process that is gone: the database is ours now
        saver = FencedSaver(connection, store, serde=DiscreetSerializer(redactor))
        workshop = assemble(configuration, store, moment, redactor)
        stack.push_async_callback(workshop.close)
        crew = Crew(configuration, store, moment, crew_graph(saver), workshop.equip, databases.runs)
        stack.push_async_callback(crew.stop)
        await crew.start()
        pull_requests = workshop.pull_requests()
        stack.push_async_callback(pull_requests.close)
        yield Bot(crew, pull_requests, workshop.gating(), workshop.github, workshop.repository_of)


@asynccontextmanager
async def reachable_crew(configuration: Configuration) -> AsyncIterator[CrewCalls]:
    """Return the crew of the running bot, or one of our own where no bot runs."""
    databases = Databases.of(configuration)
    async with AsyncExitStack() as stack:
        crew: CrewCalls
        try:
            crew = await stack.enter_async_context(working_crew(configuration))
        except Superseded:
            redactor = own_secrets.of_configuration(configuration, tell=False)
            store = await open_store(databases.store, SystemClock(), redactor)
            stack.push_async_callback(store.close)
            crew = RemoteCrew(configuration, store, databases.runs, redactor=redactor)
        yield crew


@asynccontextmanager
async def reading_crew(configuration: Configuration, *, needed: bool = True) -> AsyncIterator[CrewCalls]:
    """Return a crew for whoever only reads its store: no release is taken up, whether a bot runs or not."""
    async with opened_store(configuration, needed=needed) as store:
        yield RemoteCrew(configuration, store, Databases.of(configuration).runs)


@asynccontextmanager
async def pull_request_reader(configuration: Configuration) -> AsyncIterator[PullRequests]:
    """Make what reads pull requests, with copies of the repositories apart from those of a running bot."""
    with TemporaryDirectory(prefix="shipmate-") as scratch:
        settings = configuration.shipmate.model_copy(update={"workspace": Path(scratch)})
        apart = configuration.model_copy(update={"shipmate": settings})
        async with opened_store(configuration, needed=False) as store:
            workshop = assemble(apart, store, SystemClock(), own_secrets.of_configuration(configuration))
            try:
                yield workshop.pull_requests()
            finally:
                await workshop.close()


@asynccontextmanager
async def opened_store(
    configuration: Configuration, *, needed: bool = True, make: bool = False
) -> AsyncIterator[Store]:
    """Open the history, and never make one unless that is said; a running bot does not mind.

    Raises `NotFound` where there is none at the place that somebody has named. On a new machine, and where
    none is `needed`, an empty one in memory answers.
    """
    databases = Databases.of(configuration)
    there = make or await asyncio.to_thread(databases.path.exists)
    if not there and needed and not is_default_database(configuration):
        raise NotFound(
            f"There is no database at {databases.path} yet (nothing was released, or the path is wrong).",
            standing="Nothing was made there.",
            remedy=f"Correct SHIPMATE_DATABASE_URL, or `database` in {configuration.path}; ./shipmate serve makes it.",
        )
    redactor = own_secrets.of_configuration(configuration, tell=False)
    store = await open_store(databases.store if there else _NOWHERE, SystemClock(), redactor)
    try:
        yield store
    finally:
        await store.close()


def assemble(configuration: Configuration, store: Store, clock: Clock, redactor: Redactor) -> Workshop:
    """Construct the shared tools from the configuration and its credentials."""
    credentials, workspace = configuration.credentials, configuration.shipmate.workspace
    logins = _logins(configuration)
    registry = Registry(logins, minted=partial(redactor.register, "REGISTRY_TOKEN", whole=True, newest=8))
    return Workshop(
        configuration=configuration,
        store=store,
        clock=clock,
        redactor=redactor,
        scanner=Scanner(workspace / "scanner", shared_key(os.environ)),
        images=Images(logins=logins),
        registry=registry,
        relay=Relay(registry),
        fingerprints=Fingerprints.kept(Databases.of(configuration).key),
        codecov=_codecov(credentials),
        github=github_client(credentials, redactor),
        narrator=_narrator(configuration, redactor),
    )


def _codecov(credentials: Credentials) -> Codecov | None:
    return Codecov(credentials.codecov_token, credentials.codecov_url) if credentials.codecov_token else None


def narrator_of(environ: Mapping[str, str]) -> Narrator | None:
    """Construct the narrator alone, for whoever has no service to configure; None without a key."""
    credentials = read_credentials(environ)
    if credentials.anthropic_api_key is None:
        return None
    key, redactor = credentials.anthropic_api_key, own_secrets.of_credentials(credentials)
    return Narrator(ModelSettings(), key, credentials.anthropic_base_url, redactor.outgoing)


def _narrator(configuration: Configuration, redactor: Redactor) -> Narrator | None:
    credentials, settings = configuration.credentials, configuration.shipmate.model
    if credentials.anthropic_api_key is None:
        return None
    return Narrator(settings, credentials.anthropic_api_key, credentials.anthropic_base_url, redactor.outgoing)


def _logins(configuration: Configuration) -> Mapping[str, Login]:
    """Use the registry login for every registry that a service's images live in."""
    name, password = configuration.credentials.registry_username, configuration.credentials.registry_password
    if name is None or password is None:
        return {}
    parts = [part for service in configuration.services.values() for part in service.components.values()]
    images = [image for part in parts for image in (part.image, part.fallback) if image]
    return {Reference.parse(image).registry: Login(name, password) for image in images}
