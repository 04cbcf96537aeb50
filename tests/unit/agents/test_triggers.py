from typing import Any

import pytest

from agents.triggers import Due, Examine, Ignored, Recheck, Refresh, consequences, matches
from config.service import Service
from tools.github_events import ChecksEnded, GithubEvent, Published, PullChanged, Pushed, Rerequested, Tagged

HOME = "acme/observer"


def service(name: str = "observer", github: str | None = HOME, **repository: Any) -> Service:
    common = {
        "target": {"hosts": [{"name": "here"}], "directory": "/srv"},
        "health": {"probe": {"url": "http://127.0.0.1/"}},
    }
    return Service.model_validate(
        {
            "service": name,
            "repository": {"url": "https://git.example.com/x.git", "github": github, **repository},
            "components": {"x": {"image": "registry.example.com/x"}},
            "environments": {
                "staging": {**common, "triggers": {"branches": ["main", "release/*"], "after_checks": True}},
                "production": {**common, "triggers": {"tags": ["v*"]}},
                "showcase": {**common, "triggers": {"releases": True}},
                "lab": common,
            },
        }
    )


OBSERVER = {"observer": service()}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Pushed(HOME, "main", "ana"), Due("observer", "staging", "push", "main", "ana", after_checks=True)),
        (Pushed("Acme/Observer", "main", "ana"), Due("observer", "staging", "push", "main", "ana", after_checks=True)),
        (Pushed(HOME, "release/2", ""), Due("observer", "staging", "push", "release/2", "", after_checks=True)),
        (Tagged(HOME, "v1.2.3", "ana"), Due("observer", "production", "tag", "v1.2.3", "ana", after_checks=False)),
        (Published(HOME, "v1.2.3", "max"), Due("observer", "showcase", "release", "v1.2.3", "max", after_checks=False)),
        (PullChanged(HOME, 7), Refresh(HOME, 7)),
        (ChecksEnded(HOME, "a" * 40), Recheck(HOME, "a" * 40)),
    ],
)
def test_an_event_sets_off_what_the_environments_ask_for(event: GithubEvent, expected: object) -> None:
    assert consequences(event, OBSERVER) == (expected,)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (Pushed(HOME, "feature/x", "ana"), "No environment of acme/observer names the branch feature/x"),
        (Pushed(HOME, "release/2/hotfix", "ana"), "No environment"),
        (Tagged(HOME, "vendor", "ana"), "vendor is not a version of observer"),
        (Tagged(HOME, "v1.2.3-rc1", "ana"), "is not a version"),
        (Published(HOME, "nightly", "ana"), "is not a version"),
        (Pushed("acme/other", "main", "ana"), "No service declares acme/other"),
        (ChecksEnded("acme/other", "a" * 40), "No service declares"),
    ],
)
def test_what_sets_off_nothing_is_ignored_with_its_reason(event: GithubEvent, reason: str) -> None:
    (ignored,) = consequences(event, OBSERVER)
    assert isinstance(ignored, Ignored)
    assert reason in ignored.reason


def test_one_repository_may_hold_several_services() -> None:
    both = {"api": service("api"), "worker": service("worker"), "else": service("else", github=None)}
    due = consequences(Pushed(HOME, "main", "ana"), both)
    assert [one.service for one in due if isinstance(one, Due)] == ["api", "worker"]


def test_no_summary_is_written_where_summaries_are_off() -> None:
    (ignored,) = consequences(PullChanged(HOME, 7), {"observer": service(summaries=False)})
    assert isinstance(ignored, Ignored)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Pushed(HOME, "feature/x", "ana"), [Examine(HOME, branch="feature/x")]),
        (
            Pushed(HOME, "main", "ana"),
            [Due("observer", "staging", "push", "main", "ana", after_checks=True), Examine(HOME, branch="main")],
        ),
        (PullChanged(HOME, 7), [Examine(HOME, number=7), Refresh(HOME, 7)]),
        (Tagged(HOME, "v1.2.3", "ana"), [Due("observer", "production", "tag", "v1.2.3", "ana", after_checks=False)]),
        (ChecksEnded(HOME, "a" * 40), [Recheck(HOME, "a" * 40)]),
        (Rerequested(HOME, "a" * 40), [Examine(HOME, commit="a" * 40)]),
    ],
)
def test_a_gate_looks_at_every_branch_and_pull_request_once(event: GithubEvent, expected: list[object]) -> None:
    both = {"observer": service(gate=True), "worker": service("worker", gate=True)}
    due = consequences(event, both)
    assert [one for one in due if not isinstance(one, Due) or one.service == "observer"] == expected


@pytest.mark.parametrize(
    ("glob", "fitting", "other"),
    [
        ("main", ["main"], ["Main", "mainline", "x/main"]),
        ("v*", ["v1", "v"], ["v1/x", "xv1"]),
        ("release/**", ["release/1", "release/1/2"], ["release"]),
        ("v[0-9].?", ["v1.2"], ["vx.2", "v1.22"]),
        ("v[!0-9]", ["vx"], ["v1"]),
        ("a.b", ["a.b"], ["axb"]),
        ("[z-a]", ["[z-a]"], ["z"]),
        ("v(1|2)+", ["v(1|2)+"], ["v1"]),
    ],
)
def test_a_glob_fits_whole_names_and_only_those(glob: str, fitting: list[str], other: list[str]) -> None:
    assert [name for name in [*fitting, *other] if matches(name, glob)] == fitting
