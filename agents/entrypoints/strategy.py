"""How a new version takes over, told before anybody approves it: the gap, and what runs beside what."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from agents.entrypoints import figures
from agents.entrypoints.voice import Voice
from guardrails.plan import Plan
from guardrails.plan_targets import ComposePlan, PlannedRolling

_OTHERWISE: Mapping[str, str] = {"gitops": "the cluster replaces what runs as its own manifests say"}
"""Strategies whose downtime is not measured by us."""


def strategy_lines(plan: Plan, voice: Voice) -> Iterator[str]:
    """Tell strategy and expected downtime, and for how long two versions work on the same data."""
    rolling = plan.target.rolling if isinstance(plan.target, ComposePlan) else None
    yield voice.say(
        "Strategy: {strategy:40}, {downtime}", strategy=plan.strategy, downtime=_downtime(plan, rolling, voice)
    )
    if rolling:
        yield from _beside(plan, rolling, voice)
    yield from _order(plan, voice)


def _order(plan: Plan, voice: Voice) -> Iterator[str]:
    """Tell which hosts go first, and how many follow side by side; nothing of a single one."""
    hosts = {step.place for step in plan.steps}
    if isinstance(plan.target, ComposePlan) and plan.target.share_percent:
        names = voice.say("{names:120}", names=", ".join(plan.canaries))
        told = f"the new version gets {plan.target.share_percent} % of the requests first, and all where it is no worse"
        yield f"Canary: on {names} {told} than the old one beside it"
    if len(hosts) == 1 or not isinstance(plan.target, ComposePlan):
        return
    others, at_once = len(hosts) - len(plan.canaries), plan.target.at_once
    if plan.canaries and not plan.target.share_percent:
        names = voice.say("{names:120}", names=", ".join(plan.canaries))
        yield f"Canary: {names} first; the others follow where the new version is no worse than the old one on them"
    pace = f"{at_once} side by side" if at_once > 1 else "one by one"
    yield f"Order: {figures.count(others, 'host')}, {pace}; all or none"


def _downtime(plan: Plan, rolling: PlannedRolling | None, voice: Voice) -> str:
    gap = plan.expected_downtime
    told = f"expected downtime {figures.span(gap)}" if gap else "expected downtime not known yet"
    if rolling is None:
        return _OTHERWISE.get(plan.strategy, told)
    replaced = [one.name for one in plan.components if not rolling.covers([one.name])]
    if not replaced:
        return "no downtime expected"
    return voice.say("{told} of {replaced:100}, which no proxy is in front of", told=told, replaced=", ".join(replaced))


def _beside(plan: Plan, rolling: PlannedRolling, voice: Voice) -> Iterator[str]:
    names = {one.component: one.compose_service for one in plan.compose.services}
    routed = {names.get(route.component, route.component) for route in rolling.routes}
    shared = {mount.target for mount in plan.compose.mounts if mount.compose_service in routed and not mount.read_only}
    yield voice.say(
        "Both versions run side by side, behind {proxy:20}, until {warm} after the release; going back is a switch",
        proxy=rolling.proxy,
        warm=figures.span(timedelta(seconds=rolling.warm_seconds)),
    )
    if shared:
        yield voice.say("Both write to {shared:200}", shared=", ".join(sorted(shared)))
