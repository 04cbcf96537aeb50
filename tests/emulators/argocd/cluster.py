"""The world behind ArgoCD: an application that follows a file in git, and workloads that start, or do not."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

from tests.emulators.github.git import BareGit
from tools.clock import Clock
from tools.errors import ToolError
from tools.gitops_pins import pins

SYNCED, OUT_OF_SYNC, UNKNOWN = "Synced", "OutOfSync", "Unknown"
HEALTHY, PROGRESSING, DEGRADED = "Healthy", "Progressing", "Degraded"


@dataclass(frozen=True, slots=True)
class Workload:
    """A deployment of the chart: where its tag stands in the file, and the repository that the chart puts before it."""

    place: str
    repository: str


@dataclass(slots=True)
class Sync:
    """One operation."""

    revision: str
    started: datetime
    phase: str = "Running"
    message: str = ""
    finished: datetime | None = None
    refused: dict[str, str] = field(default_factory=dict)
    """Workload -> why the cluster did not take it."""


async def _starts(_workload: str, _image: str) -> str:
    return ""


@dataclass(slots=True)
class Application:
    """One application. The switches at the top are what a test changes."""

    name: str
    repository: Path
    """A bare git repository."""
    file: PurePosixPath
    workloads: Mapping[str, Workload]
    clock: Clock
    branch: str = "main"
    automated: bool = False
    """Sync by itself whenever a new commit is seen."""
    stuck: bool = False
    """Go on seeing the commit from before, until a hard refresh."""
    sync_for: timedelta = timedelta(seconds=0.05)
    start_for: timedelta = timedelta(seconds=0.05)
    refusal: str = ""
    """Let every sync fail with this message."""
    unpullable: frozenset[str] = frozenset()
    """Tags of images that cannot be pulled."""
    starts: Callable[[str, str], Awaitable[str]] = _starts
    """Starts a workload with an image; says what went wrong, or nothing. Tests may run real containers here."""
    revision: str = ""
    """The commit that the cluster is compared with."""
    synced: str = ""
    """The commit that was brought into the cluster last."""
    images: dict[str, str] = field(default_factory=dict)
    ills: dict[str, str] = field(default_factory=dict)
    """Workload -> why its pods do not run."""
    starting: bool = False
    comparison_error: str = ""
    sync: Sync | None = None
    history: list[str] = field(default_factory=list)
    """Every commit that was brought in completely, oldest first."""
    _work: asyncio.Task[None] | None = None

    async def refresh(self, *, hard: bool) -> None:
        """Look at git again; sync where the application does that by itself."""
        if hard or not self.stuck or not self.revision:
            self.revision = (await asyncio.to_thread(BareGit(self.repository).run, "rev-parse", self.branch)).strip()
        try:
            await self._wanted(self.revision)
            self.comparison_error = ""
        except ToolError as error:
            self.comparison_error = f"Failed to load target state: {error.happened}"
        if self.automated and not self.busy and self.sync_status == OUT_OF_SYNC and self._untried():
            await self.start_sync()

    async def start_sync(self) -> None:
        """Begin to bring the newest commit in."""
        self.sync = Sync(self.revision, self._now())
        self._work = asyncio.create_task(self._bring_in(self.sync))

    async def terminate(self) -> None:
        """End the operation that is under way."""
        await self.close()
        if self.sync and self.busy:
            self._end(self.sync, "Failed", "Operation terminated")

    async def close(self) -> None:
        """Stop what is under way."""
        work, self._work = self._work, None
        if work:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    @property
    def busy(self) -> bool:
        """Tell whether a sync is under way."""
        return self.sync is not None and self.sync.phase == "Running"

    @property
    def sync_status(self) -> str:
        """Compare git with the cluster."""
        if self.comparison_error:
            return UNKNOWN
        return SYNCED if self.synced == self.revision else OUT_OF_SYNC

    @property
    def health(self) -> str:
        """Say how the workloads are."""
        if self.ills:
            return DEGRADED
        return PROGRESSING if self.starting or not self.images else HEALTHY

    async def _bring_in(self, sync: Sync) -> None:
        await self.clock.sleep(self.sync_for)
        if self.refusal:
            sync.refused = dict.fromkeys(self.workloads, self.refusal)
            self._end(sync, "Failed", f"one or more objects failed to apply, reason: {self.refusal}")
            return
        wanted = await self._wanted(sync.revision)
        changed = {name: image for name, image in wanted.items() if self.images.get(name) != image or name in self.ills}
        self.images, self.synced, self.starting = wanted, sync.revision, True
        self._end(sync, "Succeeded", "successfully synced (all tasks run)")
        await self._start(changed)
        self.starting = False
        if not self.ills:
            self.history.append(sync.revision)

    async def _start(self, changed: Mapping[str, str]) -> None:
        if changed:
            await self.clock.sleep(self.start_for)
        problems = await asyncio.gather(*(self._problem(name, image) for name, image in changed.items()))
        found = dict(zip(changed, problems, strict=True))
        kept = {name: why for name, why in self.ills.items() if name not in changed}
        self.ills = kept | {name: why for name, why in found.items() if why}

    async def _problem(self, name: str, image: str) -> str:
        if image.rpartition(":")[2] in self.unpullable:
            return f'Back-off pulling image "{image}": ErrImagePull: manifest unknown'
        return await self.starts(name, image)

    async def _wanted(self, revision: str) -> dict[str, str]:
        """Render the chart: which image each workload shall run at a commit."""
        text = await asyncio.to_thread(BareGit(self.repository).raw, "show", f"{revision}:{self.file}")
        found = pins(text.decode(), self.file, {name: one.place for name, one in self.workloads.items()})
        return {
            name: f"{found[name].image or workload.repository}:{found[name].tag}"
            for name, workload in self.workloads.items()
        }

    def _untried(self) -> bool:
        return self.sync is None or self.sync.revision != self.revision

    def _end(self, sync: Sync, phase: str, message: str) -> None:
        sync.phase, sync.message, sync.finished = phase, message, self._now()

    def _now(self) -> datetime:
        return self.clock.now().astimezone(UTC)
