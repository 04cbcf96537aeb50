"""The components on their hosts after the move: what is measured, and what the guardrails say of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from agents.destinations.compose.usage import mount_uses, place
from agents.destinations.port import Examination
from agents.destinations.watched import line, watched
from agents.discretion import told
from agents.events import ConditionLine
from agents.state import State
from agents.toolbox import Server, Toolbox
from agents.words.failure_log import around_failure
from config.contracts import Probe
from guardrails.environment import names_injected
from guardrails.leaks import nothing_leaked
from guardrails.plan import Plan, PlannedStep
from guardrails.startup import Started, started_well
from guardrails.verdict import Finding, Verdict
from guardrails.watchdog import alarmed, seen, service_well
from guardrails.written import contract_kept, dying
from tools.disk import listing
from tools.health import probe, wrong
from tools.inspection import Container
from tools.watch import observe

LOG_LINES = 500


def sanctioned(step: PlannedStep, plan: Plan) -> str:
    """Name the file on the host that tells the last good tag of a component."""
    return "last_good_tag" if len(plan.components) == 1 else f"last_good_tag.{step.component}"


@dataclass(frozen=True, slots=True)
class Before:
    """How the version before behaved: None or empty where nobody knows."""

    baseline_ms: float | None = None
    used: tuple[str, ...] = ()
    """Places in the container that it wrote to, of those that are mounted."""


async def examine(tools: Toolbox, state: State, plan: Plan) -> Examination:
    """Examine every component on every host, one after the other."""
    examined = [await _examined(tools, plan, step, _before(state, step)) for step in plan.steps]
    return Examination(
        sum((one.verdict for one in examined), start=Verdict()),
        tuple(line for one in examined for line in one.lines),
        "\n".join(one.log for one in examined if one.verdict.blocks),
    )


def _before(state: State, step: PlannedStep) -> Before:
    """Tell how the version before behaved; an older version may leave alone what a newer one wrote to."""
    used = state.get("used_before", {}) if state["kind"] == "deploy" else {}
    return Before(state.get("baseline_ms"), tuple(used.get(place(step.component, step.place), ())))


async def _examined(tools: Toolbox, plan: Plan, step: PlannedStep, before: Before) -> Examination:
    """Look at the start, the environment and the endpoints; watch for a while; then see where it wrote."""
    server, where = tools.servers[step.place], f"{step.component} on {step.place}"
    container = await server.containers.find(plan.compose.project, tools.service.compose_service(step.component))
    if container is None:
        gone = Finding("container-gone", where, "There is no container any more.", "Look for who removed it.")
        return Examination(Verdict.of([gone]), (ConditionLine(f"{where}: start", met=False, detail=gone.message),), "")
    log = await told(tools, server, await server.containers.logs(container.id, tail=LOG_LINES))
    parts = {
        "start": started_well(await _started(tools, server, container, log.text), tools.environment.startup),
        "secrets": nothing_leaked(container.name, log.leaked),
        "environment": names_injected(tools.environment.variables, container.name, container.environment_names),
        "endpoints": await _endpoints(server, tools.environment.requests_of(step.component)),
    }
    if not any(verdict.blocks for verdict in parts.values()):
        parts["watchdog"] = await _watched(tools, server, container, step, before.baseline_ms)
    if not any(verdict.blocks for verdict in parts.values()):
        parts["paths"] = await _paths(tools, server, container, before.used)
    lines = tuple(line(f"{where}: {name}", verdict) for name, verdict in parts.items())
    return Examination(sum(parts.values(), start=Verdict()), lines, around_failure(log.text))


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
    )


async def _endpoints(server: Server, requests: Sequence[Probe]) -> Verdict:
    faults = {request.url: wrong(await probe(server.host, request), request) for request in requests}
    return Verdict.of(
        Finding("endpoint", url, fault, "Read the container's log around the time of the request.")
        for url, fault in faults.items()
        if fault
    )


async def _watched(
    tools: Toolbox, server: Server, container: Container, step: PlannedStep, baseline_ms: float | None
) -> Verdict:
    settings, requests = tools.environment.watch, tools.environment.requests_of(step.component)
    baseline = None if baseline_ms is None else timedelta(milliseconds=baseline_ms)
    restarts = container.restarts
    samples = await observe(
        server.containers,
        container.id,
        requests,
        settings,
        tools.clock,
        enough=lambda so_far: alarmed(so_far, restarts, settings),
    )
    verdict = service_well(container.name, samples, baseline, restarts, settings)
    await tools.report(watched(samples, baseline_ms, verdict, seen(samples, settings)))
    return verdict


async def _paths(tools: Toolbox, server: Server, container: Container, used_before: tuple[str, ...]) -> Verdict:
    """Compare what the program really wrote with where storage is mapped."""
    changes = await server.containers.changes(container.id)
    lost = dying(changes, container, tools.environment.paths)
    return contract_kept(container.name, lost, await mount_uses(server, container), used_before=used_before)
