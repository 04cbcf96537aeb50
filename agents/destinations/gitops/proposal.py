"""A plan for a deployment repository: what stands there looked at, one exact commit drawn up, and judged."""

import asyncio
from collections.abc import Mapping

from agents.destinations.gitops.draft import differences, draft
from agents.destinations.gitops.sight import Seen, is_empty, known, look, named
from agents.destinations.port import Proposal
from agents.destinations.watched import remembered
from agents.state import State
from agents.toolbox import Toolbox
from agents.wanted import Wanted
from guardrails.cluster import cluster_ready
from guardrails.gate import Gate, RepositoryFacts, gate_by_repository
from guardrails.plan import Plan
from guardrails.verdict import Finding, Verdict
from tools.argocd_answers import DEGRADED
from tools.errors import NotFound
from tools.former import told
from tools.gitops_pins import Pin
from tools.health import ask, wrong
from tools.outside import baseline


async def propose(tools: Toolbox, state: State, wanted: Wanted) -> Proposal | Verdict:
    """Look at file, registry and cluster, and draw up the one commit."""
    seen = await look(tools)
    gate = await _gate(tools, state, wanted, seen)
    if seen.standing is None:
        return unreadable(tools, seen) + gate.verdict
    drawn = drafted(tools, wanted, seen)
    if isinstance(drawn, Verdict):
        return drawn
    stands = {name: named(pin, tools.service.components[name]) for name, pin in _named(seen).items()}
    verdict = cluster_ready(drawn.gitops.application, seen.application, stands)
    if state["kind"] == "deploy" and (verdict + gate.verdict).blocks:
        return verdict + gate.verdict
    former = told(await baseline(tools.environment.health.probe, tools.clock))
    known = {"former": remembered({drawn.gitops.application: former}), "failing_before": await _failing(tools, seen)}
    return Proposal(drawn, gate, verdict, differences(drawn), remembered=known)


def drafted(tools: Toolbox, wanted: Wanted, seen: Seen) -> Plan | Verdict:
    """Draw up the plan, or object where the file cannot name one of its images."""
    target = tools.environment.gitops
    try:
        return draft(tools.service, tools.environment_name, target, wanted, seen)
    except NotFound as error:
        finding = Finding("image-not-nameable", str(target.file), error.happened, error.remedy)
        return Verdict.of([finding])


def unreadable(tools: Toolbox, seen: Seen) -> Verdict:
    """Object to a plan about a file that cannot be read."""
    target = tools.environment.gitops
    remedy = "Look at the deployment repository, then release again."
    return Verdict.of([Finding("file-unreadable", f"{target.repository}: {target.file}", seen.fault, remedy)])


async def _gate(tools: Toolbox, state: State, wanted: Wanted, seen: Seen) -> Gate:
    components, pins = tools.service.components, _named(seen)
    return gate_by_repository(
        critical_passed=state["kind"] == "rollback" or state.get("tested") in {"passed", "warning"},
        images=await _images(tools, wanted, seen),
        seen=RepositoryFacts(
            previous={named(pin, components[name]): seen.previous.get(name) for name, pin in pins.items()},
            fault=seen.fault,
            writable=seen.writable,
            silence=seen.silence,
        ),
    )


async def _images(tools: Toolbox, wanted: Wanted, seen: Seen) -> Mapping[str, bool | None]:
    """Look for the images that shall run: new ones by their digests, and by their tags those that stand there."""
    found = {}
    for name, image in wanted.images.items():
        pin = seen.standing.pins.get(name) if seen.standing else None
        reference = image["tag"] if pin and pin.tag == image["tag"] else image["digest"]
        found[f"{image['image']}:{image['tag']}"] = await known(tools, image["image"], reference, seen.application)
    return found


async def _failing(tools: Toolbox, seen: Seen) -> list[str]:
    """List what is wrong with what runs now; nothing where nothing stands in the file yet."""
    if not _named(seen):
        return []
    application = seen.application
    degraded = application is not None and application.health == DEGRADED
    cluster = [f"{application.name} was {DEGRADED} in ArgoCD"] if application and degraded else []
    requests = tools.environment.requests
    answers = await asyncio.gather(*map(ask, requests))
    faults = (wrong(answer, request) for answer, request in zip(answers, requests, strict=True))
    return [*cluster, *filter(None, faults)]


def _named(seen: Seen) -> Mapping[str, Pin]:
    return {name: pin for name, pin in seen.standing.pins.items() if not is_empty(pin)} if seen.standing else {}
