"""The pre-deploy gate: five conditions, each met by a measured fact or not met."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.gate import Gate, HostFacts, RepositoryFacts, gate, gate_by_repository
from guardrails.room import Disk

GIB = 1024**3
ALPHA = HostFacts("alpha", reachable=True, free_bytes=3 * GIB, first_deploy=False, previous_kept=True)
FULL = Disk(("/var/lib/docker",), 3 * GIB, images_bytes=GIB)
ROOMY = Disk(("/srv/app",), 9 * GIB, archive_bytes=GIB)
BETA = HostFacts("beta", reachable=True, free_bytes=9 * GIB, first_deploy=True, previous_kept=None)


def decide(**changes: Any) -> Gate:
    facts: dict[str, Any] = {
        "critical_passed": True,
        "images": {"ghcr.io/acme/observer:v1.2.3": True},
        "hosts": (ALPHA, BETA),
        "minimum_free_bytes": 2 * GIB,
    }
    return gate(**facts | changes)


def test_the_gate_opens_when_all_five_conditions_are_met() -> None:
    opened = decide()
    assert opened.open
    assert [condition.name for condition in opened.conditions] == ["tests", "image", "previous-image", "disk", "ssh"]
    assert not opened.verdict.findings


@pytest.mark.parametrize(
    ("condition", "told", "facts"),
    [
        ("tests", "failed", {"critical_passed": False}),
        ("tests", "No critical test has a result", {"critical_passed": None}),
        ("image", "missing: x:1", {"images": {"x:1": False, "y:1": True}}),
        ("image", "not known: x:1", {"images": {"x:1": None}}),
        ("image", "no image", {"images": {}}),
        (
            "previous-image",
            "alpha: the image that runs now is not kept",
            {"hosts": [replace(ALPHA, previous_kept=False)]},
        ),
        ("previous-image", "not known", {"hosts": [replace(ALPHA, previous_kept=None)]}),
        ("previous-image", "not known", {"hosts": [replace(BETA, first_deploy=None)]}),
        ("disk", "2.00 GiB free, more than 2.00 GiB needed", {"hosts": [replace(ALPHA, free_bytes=2 * GIB), BETA]}),
        ("disk", "alpha: free disk not known", {"hosts": [replace(ALPHA, free_bytes=None), BETA]}),
        (
            "disk",
            "3.00 GiB free in /var/lib/docker, more than 3.00 GiB needed (1.00 GiB for images, 2.00 GiB to stay free)",
            {"hosts": [replace(ALPHA, disks=(ROOMY, FULL)), BETA]},
        ),
        (
            "image",
            "x:1 was built for linux/arm64, and beta is linux/amd64",
            {"hosts": [ALPHA, replace(BETA, unfit=("x:1 was built for linux/arm64, and beta is linux/amd64",))]},
        ),
        ("ssh", "beta: not reachable", {"hosts": [ALPHA, replace(BETA, reachable=False)]}),
        ("ssh", "beta: not tried", {"hosts": [ALPHA, replace(BETA, reachable=None)]}),
    ],
)
def test_each_condition_alone_closes_the_gate_and_says_why(condition: str, told: str, facts: dict[str, Any]) -> None:
    closed = decide(**facts)
    assert not closed.open
    assert [c.name for c in closed.conditions if not c.met] == [condition]
    (finding,) = closed.verdict.findings
    assert finding.rule == f"gate-{condition}"
    assert told in finding.message
    assert finding.remedy
    assert closed.verdict.blocks


def test_where_there_is_room_the_tightest_disk_is_told() -> None:
    """P11: who approves reads what is needed, what is free, and where."""
    tight = replace(ALPHA, disks=(ROOMY, replace(FULL, free_bytes=4 * GIB)))
    disk = decide(hosts=[tight, replace(BETA, disks=(ROOMY,))]).conditions[3]
    assert disk.met
    assert "least on alpha: 4.00 GiB free in /var/lib/docker, more than 3.00 GiB needed" in disk.detail


def test_a_gate_without_hosts_stays_closed() -> None:
    assert [c.name for c in decide(hosts=()).conditions if not c.met] == ["previous-image", "disk", "ssh"]


hosts = st.builds(
    HostFacts,
    st.sampled_from(["alpha", "beta"]),
    st.none() | st.booleans(),
    st.none() | st.integers(0, 4 * GIB),
    st.none() | st.booleans(),
    st.none() | st.booleans(),
)


@given(st.none() | st.booleans(), st.lists(hosts, max_size=3))
def test_what_nobody_measured_never_opens_the_gate(passed: bool | None, facts: list[HostFacts]) -> None:
    opened = gate(critical_passed=passed, images={"x:1": True}, hosts=facts, minimum_free_bytes=2 * GIB).open
    good = [h for h in facts if h.reachable and (h.free_bytes or 0) > 2 * GIB and (h.first_deploy or h.previous_kept)]
    if opened:
        assert passed
        assert facts == good
        assert all(host.first_deploy is not None for host in facts)


ON_REPOSITORY = RepositoryFacts({"ghcr.io/acme/core:a1": True}, fault="", writable=True, silence="")


def decide_by_repository(**changes: Any) -> Gate:
    images = {"ghcr.io/acme/core:b2": True}
    return gate_by_repository(critical_passed=True, images=images, seen=replace(ON_REPOSITORY, **changes))


def test_a_gate_for_a_repository_says_what_does_not_apply_and_is_open_without_it() -> None:
    opened = decide_by_repository()
    assert opened.open
    assert not opened.verdict.findings
    assert [(one.name, one.met) for one in opened.conditions if one.met is not True] == [("disk", None)]


@pytest.mark.parametrize(
    ("condition", "told", "changes"),
    [
        ("previous-tag", "gone from its registry: ghcr.io/acme/core:a1", {"previous": {"ghcr.io/acme/core:a1": False}}),
        ("previous-tag", "not known whether", {"previous": {"ghcr.io/acme/core:a1": None}}),
        ("reach", "the token may not write", {"writable": False}),
        ("reach", "not known whether the token may write", {"writable": None}),
        ("reach", "ArgoCD cannot be reached.", {"silence": "ArgoCD cannot be reached."}),
    ],
)
def test_each_condition_of_a_repository_closes_the_gate_alone(
    condition: str, told: str, changes: dict[str, Any]
) -> None:
    closed = decide_by_repository(**changes)
    assert not closed.open
    ((name, detail),) = [(one.name, one.detail) for one in closed.conditions if one.met is False]
    assert (name, told in detail) == (condition, True)
    assert [finding.rule for finding in closed.verdict.findings] == [f"gate-{condition}"]


def test_a_file_that_cannot_be_read_closes_the_gate_twice() -> None:
    closed = decide_by_repository(fault="GitHub is down.", previous={}, writable=None)
    assert [one.name for one in closed.conditions if one.met is False] == ["previous-tag", "reach"]
    assert "GitHub is down." in closed.conditions[-1].detail


def test_a_first_deploy_by_repository_needs_no_image_to_go_back_to() -> None:
    assert decide_by_repository(previous={}).open
