"""What an operator declares about one service: `config/services/<name>.yaml`."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from config.allowances import AllowedSecret
from config.contracts import ComponentChecks, EnvironmentContract, Health, Limits, PathContract, Probe, Startup, Watch
from config.duration import Duration
from config.freezes import Freeze
from config.migrations import Migrations
from config.settings import WEB_ADDRESS, Name, Settings
from config.sources import Category, Component, Repository, Suite
from config.targets import ComposeTarget, GitopsTarget, Target


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


class ApprovalPolicy(Settings):
    """Who may let a release through. An environment without approvers refuses every release."""

    required: int = Field(default=1, ge=0, le=10)
    """Distinct approvals needed; 0 only for environments that need no person."""
    approvers: tuple[str, ...] = ()
    """Person ids: Slack user ids (`U0HANA`), `terminal:<login>`; or Slack's user groups (`S0RELEASE`)."""
    requesters: tuple[str, ...] = ()
    """Who may start a release; empty: everybody in the workspace."""
    operators: tuple[str, ...] = ()
    """Who may cancel, lock and unlock; empty: everybody may cancel, approvers and owners may lock and unlock."""
    break_glass: tuple[str, ...] = ()
    """Who may release in an emergency before anybody has approved, with a reason; empty: nobody."""
    self_approval: bool = False
    expires: Duration = timedelta(minutes=30)
    carry_over: Duration = timedelta(hours=4)
    """How long an approval that nothing came of counts for another release with exactly the same plan."""


class Triggers(Settings):
    """What releases by itself into an environment, told by GitHub's webhooks or found by polling."""

    branches: tuple[str, ...] = ()
    """Globs: a push to such a branch releases its newest commit."""
    tags: tuple[str, ...] = ()
    """Globs: such a new tag is released, `v*`."""
    releases: bool = False
    """Release what is published as a GitHub release."""
    after_checks: bool = False
    """Wait until the checks of a pushed commit have succeeded (`check_suite`) before its release begins."""


class Environment(Settings):
    """One place that the service runs in."""

    target: Target
    triggers: Triggers = Triggers()
    approval: ApprovalPolicy = ApprovalPolicy()
    freezes: tuple[Freeze, ...] = ()
    """Windows in which nothing is released here, beside those of the bot's own file."""
    url: Annotated[str, StringConstraints(pattern=WEB_ADDRESS)] | None = None
    """Address where people use the service, shown beside the deployment on GitHub. Absent: none."""
    health: Health
    smoke: tuple[Probe, ...] = ()
    """Further endpoints to check after the deploy."""
    components: dict[Name, ComponentChecks] = Field(default_factory=dict)
    """Component -> its own endpoints, where a service has several components."""
    watch: Watch = Watch()
    startup: Startup = Startup()
    variables: EnvironmentContract = EnvironmentContract()
    paths: PathContract = PathContract()
    limits: Limits = Limits()

    def health_of(self, component: str) -> Health:
        """Tell when a component counts as healthy."""
        return self.components.get(component, ComponentChecks()).health or self.health

    def requests_of(self, component: str) -> tuple[Probe, ...]:
        """List what a component is asked, its health first."""
        own = self.components.get(component, ComponentChecks()).smoke
        return (self.health_of(component).probe, *(self.smoke if own is None else own))

    @property
    def requests(self) -> tuple[Probe, ...]:
        """List everything that is asked in this environment, its health first and nothing twice."""
        own = (request for component in self.components for request in self.requests_of(component))
        return tuple(dict.fromkeys((self.health.probe, *self.smoke, *own)))

    @property
    def compose(self) -> ComposeTarget:
        """The target of an environment that runs on servers; who asks for it has made sure that it does."""
        if not isinstance(self.target, ComposeTarget):
            raise TypeError(f"{self.target.file} in {self.target.repository} is no compose target")
        return self.target

    @property
    def gitops(self) -> GitopsTarget:
        """The target of an environment behind a deployment repository; who asks for it has made sure that it is."""
        if not isinstance(self.target, GitopsTarget):
            raise TypeError(f"{self.target.directory} is no deployment repository")
        return self.target


class IssueTracker(Settings):
    """Linear issues that commits name; the key is LINEAR_API_KEY."""

    pattern: str = r"\b[A-Z]{2,5}-\d+\b"
    """Regular expression of an issue's identifier in commit messages: `BE-577`."""
    released_state: str | None = None
    """Workflow state that an issue is moved to when its commit runs; absent: only linked."""
    failed_state: str | None = None
    """The same after a release that failed or was rolled back."""


class Goals(Settings):
    """What the service's releases shall reach; `stats` shows how they do. Absent: no goal."""

    build: Duration | None = None
    pipeline: Duration | None = None
    sync: Duration | None = None
    build_success: float | None = Field(default=None, ge=0, le=100)
    """Percent of the builds."""
    deploy_success: float | None = Field(default=None, ge=0, le=100)
    """Percent of the releases that reached a deploy."""


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
    migrations: Migrations = Migrations()
    default_environment: Name = "production"
    environments: dict[Name, Environment] = Field(min_length=1)
    owners: tuple[str, ...] = ()
    """Person ids named in escalations."""
    github_release: bool = False
    """Publish a GitHub release, with notes made from the changes since the last one, when a tag runs in production
    (the default environment)."""
    issues: IssueTracker | None = None
    goals: Goals = Goals()
    allowed_secrets: tuple[AllowedSecret, ...] = ()
    """Exceptions from the rule against written-out secrets, each with its reason and its last day."""

    def project(self, target: ComposeTarget) -> str:
        """Name the compose project on a target."""
        return target.project or self.service

    def compose_service(self, component: str) -> str:
        """Name the compose service that runs a component."""
        return self.components[component].compose_service or component
