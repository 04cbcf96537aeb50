"""P9: the card tells how long two versions run side by side, what they share, and the gap that is left."""

from dataclasses import replace
from datetime import timedelta

from agents.entrypoints.strategy import strategy_lines
from agents.entrypoints.voice import terminal_voice
from guardrails.plan import Plan
from guardrails.plan_targets import PlannedMount, PlannedRolling, PlannedRoute, PlannedService
from tests.unit.guardrails.test_plan import PLAN

ROUTES = (PlannedRoute("observer", 8000, 80), PlannedRoute("front", 3000, 81))


def told(*routes: PlannedRoute, gap: float = 0, warm: float = 600) -> str:
    mounts = (
        PlannedMount("observer", "bind", "/srv/data", "/app/data"),
        PlannedMount("observer", "bind", "/srv/models", "/models", read_only=True),
        PlannedMount("database", "volume", "pg", "/var/lib/data"),
    )
    services = (PlannedService("observer", "observer"), PlannedService("front", "web"))
    rolling = PlannedRolling("haproxy", routes, 10, warm) if routes else None
    target = replace(PLAN.compose, mounts=mounts, services=services, rolling=rolling, hosts=("alpha",))
    gap_told = timedelta(seconds=gap)
    plan: Plan = replace(PLAN, target=target, strategy="rolling", steps=PLAN.steps[:1], expected_downtime=gap_told)
    return "\n".join(strategy_lines(plan, terminal_voice()))


def test_no_downtime_is_expected_where_every_component_is_behind_the_proxy() -> None:
    assert told(*ROUTES, gap=4).splitlines() == [
        "Strategy: rolling, no downtime expected",
        "Both versions run side by side, behind haproxy, until 10 min after the release; going back is a switch",
        "Both write to /app/data",
    ]


def test_the_gap_of_a_component_without_a_route_is_told_with_its_name() -> None:
    assert "expected downtime 4.0 s of front, which no proxy is in front of" in told(ROUTES[0], gap=4)
    assert "expected downtime not known yet of front" in told(ROUTES[0])


def test_where_nothing_is_behind_a_proxy_only_the_gap_is_told() -> None:
    assert told(gap=4) == "Strategy: rolling, expected downtime 4.0 s"
