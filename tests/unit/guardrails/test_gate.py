"""The pre-deploy gate: five conditions, each met by a measured fact or not met."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.gate import Gate, HostFacts, gate

GIB = 1024**3
ALPHA = HostFacts("alpha", reachable=True, free_bytes=3 * GIB, first_deploy=False, previous_kept=True)
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
