"""What Shipmate needs on each GitHub repository, what a token or an App may do there, and what to tick. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agents.entrypoints.checkup.check import Check, missing, ok, optional, unknown
from config.service import Service
from config.shipmate import Configuration
from config.targets import GitopsTarget
from tools.github_refusals import USED

READ, WRITE = "read", "write"
_LEVELS = {"": 0, READ: 1, WRITE: 2, "admin": 2}
_TICKS = {READ: "Read-only", WRITE: "Read and write"}
FINE_GRAINED = "in the token's Repository permissions (https://github.com/settings/personal-access-tokens)"
APP = "in the App's Repository permissions, and accept the change where the App is installed"
CLASSIC = "by a fine-grained token instead, or give this one the scope repo"
_SCOPES: Mapping[str, tuple[str, ...]] = {
    "repo": ("contents", "pull_requests", "statuses", "deployments"),
    "public_repo": ("contents", "pull_requests", "statuses", "deployments"),
    "repo:status": ("statuses",),
    "repo_deployment": ("deployments",),
}
_HARMLESS = frozenset({*_SCOPES, "read:packages", "write:packages", "read:user", "user:email", "read:org"})


@dataclass(frozen=True, slots=True)
class Need:
    """One permission, and what there is not without it. Without a `vital` one nothing can be released."""

    permission: str
    level: str
    without: str
    vital: bool = False


Held = Mapping[str, str | None]
"""Permission -> level: "" is none, None is not known."""


def needs(configuration: Configuration) -> dict[str, tuple[Need, ...]]:
    """Collect what is needed on each repository, each need once."""
    found: dict[str, dict[Need, None]] = {}
    for service in configuration.services.values():
        for repository, need in (*_of_sources(service), *_of_targets(service)):
            found.setdefault(repository, {})[need] = None
    return {repository: tuple(collected) for repository, collected in found.items()}


def _of_sources(service: Service) -> Iterator[tuple[str, Need]]:
    name = service.repository.github
    if not name:
        return
    yield name, Need("contents", READ, "versions and changes cannot be read", vital=True)
    yield name, Need("pull_requests", WRITE, "no pull request gets a summary or a comment")
    yield name, Need("statuses", WRITE, "commits show no status")
    yield name, Need("deployments", WRITE, "deployments are not recorded")
    if service.github_release:
        yield name, Need("contents", WRITE, "no GitHub release is published")
    if any(suite.check for suite in service.suites.values()):
        yield name, Need("checks", READ, "no check counts as evidence of a suite")
    if service.repository.summaries:
        yield name, Need("checks", WRITE, "pull requests get no check run")
    if service.repository.gate:
        yield name, Need("checks", WRITE, "the gate can only set a commit status")


def _of_targets(service: Service) -> Iterator[tuple[str, Need]]:
    for environment in service.environments.values():
        if isinstance(environment.target, GitopsTarget):
            told = "image tags cannot be written"
            yield environment.target.repository, Need("contents", WRITE, told, vital=True)


def judged(name: str, wanted: Sequence[Need], held: Held, where: str) -> tuple[Check, ...]:
    """Tell what is granted in one line, and each need that is not, or cannot be told, in one of its own."""
    enough = [need for need in wanted if _suffices(held.get(need.permission), need)]
    granted = ok(f"{name}: may", ", ".join(map(spoken, enough)))
    lacking = [_lacking(name, need, held.get(need.permission), where) for need in wanted if need not in enough]
    return (*([granted] if enough else []), *lacking)


def _suffices(held: str | None, need: Need) -> bool:
    return held is not None and _LEVELS.get(held, 0) >= _LEVELS[need.level]


def _lacking(name: str, need: Need, held: str | None, where: str) -> Check:
    title = f"{name}: {_called(need.permission)}"
    tick = f"'{_called(need.permission).capitalize()}: {_TICKS[need.level]}'"
    if held is None:
        return unknown(title, f"cannot be told without writing; without it {need.without}", f"It needs {tick}.")
    if need.permission == "checks" and need.level == WRITE and where != APP:
        return optional(title, f"only a GitHub App may write them: {need.without}", "Log in as a GitHub App.")
    say = missing if need.vital else optional
    return say(title, f"not granted: {need.without}", f"Tick {tick} {where}.")


def spoken(need: Need) -> str:
    """Write a permission as GitHub's pages do."""
    return f"{_called(need.permission)}: {need.level}"


def _called(permission: str) -> str:
    return "commit statuses" if permission == "statuses" else permission.replace("_", " ")


def held_by_scopes(scopes: str, *, push: bool, private: bool) -> Held:
    """Tell what a classic token may do; check runs are for Apps only."""
    has = {scope.strip() for scope in scopes.split(",")} - ({"public_repo"} if private else set())
    writes = {permission for scope in has for permission in _SCOPES.get(scope, ())}
    level = WRITE if push else READ
    return (
        dict.fromkeys(USED, READ if "contents" in writes else "")
        | dict.fromkeys(writes, level)
        | {"checks": READ if "contents" in writes else ""}
    )


def too_strong(name: str, extra: list[str], where: str) -> tuple[Check, ...]:
    """Warn of what nobody needs: whoever steals the login could use it."""
    if not extra:
        return ()
    detail = f"allowed, and never used: {', '.join(sorted(extra))}"
    return (optional(f"{name}: more than needed", detail, f"Take it away {where}."),)


def extra_scopes(scopes: str) -> list[str]:
    """List the scopes of a classic token that Shipmate has no use for."""
    return [scope for scope in (one.strip() for one in scopes.split(",")) if scope and scope not in _HARMLESS]


def extra_permissions(granted: Mapping[str, str], wanted: Sequence[Need]) -> list[str]:
    """List what an installation may do beyond the needs, such as `administration: write`."""
    most: dict[str, int] = {}
    for need in wanted:
        most[need.permission] = max(_LEVELS[need.level], most.get(need.permission, 0))
    return [
        f"{_called(name)}: {level}"
        for name, level in granted.items()
        if name != "metadata" and _LEVELS.get(level, 2) > most.get(name, 0)
    ]
