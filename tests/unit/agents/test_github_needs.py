"""What the doctor says about permissions on GitHub: what is there, what is lost without the rest, what is too much."""

from pathlib import Path
from typing import Any

import pytest

from agents.entrypoints.checkup.check import Check, State
from agents.entrypoints.checkup.github import judged_packages, judged_probe
from agents.entrypoints.checkup.github_needs import (
    APP,
    CLASSIC,
    FINE_GRAINED,
    extra_permissions,
    extra_scopes,
    held_by_scopes,
    judged,
    needs,
    too_strong,
)
from agents.entrypoints.checkup.questions import Heard
from config.service import Service
from config.shipmate import Configuration, Credentials, Shipmate

NAME = "acme/observer"


def configuration(**service: Any) -> Configuration:
    place = {
        "target": {"hosts": [{"name": "alpha"}], "directory": "/srv/observer"},
        "health": {"probe": {"url": "http://127.0.0.1/"}},
    }
    described = {
        "service": "observer",
        "repository": {"url": "https://github.com/acme/observer.git", "github": NAME, "summaries": False},
        "components": {"observer": {"image": "ghcr.io/acme/observer"}},
        "environments": {"production": place},
        **service,
    }
    path = Path("shipmate.yaml")
    services = {"observer": Service.model_validate(described)}
    return Configuration(path=path, shipmate=Shipmate(), services=services, credentials=Credentials())


def spoken(**service: Any) -> set[str]:
    return {f"{need.permission}: {need.level}" for need in needs(configuration(**service)).get(NAME, ())}


def by_name(checks: tuple[Check, ...]) -> dict[str, tuple[State, str, str]]:
    return {check.name: (check.state, check.detail, check.remedy) for check in checks}


BASIC = {"contents: read", "pull_requests: write", "statuses: write", "deployments: write"}


def test_each_feature_that_is_used_asks_for_its_permission_and_no_other() -> None:
    assert spoken() == BASIC
    assert spoken(github_release=True) == BASIC | {"contents: write"}
    assert spoken(suites={"unit": {"kind": "unit", "check": "unit"}}) == BASIC | {"checks: read"}
    summaries = {"url": "https://github.com/acme/observer.git", "github": NAME, "summaries": True}
    assert spoken(repository=summaries) == BASIC | {"checks: write"}
    assert not needs(configuration(repository={"url": "/srv/observer.git"}))


def test_a_deployment_repository_must_be_writable() -> None:
    target = {
        "kind": "gitops",
        "repository": "acme/deploy",
        "file": "values.yaml",
        "images": {"observer": "image.tag"},
        "argocd": {"url": "https://argo.example", "application": "observer"},
    }
    place = {"target": target, "health": {"probe": {"url": "http://127.0.0.1/"}}}
    (need,) = needs(configuration(environments={"production": place}))["acme/deploy"]
    assert (need.permission, need.level, need.vital) == ("contents", "write", True)


def test_what_is_lacking_says_what_is_lost_and_what_to_tick() -> None:
    wanted = needs(configuration())[NAME]
    told = by_name(
        judged(NAME, wanted, {"contents": "read", "statuses": "read", "pull_requests": "write"}, FINE_GRAINED)
    )
    assert told[f"{NAME}: may"] == (State.OK, "contents: read, pull requests: write", "")
    state, detail, remedy = told[f"{NAME}: commit statuses"]
    assert (state, detail) == (State.OPTIONAL, "not granted: commits show no status")
    assert remedy.startswith("Tick 'Commit statuses: Read and write' in the token's Repository permissions")
    assert told[f"{NAME}: deployments"][0] is State.UNKNOWN


def test_only_what_a_release_cannot_do_without_is_missing() -> None:
    wanted = needs(configuration())[NAME]
    told = by_name(
        judged(NAME, wanted, dict.fromkeys(("contents", "statuses", "pull_requests", "deployments"), ""), APP)
    )
    assert {name for name, (state, _, _) in told.items() if state is State.MISSING} == {f"{NAME}: contents"}


def test_check_runs_are_for_apps_only_and_a_token_is_told_so() -> None:
    summaries = {"url": "https://github.com/acme/observer.git", "github": NAME}
    wanted = needs(configuration(repository=summaries))[NAME]
    held = held_by_scopes("repo", push=True, private=True)
    told = by_name(judged(NAME, wanted, held, CLASSIC))
    assert told[f"{NAME}: checks"][0] is State.OPTIONAL
    assert "only a GitHub App" in told[f"{NAME}: checks"][1]
    assert told[f"{NAME}: may"][1] == "contents: read, pull requests: write, commit statuses: write, deployments: write"


@pytest.mark.parametrize(
    ("scopes", "push", "private", "statuses", "contents"),
    [
        ("repo", True, True, "write", "write"),
        ("repo", False, True, "read", "read"),
        ("public_repo", True, False, "write", "write"),
        ("public_repo", True, True, "", ""),
        ("repo:status", True, True, "write", ""),
        ("read:user", True, True, "", ""),
    ],
)
def test_what_the_scopes_of_a_classic_token_come_to(
    scopes: str, push: bool, private: bool, statuses: str, contents: str
) -> None:
    held = held_by_scopes(scopes, push=push, private=private)
    assert (held["statuses"], held["contents"]) == (statuses, contents)


def test_more_than_needed_is_told() -> None:
    assert extra_scopes("repo, admin:org, delete_repo") == ["admin:org", "delete_repo"]
    wanted = needs(configuration())[NAME]
    granted = {"metadata": "read", "contents": "write", "statuses": "write", "administration": "write"}
    extra = extra_permissions(granted, wanted)
    assert extra == ["contents: write", "administration: write"]
    (check,) = too_strong(NAME, extra, APP)
    assert check.state is State.OPTIONAL
    assert "administration: write, contents: write" in check.detail
    assert not too_strong(NAME, [], APP)


@pytest.mark.parametrize(
    ("status", "headers", "held"),
    [
        (422, {}, "write"),
        (400, {}, "write"),
        (403, {}, ""),
        (403, {"x-ratelimit-remaining": "0"}, None),
        (404, {}, None),
        (500, {}, None),
        (201, {}, None),
    ],
)
def test_a_request_that_asks_for_nothing_tells_who_may_write(
    status: int, headers: dict[str, str], held: str | None
) -> None:
    assert judged_probe(Heard(status, headers)) == held


@pytest.mark.parametrize(
    ("status", "scopes", "state"),
    [
        (200, "write:packages", State.OK),
        (200, "read:packages, write:packages", State.OK),
        (200, "repo", State.MISSING),
        (200, "", State.MISSING),
        (200, "write:packages, delete:packages", State.OPTIONAL),
        (200, None, State.UNKNOWN),
        (401, None, State.MISSING),
        (503, None, State.UNKNOWN),
    ],
)
def test_what_the_login_for_githubs_registry_may_do(status: int, scopes: str | None, state: State) -> None:
    headers = {} if scopes is None else {"x-oauth-scopes": scopes}
    check = judged_packages("ghcr.io", Heard(status, headers))
    assert check.state is state
    assert check.state is State.OK or "write:packages" in check.remedy
