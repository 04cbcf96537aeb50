"""What GitHub should show of a release: one commit status, and a deployment beside the commit that runs. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agents import events
from agents.entrypoints.view import ReleaseView
from config.service import Service
from tools.github import StatusState
from tools.github_deployments import Deployment, DeploymentState, Standing
from tools.history.releases import Outcome

DEPLOYMENT, RESTORED, STATUS = "github:deployment", "github:restored", "github:status"
_TOUCHING = frozenset({"deploy", "verify", "roll_back"})
_ENDS: Mapping[Outcome, tuple[StatusState, DeploymentState, str]] = {
    Outcome.SUCCEEDED: ("success", "success", "runs"),
    Outcome.SKIPPED: ("success", "inactive", "nothing to do"),
    Outcome.CHECKED: ("success", "inactive", "done as far as asked, nothing was deployed"),
    Outcome.REFUSED: ("failure", "inactive", "refused, nothing was touched"),
    Outcome.REJECTED: ("error", "inactive", "rejected, nothing was touched"),
    Outcome.EXPIRED: ("error", "inactive", "nobody decided in time, nothing was touched"),
    Outcome.CANCELLED: ("error", "inactive", "cancelled"),
    Outcome.FAILED: ("failure", "failure", "failed"),
    Outcome.ROLLED_BACK: ("failure", "failure", "failed and was rolled back"),
    Outcome.IN_DOUBT: ("error", "error", "in doubt, look at the hosts"),
}


@dataclass(frozen=True, slots=True)
class Links:
    """Where people can look."""

    log: str = ""
    """The release's card."""
    page: str = ""
    """The running service."""


@dataclass(frozen=True, slots=True)
class StatusShown:
    """A commit status; GitHub shows the newest of each context."""

    commit: str
    context: str
    state: StatusState
    description: str
    url: str

    @property
    def rendering(self) -> str:
        """Name what is shown; a link alone is no reason to write again."""
        return f"{self.state} {self.description}"


@dataclass(frozen=True, slots=True)
class DeploymentShown:
    """A deployment, and how it is doing."""

    purpose: str
    deployment: Deployment
    standing: Standing

    @property
    def rendering(self) -> str:
        """Name what is shown; a link alone is no reason to write again."""
        return f"{self.standing.state} {self.standing.description}"


@dataclass(frozen=True, slots=True)
class Shown:
    """All that GitHub should show of one release."""

    statuses: tuple[StatusShown, ...] = ()
    deployments: tuple[DeploymentShown, ...] = ()


def shown(view: ReleaseView, service: Service, place: str, links: Links, *, holds: bool) -> Shown:
    """Draw a release for GitHub, where its environment is called `place`; `holds`: nothing took its place since."""
    if view.release.stops_early:  # the commit's status is that of what was to be deployed
        return Shown()
    main = _deployment(view, service, place, links, holds=holds)
    restored = _restored(view, service, place, links, holds=holds)
    return Shown(tuple(_statuses(view, links)), tuple(one for one in (main, restored) if one))


def commit_of(view: ReleaseView) -> str:
    """Tell which commit a release is about; of a rollback its plan knows."""
    return view.release.commit or (view.plan.commit if view.plan else "")


def _statuses(view: ReleaseView, links: Links) -> Iterator[StatusShown]:
    release, commit = view.release, commit_of(view)
    state: StatusState = "pending"
    told = _doing(view)[1]
    if view.outcome:
        state, _, told = _ENDS[view.outcome]
    context = f"shipmate/{release.service}/{release.environment}"
    if commit:
        yield StatusShown(commit, context, state, f"{_named(view)}: {told}", links.log)


def _deployment(
    view: ReleaseView, service: Service, place: str, links: Links, *, holds: bool
) -> DeploymentShown | None:
    """Record a deployment from the moment on when people are asked, or it begins; what ended before has none."""
    begun = view.asked is not None or _entered(view) & _TOUCHING
    if not begun or not commit_of(view):
        return None
    state, told = _doing(view)
    if view.outcome:
        _, state, told = _ENDS[view.outcome]
    if state == "success" and not holds:
        state, told = "inactive", "no longer runs here"
    standing = Standing(state, f"{_named(view)}: {told}", links.log, links.page)
    return _recorded(view, service, DEPLOYMENT, place, standing)


def _restored(view: ReleaseView, service: Service, place: str, links: Links, *, holds: bool) -> DeploymentShown | None:
    """Record what runs again after a release was rolled back: GitHub takes the newest deployment for what runs."""
    analyzed = view.one(events.Analyzed)
    if view.outcome is not Outcome.ROLLED_BACK or analyzed is None or not analyzed.from_commit:
        return None
    version = analyzed.from_version or analyzed.from_commit[:7]
    told = f"{version}: put back after {view.release.version}" if holds else f"{version}: no longer runs here"
    standing = Standing("success" if holds else "inactive", told, links.log, links.page)
    return _recorded(view, service, RESTORED, place, standing, analyzed.from_commit)


def _recorded(
    view: ReleaseView, service: Service, purpose: str, place: str, standing: Standing, commit: str = ""
) -> DeploymentShown:
    release = view.release
    production = release.environment == service.default_environment
    deployment = Deployment(
        key=f"{release.id} {purpose}",
        commit=commit or commit_of(view),
        environment=place,
        description=f"{_named(view)} by Shipmate",
        production=production,
    )
    return DeploymentShown(purpose, deployment, standing)


def _doing(view: ReleaseView) -> tuple[DeploymentState, str]:
    """Tell how a release is doing that has not ended; in few steps, since each is an entry on GitHub."""
    entered = _entered(view)
    if entered & _TOUCHING:
        return "in_progress", "rolling back" if "roll_back" in entered else "deploying"
    if view.open_question:
        return "pending", "waiting for approval"
    return "queued", "approved" if view.decision else "being prepared"


def _entered(view: ReleaseView) -> set[str]:
    return {event.stage for event in view.every(events.Entered)}


def _named(view: ReleaseView) -> str:
    release = view.release
    what = f"Rollback to {release.version}" if release.kind == "rollback" else release.version
    return f"{release.service} {what} in {release.environment}"
