"""One commit for a whole release, and the wait until the cluster runs it. Repeating it changes nothing."""

from collections.abc import Mapping, Sequence

from agents.destinations.gitops.draft import changes
from agents.destinations.gitops.sight import cluster_of, is_empty, named
from agents.destinations.port import Back, Trouble
from agents.events import Moved, Settled, Synced
from agents.toolbox import Toolbox
from guardrails.plan import Plan, PlannedStep
from tools.argocd_answers import Application
from tools.argocd_arrival import Aim, Arrival, Journey
from tools.errors import ToolError
from tools.gitops import Change, Conflict
from tools.gitops_pins import Pin
from tools.outside import answers_well


async def carry_out(tools: Toolbox, plan: Plan) -> Trouble | None:
    """Write all new tags in one commit, and wait until they run and the service answers."""
    begun, wanted = tools.clock.monotonic(), changes(plan)
    subject = f"Release {plan.service} {plan.version} to {plan.environment}"
    written = await cluster_of(tools).repository.write(tools.release_id, subject, wanted)
    if isinstance(written, Conflict):
        untouched = written.expected == wanted[written.component].before
        return Trouble(written.told, untouched=untouched)
    moving = [step for step in plan.steps if wanted[step.component].before != wanted[step.component].after]
    await _tell_moved(tools, moving, tools.clock.monotonic() - begun)
    fault, seconds = await _arrives(tools, plan, written.commit, wanted)
    for step in moving:
        await tools.report(Settled(step.component, step.place, not fault, seconds, fault))
    return Trouble(f"{plan.gitops.application} did not become well: {fault}") if fault else None


async def restore(tools: Toolbox, plan: Plan, steps: Sequence[PlannedStep]) -> Back:
    """Write back in one commit what stood there before, and wait until it runs and the service answers."""
    moved = {step.component for step in steps}
    back = {name: Change(one.after, one.before) for name, one in changes(plan).items() if name in moved}
    subject = f"Put {plan.service} in {plan.environment} back to what ran before {plan.version}"
    written = await cluster_of(tools).repository.write(f"{tools.release_id}/back", subject, back)
    if isinstance(written, Conflict):
        return Back(well=False, detail=written.told)
    standing = f"The earlier tags stand in {plan.gitops.file} again, by {written.commit[:8]}"
    try:
        fault, _ = await _arrives(tools, plan, written.commit, back)
    except ToolError as error:
        error.standing = f"{standing}; whether the cluster runs them is not known."
        raise
    return Back(not fault, f"{standing}. {fault}".rstrip())


async def _arrives(tools: Toolbox, plan: Plan, commit: str, written: Mapping[str, Change]) -> tuple[str, float]:
    """Wait for a commit, and tell live how it goes; returns what is wrong, and how many seconds it took."""
    cluster, place, begun = cluster_of(tools), plan.gitops.application, tools.clock.monotonic()

    def seconds() -> float:
        return round(tools.clock.monotonic() - begun, 3)

    async def told(seen: Application) -> None:
        await tools.report(Synced(place, seen.told, seen.settled, seconds()))

    journey = Journey(
        cluster.argo, tools.environment.gitops.argocd, tools.clock, cluster.repository.contains, on_change=told
    )
    arrival = await journey.arrive(Aim(commit, images(tools, {name: one.after for name, one in written.items()})))
    fault = _problem(arrival) or await answers_well(tools.environment.health, tools.clock)
    return fault, seconds()


def images(tools: Toolbox, pins: Mapping[str, Pin]) -> tuple[str, ...]:
    """Name what the cluster runs once it has what stands in the file."""
    return tuple(named(pin, tools.service.components[name]) for name, pin in pins.items() if not is_empty(pin))


async def _tell_moved(tools: Toolbox, steps: Sequence[PlannedStep], seconds: float) -> None:
    for step in steps:
        before = step.before.called if step.before else ""
        await tools.report(Moved(step.component, step.place, before, step.after.tag, round(seconds, 3)))


def _problem(arrival: Arrival) -> str:
    return "" if arrival.arrived else "; ".join((arrival.problem, *map(str, arrival.unwell)))
