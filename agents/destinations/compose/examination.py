"""The components on their hosts after the move: what is measured, and what the guardrails say of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from agents.destinations.compose.serving import serving
from agents.destinations.compose.usage import mount_uses, place
from agents.destinations.port import Examination
from agents.destinations.watched import former_of, line, watched
from agents.discretion import told
from agents.state import State
from agents.toolbox import Server, Toolbox
from agents.words.failure_log import around_failure
from config.contracts import Probe
from guardrails.environment import names_injected
from guardrails.leaks import nothing_leaked
from guardrails.plan import Plan, PlannedStep
from guardrails.plan_targets import Running
from guardrails.startup import Started, started_well
from guardrails.verdict import Finding, Verdict
from guardrails.watchdog import alarmed, service_well
from guardrails.written import contract_kept, dying
from tools.disk import listing
from tools.former import Former
from tools.health import probe, wrong
from tools.inspection import Container
from tools.tasks import side_by_side
from tools.watch import Sample, observe

LOG_LINES = 500


def sanctioned(step: PlannedStep, plan: Plan) -> str:
    """Name the file on the host that tells the last good tag of a component."""
    return "last_good_tag" if len(plan.components) == 1 else f"last_good_tag.{step.component}"


@dataclass(slots=True)
class _Part:
    """One component on one host, and what was found out about it so far."""

    step: PlannedStep
    server: Server
    former: Former
    used_before: tuple[str, ...]
    """Places in the container that the version before wrote to, of those that are mounted."""
    container: Container | None = None
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    log: str = ""

    @property
    def where(self) -> str:
        return f"{self.step.component} on {self.step.place}"

    @property
    def well(self) -> bool:
        return not any(verdict.blocks for verdict in self.verdicts.values())

    @property
    def restarts(self) -> int:
        """Tell how often the container had restarted when it was moved."""
        return restarts_before(self.step, self.container) if self.container else 0


def restarts_before(step: PlannedStep, container: Container) -> int:
    """Tell how often a container had restarted before the move: one that the move made had not at all."""
    kept = isinstance(step.before, Running) and step.before.container_id == container.id
    return container.restarts if kept else 0


async def examine(tools: Toolbox, state: State, plan: Plan) -> Examination:
    """Look at every component on every host; watch all of them side by side; then see where each wrote.

    What is not well from the start is not watched, and nothing else is then.
    """
    parts = [_part(tools, state, step) for step in plan.steps]
    await side_by_side(parts, lambda part: _look(tools, part))
    if all(part.well for part in parts):
        await _watch_all(tools, parts)
    await side_by_side(parts, lambda part: _see_paths(tools, part))
    return Examination(
        sum((verdict for part in parts for verdict in part.verdicts.values()), start=Verdict()),
        tuple(line(f"{part.where}: {name}", verdict) for part in parts for name, verdict in part.verdicts.items()),
        "\n".join(part.log for part in parts if not part.well),
    )


def _part(tools: Toolbox, state: State, step: PlannedStep) -> _Part:
    """Tell how the version before behaved; an older version may leave alone what a newer one wrote to."""
    used, name = state.get("used_before", {}) if state["kind"] == "deploy" else {}, place(step.component, step.place)
    return _Part(step, tools.servers[step.place], former_of(state, name), tuple(used.get(name, ())))


async def _look(tools: Toolbox, part: _Part) -> None:
    """Look at the start, the environment and the endpoints of one component."""
    server = part.server
    part.container = container = await serving(tools, server, part.step.component)
    if container is None:
        gone = Finding("container-gone", part.where, "There is no container any more.", "Look for who removed it.")
        part.verdicts["start"] = Verdict.of([gone])
        return
    log = await told(tools, server, await server.containers.logs(container.id, tail=LOG_LINES))
    part.log = around_failure(log.text)
    part.verdicts = {
        "start": started_well(await _started(tools, server, container, log.text), tools.environment.startup),
        "secrets": nothing_leaked(container.name, log.leaked),
        "environment": names_injected(tools.environment.variables, container.name, container.environment_names),
        "endpoints": await _endpoints(server, tools.environment.requests_of(part.step.component)),
    }


async def _watch_all(tools: Toolbox, parts: Sequence[_Part]) -> None:
    """Watch all at the same time; an alarm of one ends the watch over all, for all of them go back."""
    alarm = asyncio.Event()
    verdicts = await side_by_side(parts, lambda part: _watched(tools, part, alarm), at_once=len(parts))
    for part, verdict in zip(parts, verdicts, strict=True):
        part.verdicts["watchdog"] = verdict


async def _started(tools: Toolbox, server: Server, container: Container, log: str) -> Started:
    target = tools.environment.compose
    paths = tools.environment.paths.must_exist
    seen = {path: await listing(server.host, target.directory / path, depth=0) for path in paths}
    return Started(
        container=container.name,
        healthy=container.running and container.health in (None, "healthy"),
        log=log,
        clock_drift=await server.containers.clock_drift(container.id),
        missing_paths=tuple(path for path, entries in seen.items() if entries is None),
        host_drift=await _host_drift(tools, server),
    )


async def _host_drift(tools: Toolbox, server: Server) -> timedelta:
    """Tell how far the host's clock lies outside the time in which it was asked."""
    asked = tools.clock.now()
    there = await server.containers.now()
    return max(there - tools.clock.now(), timedelta()) + min(there - asked, timedelta())


async def _endpoints(server: Server, requests: Sequence[Probe]) -> Verdict:
    faults = {request.url: wrong(await probe(server.host, request), request) for request in requests}
    return Verdict.of(
        Finding("endpoint", url, fault, "Read the container's log around the time of the request.")
        for url, fault in faults.items()
        if fault
    )


async def _watched(tools: Toolbox, part: _Part, alarm: asyncio.Event) -> Verdict:
    settings, container = tools.environment.watch, part.container
    if container is None:
        return Verdict()

    def enough(so_far: Sequence[Sample]) -> bool:
        if alarmed(so_far, part.restarts, settings, part.former):
            alarm.set()
        return alarm.is_set()

    requests = tools.environment.requests_of(part.step.component)
    samples = await observe(part.server.containers, container.id, requests, settings, tools.clock, enough=enough)
    verdict = service_well(container.name, samples, part.former, part.restarts, settings)
    await tools.report(watched(samples, part.former, verdict, settings, part.step.component, part.step.place))
    return verdict


async def _see_paths(tools: Toolbox, part: _Part) -> None:
    """Compare what the program really wrote with where storage is mapped; only of what is well so far."""
    if part.container is None or not part.well:
        return
    changes = await part.server.containers.changes(part.container.id)
    lost, uses = dying(changes, part.container, tools.environment.paths), await mount_uses(part.server, part.container)
    part.verdicts["paths"] = contract_kept(part.container.name, lost, uses, used_before=part.used_before)
