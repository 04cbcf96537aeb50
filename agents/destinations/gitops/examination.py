"""A released application after it has settled: asked from outside and through ArgoCD, for a while."""

from collections.abc import Sequence

from agents.destinations.gitops.draft import changes
from agents.destinations.gitops.moves import images
from agents.destinations.gitops.sight import cluster_of
from agents.destinations.port import Examination
from agents.destinations.watched import former_of, line, watched
from agents.events import ConditionLine
from agents.state import State
from agents.toolbox import Toolbox
from config.contracts import Watch
from guardrails.cluster import cluster_well, degraded
from guardrails.plan import Plan
from guardrails.verdict import Finding, Verdict
from guardrails.watchdog import alarmed, service_well
from tools.argocd_answers import Application
from tools.errors import ToolError
from tools.health import ask, wrong
from tools.outside import samples
from tools.watch import Sample

_INSIDE = "Does not apply: nobody looks into the cluster's containers from here."


async def examine(tools: Toolbox, state: State, plan: Plan) -> Examination:
    """Ask every endpoint, then watch endpoints and application until the window is over."""
    parts = {"endpoints": await _endpoints(tools)}
    if not parts["endpoints"].blocks:
        looked, applications = await _watched(tools)
        parts["watchdog"] = await _judged(tools, state, plan, looked)
        wanted = images(tools, {name: one.after for name, one in changes(plan).items()})
        parts["ArgoCD"] = cluster_well(plan.gitops.application, applications, wanted)
    lines = [line(f"{plan.gitops.application}: {name}", verdict) for name, verdict in parts.items()]
    inside = [ConditionLine(f"{plan.gitops.application}: {name}", None, _INSIDE) for name in ("start", "paths")]
    return Examination(sum(parts.values(), start=Verdict()), (*lines, *inside))


async def _endpoints(tools: Toolbox) -> Verdict:
    requests = tools.environment.requests
    faults = {request.url: wrong(await ask(request), request) for request in requests}
    remedy = "Read the log of the pods behind it around the time of the request."
    return Verdict.of(Finding("endpoint", url, fault, remedy) for url, fault in faults.items() if fault)


async def _watched(tools: Toolbox) -> tuple[list[Sample], list[Application | None]]:
    """Look at both sides again and again; stop early where watching on is useless."""
    requests, settings = tools.environment.requests, _from_outside(tools)
    looked: list[Sample] = []
    applications: list[Application | None] = []
    async for sample in samples(requests, settings, tools.clock):
        looked.append(sample)
        applications.append(await _application(tools))
        if alarmed(looked, 0, settings) or degraded(applications):
            break
    return looked, applications


async def _judged(tools: Toolbox, state: State, plan: Plan, looked: Sequence[Sample]) -> Verdict:
    settings, application = _from_outside(tools), plan.gitops.application
    former = former_of(state, application)
    verdict = service_well(application, looked, former, 0, settings)
    await tools.report(watched(looked, former, verdict, settings))
    return verdict


async def _application(tools: Toolbox) -> Application | None:
    try:
        return await cluster_of(tools).argo.application()
    except ToolError:  # that ArgoCD is silent is told; the service itself is watched all the same
        return None


def _from_outside(tools: Toolbox) -> Watch:
    """Leave out of the settings what only a host could measure."""
    return tools.environment.watch.model_copy(update=dict.fromkeys(("cpu_percent", "memory_percent", "gpu_percent")))
