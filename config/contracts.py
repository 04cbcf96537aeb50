"""What an operator declares about a running service: when it is well, and what it must keep."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from config.backups import Backup
from config.duration import Duration
from config.settings import WEB_ADDRESS, Name, Settings, VariableName


class Probe(Settings):
    """One request and what a good answer is. URLs are as seen from the host itself."""

    url: Annotated[str, StringConstraints(pattern=WEB_ADDRESS)]
    status: int = 200
    within: Duration = timedelta(seconds=3)
    """Response time limit."""


class Health(Settings):
    """When a newly started service counts as healthy."""

    probe: Probe
    timeout: Duration = timedelta(seconds=60)
    """How long one attempt may take to become healthy."""
    retries: int = Field(default=3, ge=0, le=10)
    """Attempts after the first, counted only when the probe (not the container) fails."""


class ComponentChecks(Settings):
    """Where one component of several is asked; what is absent is asked as the environment says."""

    health: Health | None = None
    smoke: tuple[Probe, ...] | None = None
    """Absent: the environment's. Empty: none but the component's health."""


class MetricWatch(Settings):
    """One Prometheus query and the value that it must not exceed. Silence of Prometheus is told, and is no alarm."""

    url: Annotated[str, StringConstraints(pattern=WEB_ADDRESS)]
    """Address of Prometheus, as seen from the bot."""
    query: str
    """PromQL whose first value counts."""
    maximum: float


class Watch(Settings):
    """The watchdog after a deploy: any of its alarms rolls the release back."""

    window: Duration = timedelta(seconds=30)
    every: Duration = timedelta(seconds=5)
    load: int = Field(default=3, ge=1, le=20)
    """Requests put side by side to each smoke endpoint at every look: some faults show only under load."""
    probes: int = Field(default=3, ge=1, le=20)
    """Requests one after the other to the health endpoint at every look; their latencies are what is compared."""
    latency_ratio: float = Field(default=2.0, gt=1)
    """Alarm when the median latency, or what one answer in ten exceeds, is more than this many times that before."""
    latency_floor: Duration = timedelta(milliseconds=50)
    """Latencies below this never alarm: a ratio of two tiny numbers says nothing."""
    error_log: str = r"\b(ERROR|CRITICAL|FATAL|Traceback)\b"
    error_log_surge: int = Field(default=5, ge=1)
    """Alarm when more matching log lines than this appear during the window,"""
    error_log_ratio: float = Field(default=2.0, ge=1)
    """and more than this many times as many as the version before wrote in the same time."""
    cpu_percent: float | None = Field(default=None, gt=0)
    """Alarm when the container's CPU use stays above this, in percent of one CPU. Absent: not watched."""
    memory_percent: float | None = Field(default=None, gt=0, le=100)
    """Alarm when the container uses more of its memory limit than this. Absent: not watched."""
    gpu_percent: float | None = Field(default=None, gt=0, le=100)
    """Alarm when the host's GPU use stays above this; needs `nvidia-smi` on the host. Absent: not watched."""
    metrics: dict[Name, MetricWatch] = Field(default_factory=dict)
    """Prometheus queries that are asked at every look."""


class EnvironmentContract(Settings):
    """Names that must reach the running container, and names that must not."""

    required: tuple[VariableName, ...] = ()
    aliases: dict[VariableName, VariableName] = Field(default_factory=dict)
    """Refused name -> standard name."""


class PathContract(Settings):
    """Where the service keeps what must outlive a container."""

    mounts: dict[str, str] = Field(default_factory=dict)
    """Source (host path relative to the directory, or volume name) -> absolute path in the container."""
    persist: tuple[str, ...] = ()
    """Container paths whose content must be on persistent storage."""
    ephemeral: tuple[str, ...] = ()
    """Container path globs that may be lost with the container, beside the built-in ones (/tmp, caches, pid files)."""
    waived: dict[str, Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]] = Field(
        default_factory=dict
    )
    """Container path -> why a release may leave behind what lies there now; what would die is saved on the host."""
    must_exist: tuple[str, ...] = ()
    """Host paths, relative to the directory, that must exist after a successful start."""
    backup: Backup | None = None
    """What is saved before a release touches anything. Absent: nothing."""


class Limits(Settings):
    """Resource limits that the compose file must carry, e.g. cpus: "1.0", memory: 512M."""

    cpus: str | None = None
    cpus_reserved: str | None = None
    memory: str | None = None
    memory_reserved: str | None = None


class Startup(Settings):
    """What the first seconds of a container's log must and must not show."""

    line: str | None = None
    """Regular expression of the start-up line that must appear."""
    fatal: str = r"\b(FATAL|Traceback|panic:)"
    """Regular expression of lines that fail the release."""
    clock_drift: Duration = timedelta(seconds=5)
    """Largest accepted difference between the host's clock and the container's."""
