"""A share of the requests for the new instance, the others for the old one beside it: compared on one host."""

from dataclasses import dataclass, replace

from agents.destinations.compose.comparison import Seat, Sides, compare
from agents.destinations.compose.serving import backend, beside, standing
from agents.events import Compared
from agents.toolbox import Toolbox
from config.rollout import Route
from guardrails.plan import Plan, PlannedStep
from tools.inspection import Container
from tools.proxies.port import NETWORK


@dataclass(frozen=True, slots=True)
class Trial:
    """How a share of the requests ended; where neither is so, the new instance may have all of them."""

    worse: str = ""
    """Why it must go."""
    cancelled: bool = False
    """Whether somebody has cancelled the release meanwhile."""


async def tried(
    tools: Toolbox, plan: Plan, step: PlannedStep, pair: tuple[Container | None, Container], route: Route, fence: int
) -> Trial:
    """Let the new one of a pair of instances take its share, and compare both.

    Where it must go, or somebody cancels the release, the old one takes all requests again.
    """
    prior, instance = pair
    percent, server = plan.compose.share_percent, tools.servers[step.place]
    if not percent or step.place not in plan.canaries or (await tools.release()).kind == "rollback":
        return Trial()
    if prior is None or prior.id == instance.id or not prior.running or NETWORK not in prior.addresses:
        return Trial()
    (_, proxy), old, new = beside(server), backend(prior, route), backend(instance, route)
    await proxy.point(step.component, (replace(old, weight=100 - percent), replace(new, weight=percent)), fence)
    requests, settings = tools.environment.requests_of(step.component), tools.environment.compose.canary
    begun = Compared(
        (f"{step.component} {step.after.tag} on {step.place} ({percent} % of its requests)",),
        (f"{step.before.called if step.before else 'the old one'} beside it",),
        window_seconds=settings.window.total_seconds(),
        alone=True,
    )
    await tools.report(begun)
    seats = Sides(
        (Seat(server, requests, standing(instance, route)),), (Seat(server, requests, standing(prior, route)),)
    )
    worse = await compare(tools, begun, seats)
    cancelled = not worse and await tools.cancelled_by() is not None
    if worse or cancelled:
        await proxy.point(step.component, (old,), fence)
    return Trial(worse, cancelled)
