"""What an operator declares about one service: `config/services/<name>.yaml`."""

from datetime import timedelta
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from config.duration import Duration
from config.local import LocalPath, Origin

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class Settings(BaseModel):
    """The base of every section: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True)


class Category(StrEnum):
    """What a changed file is about."""

    TEST = "test"
    FRONTEND = "frontend"
    BACKEND = "backend"
    DATABASE = "database"
    CONFIG = "config"
    SHARED = "shared"
    OTHER = "other"


class Rule(StrEnum):
    """A decision that may leave work out. What a rule leaves out is recorded with its reason."""

    NO_CHANGE = "no_change"
    """Nothing changed: skip the whole pipeline."""
    ONLY_FRONTEND = "only_frontend"
    """Only the front end changed: skip the suites that cover the back end."""
    ONLY_BACKEND = "only_backend"
    """Only the back end changed: skip the performance suites."""
    ONLY_CONFIG = "only_config"
    """Only configuration changed: skip unit suites, build and deploy. Off where every release needs its own image."""


class Repository(Settings):
    """Where the code lives."""

    url: Origin
    """Anything git can clone: an https or ssh URL, or a local path (`/srv/x`, `./x`, `../x`)."""
    github: Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")] | None = None
    """`owner/name` on GitHub, for pull requests, comments and releases."""
    main: str = "main"
    """The branch whose newest commit is released when a person names no version."""


class SuiteKind(StrEnum):
    """What a test suite proves."""

    UNIT = "unit"
    E2E = "e2e"
    PERFORMANCE = "performance"
    SECURITY = "security"
    LINT = "lint"


class Suite(Settings):
    """One test suite: a command, where it runs, and what it must reach."""

    kind: SuiteKind
    command: tuple[str, ...] = Field(min_length=1)
    image: str | None = None
    """Run inside this image with the sources mounted; on the bot's machine where absent."""
    junit: PurePosixPath | None = None
    """Path of the JUnit XML that the command writes, relative to the sources."""
    coverage: PurePosixPath | None = None
    """Path of the Cobertura XML that the command writes, relative to the sources."""
    minimum_coverage: float = Field(default=80, ge=0, le=100)
    """Line coverage in percent; counted only where `coverage` is given."""
    severity: Literal["critical", "warning"] = "critical"
    """A failed critical suite stops the release; a failed warning suite is recorded."""
    covers: tuple[Category, ...] = ()
    """Categories this suite tests: it is never skipped when one of them changed."""
    timeout: Duration = timedelta(minutes=10)


class Component(Settings):
    """One image that a service is made of, and the compose service that runs it."""

    image: str
    """Repository of the image without a tag: `ghcr.io/acme/observer`."""
    dockerfile: PurePosixPath = PurePosixPath("Dockerfile")
    """Relative to the sources, not to the context."""
    context: PurePosixPath = PurePosixPath()
    """Build context, relative to the sources."""
    compose_service: str | None = None
    """Name in the compose file; the component's own name where absent."""
    tag: Literal["semver", "git-sha", "timestamp"] = "semver"
    platforms: tuple[str, ...] = ("linux/amd64",)
    build_args: dict[VariableName, str] = Field(default_factory=dict)
    """Build arguments; a secret-named one is refused, since arguments stay in the image's history."""
    categories: tuple[Category, ...] = ()
    """Build only when one of these changed. Empty: always."""


class HostSettings(Settings):
    """A server that the service runs on."""

    name: Name
    address: str | None = None
    """Host name or IP address; absent: the machine the bot runs on, without SSH."""
    port: int = Field(default=22, ge=1, le=65535)
    user: str = "deploy"
    key: LocalPath | None = None
    """Private key file; the agent or the default keys where absent."""
    known_hosts: LocalPath | None = None
    """File with the server's host key; `~/.ssh/known_hosts` where absent. An unknown key is always refused."""


class Probe(Settings):
    """One request and what a good answer is. URLs are as seen from the host itself."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://")]
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


class Watch(Settings):
    """The watchdog after a deploy: any of its alarms rolls the release back."""

    window: Duration = timedelta(seconds=30)
    every: Duration = timedelta(seconds=5)
    load: int = Field(default=3, ge=1, le=20)
    """Requests put side by side to each smoke endpoint at every look: some faults show only under load."""
    latency_ratio: float = Field(default=2.0, gt=1)
    """Alarm when the median latency exceeds this many times the baseline measured before the deploy."""
    latency_floor: Duration = timedelta(milliseconds=50)
    """Latencies below this never alarm: a ratio of two tiny numbers says nothing."""
    error_log: str = r"\b(ERROR|CRITICAL|FATAL|Traceback)\b"
    error_log_surge: int = Field(default=5, ge=1)
    """Alarm when more matching log lines than this appear during the window."""


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
    must_exist: tuple[str, ...] = ()
    """Host paths, relative to the directory, that must exist after a successful start."""


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


class ApprovalPolicy(Settings):
    """Who may let a release through. An environment without approvers refuses every release."""

    required: int = Field(default=1, ge=0, le=10)
    """Distinct approvals needed; 0 only for environments that need no person."""
    approvers: tuple[str, ...] = ()
    """Person ids: Slack user ids (`U0HANA`), or `terminal:<login>`."""
    requesters: tuple[str, ...] = ()
    """Who may start a release; empty: everybody in the workspace."""
    self_approval: bool = False
    expires: Duration = timedelta(minutes=30)


class ComposeTarget(Settings):
    """A directory on each host with a compose file in it."""

    hosts: tuple[HostSettings, ...] = Field(min_length=1)
    directory: PurePosixPath
    """Absolute directory on the host that holds the compose file, `.env` and the data."""
    file: PurePosixPath = PurePosixPath("docker-compose.yml")
    """Compose file in the repository; installed under its own name in the directory."""
    project: str | None = None
    """Compose project name; the service's name where absent."""
    directories: tuple[PurePosixPath, ...] = ()
    """Directories to create below `directory` before the start."""
    env_file: PurePosixPath | None = PurePosixPath(".env")
    """File with the service's variables that must be present on the host; null: none needed."""
    image_tag_variable: VariableName = "IMAGE_TAG"
    """Variable through which the compose file receives the tag."""
    strategy: Literal["recreate"] = "recreate"
    archive: int = Field(default=3, ge=0, le=20)
    """How many image archives (tar) to keep on the host; 0: none."""
    minimum_free_bytes: int = 2 * 1024**3
    """Free disk that every host must have."""


class Environment(Settings):
    """One place that the service runs in."""

    target: ComposeTarget
    approval: ApprovalPolicy = ApprovalPolicy()
    health: Health
    smoke: tuple[Probe, ...] = ()
    """Further endpoints to check after the deploy."""
    watch: Watch = Watch()
    startup: Startup = Startup()
    variables: EnvironmentContract = EnvironmentContract()
    paths: PathContract = PathContract()
    limits: Limits = Limits()


class Service(Settings):
    """Everything Shipmate knows about one service."""

    service: Name
    description: str = ""
    repository: Repository
    version: str = r"v\d+\.\d+\.\d+"
    """Full-match pattern of the versions people may ask for (ASCII)."""
    categories: dict[Category, tuple[str, ...]] | None = None
    """Path patterns per category; the built-in ones of `guardrails/scope.py` where a category is absent.

    `server/` is a directory at any depth, `.test.ts` the end of a name, `src/*.js` a whole path, the rest a file name.
    """
    rules: tuple[Rule, ...] = tuple(Rule)
    """Which rules may leave work out; without any of them everything runs."""
    suites: dict[Name, Suite] = Field(default_factory=dict)
    components: dict[Name, Component] = Field(min_length=1)
    default_environment: Name = "production"
    environments: dict[Name, Environment] = Field(min_length=1)
    owners: tuple[str, ...] = ()
    """Person ids named in escalations."""

    def project(self, target: ComposeTarget) -> str:
        """Name the compose project on a target."""
        return target.project or self.service

    def compose_service(self, component: str) -> str:
        """Name the compose service that runs a component."""
        return self.components[component].compose_service or component
