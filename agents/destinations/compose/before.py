"""How the version before was when a release found it: its containers, and what its addresses answered."""

import asyncio
from collections.abc import Sequence

from agents.destinations.compose.survey import Surveyed
from agents.destinations.compose.usage import place
from agents.toolbox import Server, Toolbox
from config.contracts import Watch
from guardrails.baseline import Standing, failing_before
from tools.former import Former, baseline, errors_per_minute, told
from tools.health import probe, wrong
from tools.inspection import Container
from tools.tasks import side_by_side


async def found_failing(tools: Toolbox, surveyed: Sequence[Surveyed]) -> list[str]:
    """List what is wrong with what runs now; nothing before a first deploy."""
    parts = [
        Standing(place(name, host.name), container.status, container.health, container.restarts)
        for host in surveyed
        for name, found in (host.components or {}).items()
        if (container := found.in_service)
    ]
    serving = {part.where.rpartition("@")[2] for part in parts}
    answers = await side_by_side(sorted(serving), lambda name: _faults(tools, tools.servers[name]))
    return list(failing_before(parts, [fault for faults in answers for fault in faults]))


async def behaved(tools: Toolbox, surveyed: Sequence[Surveyed]) -> dict[str, Former]:
    """Measure how each component on each host answers and complains, hosts side by side: `component@host` -> that."""
    hosts = await side_by_side(surveyed, lambda host: _behaved_on(tools, host))
    return {name: former for host in hosts for name, former in host.items()}


async def _behaved_on(tools: Toolbox, host: Surveyed) -> dict[str, Former]:
    """Measure one host's components one after the other: they share its processors."""
    server, environment, found = tools.servers[host.name], tools.environment, {}
    for name, part in (host.components or {}).items():
        latency, errors = await asyncio.gather(
            baseline(server.host, environment.health_of(name).probe, tools.clock),
            _errors(server, part.in_service, environment.watch),
        )
        found[place(name, host.name)] = told(latency, errors)
    return found


async def _errors(server: Server, container: Container | None, watch: Watch) -> float:
    return await errors_per_minute(server.containers, container, watch) if container else 0.0


async def _faults(tools: Toolbox, server: Server) -> tuple[str, ...]:
    requests = tools.environment.requests
    answers = await asyncio.gather(*(probe(server.host, request) for request in requests))
    found = (wrong(answer, request) for answer, request in zip(answers, requests, strict=True))
    return tuple(f"{fault} on {server.name}" for fault in found if fault)
