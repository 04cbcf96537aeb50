"""A release's toolbox on a deployment repository: real git behind GitHub, an ArgoCD, a registry, and a service."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any, cast

from aiohttp import web
from pydantic import SecretStr

from agents.destinations.choice import destination_of
from agents.destinations.port import Destination
from agents.events import Event, load
from agents.state import State
from agents.toolbox import Cluster, Toolbox
from agents.wanted import Wanted
from config.service import Service
from tests.contract import deployment_repository as place
from tests.contract.histories import history, opened
from tests.emulators.argocd import Application, ArgoCdEmulator, Workload
from tests.emulators.github import GitHubEmulator
from tests.emulators.github.git import BareGit, TreeEntry
from tests.emulators.loopback import Loopback
from tests.emulators.registry import TokenRegistry
from tools.argocd import ArgoCd
from tools.clock import SystemClock
from tools.gitops import DeploymentRepository
from tools.redaction import Redactor
from tools.registry import Registry

COMPONENTS = ("core", "web")
COMMITS = {"v1": "0a1b2c3d" + "0" * 32, "v2": "4e5f6a7b" + "0" * 32}
VALUES = """\
# Written by the release bot; comments stay.
core:
  image: {{repository: {address}/acme/core, tag: core-stage-0a1b2c3d}}   # the API
web:
  image:
    tag: web-stage-0a1b2c3d
other: {{tag: 7}}
"""


@dataclass
class World:
    """Everything that a release through a deployment repository meets."""

    tools: Toolbox
    github: GitHubEmulator
    argo: ArgoCdEmulator
    registry: TokenRegistry
    door: Loopback
    digests: Mapping[str, str]
    resolved: dict[str, str]

    @property
    def destination(self) -> Destination:
        """The part under test."""
        return destination_of(self.tools)

    @property
    def application(self) -> Application:
        """The application behind ArgoCD."""
        return self.argo[place.ARGO.application]

    @property
    def file(self) -> str:
        """The deployment file as git has it now."""
        return place.shown(self.github)

    @property
    def messages(self) -> list[str]:
        """The messages of all commits of the deployment repository, newest first."""
        return place.messages(self.github)

    def wanted(self, version: str = "v2", **instead: str) -> Wanted:
        """Want a version; `instead` names other image repositories."""
        images = {
            name: {
                "image": instead.get(name, f"{self.registry.address}/acme/{name}"),
                "tag": tag_of(name, version),
                "digest": self.digests[tag_of(name, version)],
            }
            for name in COMPONENTS
        }
        return Wanted(version, COMMITS[version], images)

    def state(self, kind: str = "deploy") -> State:
        """The memory of a release of v2."""
        images = {name: dict(image) for name, image in self.wanted().images.items()}
        return State(
            kind=kind, version="v2", commit=COMMITS["v2"], release="r1", tested="passed", images=images, baseline_ms=5
        )

    def somebody_writes(self, before: str, after: str) -> str:
        """Let somebody else commit a change of the file."""
        assert before in self.file
        git = self.github[place.NAME].git
        return commit(git, self.file.replace(before, after))

    async def happened(self) -> list[Event]:
        """List what was reported."""
        return [load(entry.kind, entry.body) for entry in await self.tools.store.journal.of("r1")]


def tag_of(component: str, version: str) -> str:
    """Name the tag of a component's image."""
    return f"{component}-stage-{COMMITS[version][:8]}"


def commit(git: BareGit, text: str) -> str:
    """Commit a new text of the deployment file."""
    parent = git.run("rev-parse", "main").strip()
    tree = git.tree(parent, [TreeEntry(place.FILE, sha=git.store(text.encode()))])
    made = git.write_commit(tree, [parent], "By hand")
    git.move("refs/heads/main", made)
    return made


def service(address: str, door: str, argo: str) -> Service:
    """Declare two components behind one deployment file."""
    return Service.model_validate(
        {
            "service": "observer",
            "repository": {"url": "https://git.example.com/observer.git"},
            "components": {
                name: {
                    "image": f"{address}/acme/{name}",
                    "fallback": f"{address}/spare/{name}",
                    "tag": "{component}-stage-{sha:8}",
                }
                for name in COMPONENTS
            },
            "environments": {
                "production": {
                    "target": {
                        "kind": "gitops",
                        "repository": place.NAME,
                        "file": place.FILE,
                        "images": {name: f"{name}.image.tag" for name in COMPONENTS},
                        "argocd": {
                            "url": argo,
                            "application": place.ARGO.application,
                            "sync_timeout": "6s",
                            "hard_refresh_after": "3s",
                        },
                    },
                    "health": {"probe": {"url": f"{door}/health"}, "timeout": "1s", "retries": 0},
                    "smoke": [{"url": f"{door}/"}],
                    "watch": {"window": "200ms", "every": "50ms", "latency_floor": "1s"},
                }
            },
        }
    )


def _door() -> web.Application:
    async def well(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    application = web.Application()
    application.router.add_get("/{path:.*}", well)
    return application


@asynccontextmanager
async def world(directory: Path) -> AsyncIterator[World]:
    """Begin with v1 in the file, in the cluster and in the registry, and v2 in the registry."""
    async with AsyncExitStack() as stack:
        registry, door = TokenRegistry("ana", "x"), Loopback(_door)
        for server in (registry.server, door):
            await server.up()
            stack.push_async_callback(server.down)
        tags = [(name, tag_of(name, version)) for name in COMPONENTS for version in COMMITS]
        digests = {tag: registry.publish(f"acme/{name}", tag, [n]) for n, (name, tag) in enumerate(tags)}
        bare = place.bare_repository(directory, {place.FILE: VALUES.format(address=registry.address)})
        github = await stack.enter_async_context(GitHubEmulator({place.NAME: bare}))
        workloads = {name: Workload(f"{name}.image.tag", f"{registry.address}/acme/{name}") for name in COMPONENTS}
        application = Application(place.ARGO.application, bare, PurePosixPath(place.FILE), workloads, SystemClock())
        argo = await stack.enter_async_context(ArgoCdEmulator(application))
        await _bring_in(application)
        store = await stack.enter_async_context(history(directory))
        await opened(store)
        client = place.client(github)
        stack.callback(client.close)
        declared = service(registry.address, door.url, argo.url)
        target = declared.environments["production"].gitops
        resolved = {COMMITS["v1"][:8]: COMMITS["v1"], "v2": COMMITS["v2"]}
        tools = _toolbox(
            service=declared,
            store=store,
            registry=Registry(),
            repository=_Sources(resolved),
            cluster=Cluster(
                DeploymentRepository(client, target, SystemClock()), ArgoCd(target.argocd, SecretStr(argo.token))
            ),
        )
        yield World(tools, github, argo, registry, door, digests, resolved)


async def _bring_in(application: Application) -> None:
    """Let the cluster run what stands in the file, as it did before anybody released anything."""
    await application.refresh(hard=True)
    await application.start_sync()
    async with asyncio.timeout(30):
        while application.busy or application.health != "Healthy":
            await SystemClock().sleep(timedelta(milliseconds=20))


class _Sources:
    """The service's repository, of which only names of commits matter here."""

    def __init__(self, resolved: Mapping[str, str]) -> None:
        self._resolved = resolved

    async def refresh(self) -> None:
        """There is nothing to fetch."""

    async def resolve(self, version: str) -> str | None:
        """Tell the commit of a version."""
        return self._resolved.get(version)


def _toolbox(**tools: Any) -> Toolbox:
    unused = cast("Any", SimpleNamespace())
    return Toolbox(
        release_id="r1",
        environment_name="production",
        failures=unused,
        workspace=unused,
        clock=SystemClock(),
        redactor=Redactor(),
        images=unused,
        scanner=unused,
        servers={},
        github=None,
        narrator=None,
        **tools,
    )
