"""The astrago service on a stage: its monorepo, its deployment repository, ArgoCD, and a cluster with a version."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from config.contracts import Probe
from tests.emulators.argocd import Application, ArgoCdEmulator, Workload
from tests.emulators.linear import Issue, LinearEmulator, Team
from tests.stage.astrago import deployments
from tests.stage.astrago.cluster import Cluster
from tests.stage.astrago.history import FIRST
from tests.stage.astrago.repository import COMPONENTS, NODE_BASE, PYTHON_BASE, SERVER_BASE, build_astrago
from tests.stage.astrago.writing import git
from tests.stage.images import PYTHON, PYTHON_TEST
from tests.stage.ports import free_port
from tests.stage.registry import Registry
from tests.stage.site import OVERRIDES, Site, lay_over
from tests.stage.web_images import BUSYBOX, NODE
from tools.clock import SystemClock
from tools.health import ask

ENVIRONMENT = "stage"
ISSUES = ("BE-577", "BE-581", "BE-590", "BE-612")
"""The issues that the sample's commits name."""
SYNC = {"sync_timeout": "20s", "hard_refresh_after": "10s"}


@dataclass(slots=True)
class AstragoSite(Site):
    """S2 `astrago`: four components, one deployment repository, one cluster; of its environments only `stage`."""

    service: ClassVar[str] = "astrago"

    spare: Registry | None = None
    """The registry that images go to when the first refuses them."""
    ports: Mapping[str, int] = field(default_factory=lambda: {name: free_port() for name in COMPONENTS})
    """Component -> where it is reached, whatever container runs it."""
    argo: ArgoCdEmulator = field(init=False)
    linear: LinearEmulator = field(init=False)

    @property
    def deployments(self) -> Path:
        """The deployment repository, as GitHub keeps it."""
        return self.directory / "deployments.git"

    @property
    def github(self) -> Mapping[str, Path]:
        """The repositories that GitHub serves."""
        return {"acme/astrago": self.bare, deployments.NAME: self.deployments}

    @property
    def application(self) -> Application:
        """What ArgoCD and its cluster hold."""
        return self.argo[f"astrago-{ENVIRONMENT}"]

    @property
    def tokens(self) -> Mapping[str, str]:
        """What the bot needs beside the usual."""
        issues = {"LINEAR_API_KEY": self.linear.key, "LINEAR_API_URL": self.linear.url}
        return {"ARGOCD_TOKEN": self.argo.token, **issues}

    @property
    def values(self) -> str:
        """The deployment file as it stands now."""
        return git(self.deployments, "show", f"main:{deployments.values_file(ENVIRONMENT)}")

    @property
    def commits(self) -> list[str]:
        """The messages of the deployment repository's commits, newest first."""
        return [
            one.strip() for one in git(self.deployments, "log", "--format=%B%x00", "main").split("\0") if one.strip()
        ]

    def prepare(self, running: str = FIRST) -> None:
        """Make the repositories and settings, and the images of the version that somebody runs already."""
        names = {PYTHON_BASE: PYTHON, NODE_BASE: NODE, SERVER_BASE: BUSYBOX}
        address = self.stage.registry.address
        build_astrago(self.bare, {name: f"{address}/{inside}" for name, inside in names.items()})
        images = {name: (self.image_of(f"astrago-{name}"), self.tag(name, running)) for name in COMPONENTS}
        deployments.build_deployments(self.deployments, lambda _environment: images)
        self._build(running, images)
        self._make_argo()
        self.linear = LinearEmulator(*(Issue(name, Team("BE")) for name in ISSUES), port=free_port())
        self.write_settings()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Let ArgoCD, the cluster and Linear work, with what the file says running."""
        async with Cluster(self.stage.server, self.directory.name, self.ports) as cluster, self.argo, self.linear:
            self.application.starts = cluster.starts
            await self.brought_in()
            yield

    async def brought_in(self) -> None:
        """Let the cluster run what stands in the file, as if nobody watched."""
        clock = SystemClock()
        await self.application.refresh(hard=True)
        await self.application.start_sync()
        while self.application.busy or self.application.starting:
            await clock.sleep(timedelta(milliseconds=50))
        assert self.application.health == "Healthy", self.application.ills

    def tag(self, component: str, version: str) -> str:
        """Name the tag that a component's image of a version has."""
        return f"{component}-stage-{git(self.bare, 'rev-parse', f'{version}^0')[:8]}"

    def somebody_writes(self, before: str, after: str) -> None:
        """Let somebody else commit a change of the deployment file."""
        work = self.directory / "by-hand"
        if not work.exists():
            git(self.directory, "clone", "--quiet", str(self.deployments), str(work))
        git(work, "pull", "--quiet")
        file = work / deployments.values_file(ENVIRONMENT)
        assert before in file.read_text()
        file.write_text(file.read_text().replace(before, after))
        name, mail = "max", "max@acme.example"
        git(
            work,
            "-c",
            f"user.name={name}",
            "-c",
            f"user.email={mail}",
            "commit",
            "--quiet",
            "--all",
            "--message",
            "By hand",
        )
        git(work, "push", "--quiet")

    def settings(self) -> dict[str, Any]:
        """Take the settings that ship with the bot, and put this stage's places in."""
        service = self.shipped
        service["repository"] = {**service["repository"], "url": str(self.bare)}
        for name, component in service["components"].items():
            component["image"] = self.image_of(f"astrago-{name}")
            component["fallback"] = f"{self.spare.address}/astrago/{name}" if self.spare else None
        service["suites"]["unit"]["image"] = f"{self.stage.registry.address}/{PYTHON_TEST}"
        environment = service["environments"][ENVIRONMENT]
        service |= {"environments": {ENVIRONMENT: environment}, "default_environment": ENVIRONMENT}
        environment["target"]["argocd"] |= {"url": self.argo.url, **SYNC}
        environment["approval"] = dict(self.approval)
        environment["health"]["probe"]["url"] = f"{self.address('core')}/health"
        environment["smoke"] = [{"url": f"{self.address('web')}/"}, {"url": f"{self.address('monitor')}/"}]
        lay_over(environment, {**OVERRIDES, **self.extra})
        return service

    def address(self, component: str) -> str:
        """Tell where a component answers."""
        return f"http://127.0.0.1:{self.ports[component]}"

    async def answer_of(self, component: str, path: str = "/") -> str:
        """Ask a component, as those who use it do."""
        answer = await ask(Probe(url=f"{self.address(component)}{path}"))
        return answer.body or answer.error

    def running(self) -> str:
        """Tell the tags that the cluster runs, in the order of the components."""
        return " ".join(self.application.images[name].rpartition(":")[2] for name in COMPONENTS)

    def clear(self) -> None:
        """The cluster takes its containers away by itself."""

    def _build(self, version: str, images: Mapping[str, tuple[str, str]]) -> None:
        """Build and push a version without Shipmate."""
        sources = self.directory / "by-hand-sources"
        sources.mkdir()
        git(self.bare, "--work-tree", str(sources), "checkout", "--quiet", "--force", version, "--", ".")
        for name, component in self.shipped["components"].items():
            reference = ":".join(images[name])
            context = sources / component["context"]
            named = (
                "--build-arg",
                f"VERSION={version}",
                "--tag",
                reference,
                "--file",
                sources / component["dockerfile"],
            )
            self.stage.bot.docker("buildx", "build", "--load", "--quiet", *named, context)
            self.stage.bot.docker("push", "--quiet", reference)

    def _make_argo(self) -> None:
        places = self.shipped["environments"]["dev"]["target"]["images"]
        workloads = {name: Workload(place, self.image_of(f"astrago-{name}")) for name, place in places.items()}
        file = PurePosixPath(deployments.values_file(ENVIRONMENT))
        name = f"astrago-{ENVIRONMENT}"
        self.argo = ArgoCdEmulator(
            Application(name, self.deployments, file, workloads, SystemClock()), port=free_port()
        )
