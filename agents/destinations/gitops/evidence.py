"""The failure checklist: what the repository says and what the cluster does, for whoever looks after a failure."""

from collections.abc import Iterator

from agents.destinations.gitops.sight import Seen, cluster_of, look, named
from agents.events import ConditionLine
from agents.toolbox import Toolbox
from tools.argocd_answers import Application, Unwell
from tools.errors import ToolError
from tools.health import ask, wrong


async def checklist(tools: Toolbox) -> tuple[ConditionLine, ...]:
    """Look at the file, at ArgoCD and every resource that is not well, and ask every endpoint."""
    seen = await look(tools)
    unwell = await _unwell(tools) if seen.application else ()
    endpoints = [await _endpoint(tools, index) for index in range(len(tools.environment.requests))]
    return (*_file(tools, seen), *_cluster(tools, seen, unwell), *endpoints)


def _file(tools: Toolbox, seen: Seen) -> Iterator[ConditionLine]:
    target = tools.environment.gitops
    where = f"{target.repository}: {target.file}"
    told = seen.fault or (f"read at {seen.standing.commit[:8]}" if seen.standing else "")
    yield ConditionLine(where, not seen.fault, told)
    for name, pin in seen.standing.pins.items() if seen.standing else ():
        there = seen.previous.get(name)
        told = {True: "in its registry", False: "NOT in its registry", None: "not known whether in its registry"}[there]
        yield ConditionLine(f"{name} image", there is True, f"{named(pin, tools.service.components[name])}, {told}")


def _cluster(tools: Toolbox, seen: Seen, unwell: tuple[Unwell, ...]) -> Iterator[ConditionLine]:
    name = tools.environment.gitops.argocd.application
    if seen.application is None:
        yield ConditionLine(f"{name}: ArgoCD", met=False, detail=seen.silence)
        return
    yield ConditionLine(f"{name}: ArgoCD", seen.application.settled, _standing(seen.application))
    for one in unwell:
        yield ConditionLine(f"{name}: {one.kind} {one.name}", met=False, detail=str(one))


def _standing(application: Application) -> str:
    return "; ".join((application.told, *application.conditions))


async def _unwell(tools: Toolbox) -> tuple[Unwell, ...]:
    try:
        return await cluster_of(tools).argo.unwell()
    except ToolError:  # how the application stands is told already
        return ()


async def _endpoint(tools: Toolbox, index: int) -> ConditionLine:
    request = tools.environment.requests[index]
    fault = wrong(await ask(request), request)
    return ConditionLine(f"GET {request.url}", not fault, fault or f"answers {request.status}")
