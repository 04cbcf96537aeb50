"""What an operator declares about the code of a service: where it lives, what proves it, what is built from it."""

from datetime import timedelta
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from config.duration import Duration
from config.local import Origin
from config.reports import AdvisoryPolicy, PageLimits
from config.settings import GITHUB_NAME, Settings, TagPattern, VariableName


class Category(StrEnum):
    """What a changed file is about."""

    TEST = "test"
    FRONTEND = "frontend"
    BACKEND = "backend"
    DATABASE = "database"
    CONFIG = "config"
    SHARED = "shared"
    OTHER = "other"


class Repository(Settings):
    """Where the code lives."""

    url: Origin
    """Anything git can clone: an https or ssh URL, or a local path (`/srv/x`, `./x`, `../x`)."""
    github: Annotated[str, StringConstraints(pattern=GITHUB_NAME)] | None = None
    """`owner/name` on GitHub, for pull requests, comments and releases."""
    main: str = "main"
    """The branch whose newest commit is released when a person names no version."""
    summaries: bool = True
    """Write a summary and a check run on every pull request of the repository; needs `github`."""
    gate: bool = False
    """Run the suites on every push and every pull request, and show how they went beside the commit; needs `github`."""


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
    command: tuple[str, ...] = ()
    """Empty only where `check` names the evidence."""
    check: str | None = None
    """Name of a GitHub check of the commit that is accepted as evidence: `unit` of GitHub Actions, `codecov/unit` of
    the App with that slug, `@ci-bot/unit` a commit status of that person. Nobody else's counts, whatever its name.
    It is waited for up to `timeout`; where the commit has no such check, the command runs, and without a command the
    suite has failed."""
    image: str | None = None
    """Run inside this image with the sources mounted; on the bot's machine where absent."""
    junit: PurePosixPath | None = None
    """Path of the JUnit XML that the command writes, relative to the sources."""
    coverage: PurePosixPath | None = None
    """Path of the Cobertura XML that the command writes, relative to the sources."""
    minimum_coverage: float = Field(default=80, ge=0, le=100)
    """Line coverage in percent; counted only where `coverage` is given."""
    codecov: bool = False
    """Upload the coverage report with CODECOV_TOKEN where one is set; a failed upload is recorded as a warning."""
    lighthouse: PurePosixPath | None = None
    """Path of the Lighthouse report (`--output=json`) that the command writes, relative to the sources."""
    page: PageLimits = PageLimits()
    """What the page must reach; counted only where `lighthouse` is given."""
    npm_audit: PurePosixPath | None = None
    """Path of what `npm audit --json` printed, relative to the sources."""
    pip_audit: PurePosixPath | None = None
    """Path of what `pip-audit --format json` wrote, relative to the sources."""
    advisories: AdvisoryPolicy = AdvisoryPolicy()
    """What known weaknesses mean; counted only where `npm_audit` or `pip_audit` is given."""
    severity: Literal["critical", "warning"] | None = None
    """A failed critical suite stops the release; a failed warning suite is recorded. Absent: performance suites are
    warnings, all others critical."""
    covers: tuple[Category, ...] = ()
    """Categories this suite tests: it is never skipped when one of them changed."""
    timeout: Duration = timedelta(minutes=10)

    @property
    def critical(self) -> bool:
        """Tell whether a failure stops the release."""
        return (self.severity or ("warning" if self.kind is SuiteKind.PERFORMANCE else "critical")) == "critical"


class DockerfileRules(Settings):
    """What the Dockerfile of a component must keep to. Every rule that is broken is a finding with its remedy."""

    bases: tuple[str, ...] = ()
    """Globs of the accepted base images of the final stage: `python:3.11-slim`, `nvidia/cuda:12.*-base-ubuntu22.04`.
    A registry in front of the name does not matter. Empty: any."""
    multi_stage: bool = False
    """Whether the image must be built in more than one stage."""
    user: str | None = None
    """User that the final stage must run as; it is never root."""
    packages: tuple[str, ...] = ()
    """System packages that must be installed by name, such as `ffmpeg`."""
    ignore: tuple[str, ...] = ()
    """Entries that `.dockerignore` must exclude: `.git`, `.env`, `data/`."""
    weights: tuple[str, ...] = ()
    """Globs of file names that must not be in the image: `*.safetensors`, `*.ckpt`."""
    largest_file_bytes: int | None = Field(default=None, ge=1)
    """Larger files in the image are taken for model weights, whatever they are called. Absent: any size."""


class Component(Settings):
    """One image that a service is made of, and the compose service that runs it."""

    image: str
    """Repository of the image without a tag: `ghcr.io/acme/observer`."""
    fallback: str | None = None
    """Repository in another registry, pushed to when the first refuses or fails."""
    dockerfile: PurePosixPath = PurePosixPath("Dockerfile")
    """Relative to the sources, not to the context."""
    context: PurePosixPath = PurePosixPath()
    """Build context, relative to the sources."""
    compose_service: str | None = None
    """Name in the compose file; the component's own name where absent."""
    tag: TagPattern = "semver"
    """`semver` (v1.2.3), `git-sha` (a1b2c3d), `timestamp` (20260206-160000), or a pattern of one's own made of
    `{component}`, `{environment}`, `{version}`, `{sha}`, `{sha:8}` and `{time}`: `{component}-stage-{sha:8}`."""
    further_tags: tuple[TagPattern, ...] = ()
    """Tags pushed beside it, such as `latest`; nothing is ever deployed by them."""
    platforms: tuple[str, ...] = ("linux/amd64",)
    build_args: dict[VariableName, str] = Field(default_factory=dict)
    """Build arguments; a secret-named one is refused, since arguments stay in the image's history."""
    categories: tuple[Category, ...] = ()
    """Build only when one of these changed. Empty: always."""
    paths: tuple[str, ...] = ()
    """Build only when a file below one of these changed, relative to the sources: `core/`, `libs/`. Empty: always."""
    rules: DockerfileRules = DockerfileRules()
