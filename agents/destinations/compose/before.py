"""How the version before was when a release found it: its containers, and what its addresses answered."""

import asyncio
from collections.abc import Sequence

from agents.destinations.compose.survey import Surveyed
from agents.destinations.compose.usage import place
from agents.toolbox import Server, Toolbox
from guardrails.baseline import Standing, failing_before
from tools.health import probe, wrong


async def found_failing(tools: Toolbox, surveyed: Sequence[Surveyed]) -> list[str]:
    """List what is wrong with what runs now; nothing before a first deploy."""
    parts = [
        Standing(place(name, host.name), container.status, container.health, container.restarts)
        for host in surveyed
        for name, found in (host.components or {}).items()
        if (container := found.in_service)
    ]
    serving = {part.where.rpartition("@")[2] for part in parts}
    answers = await asyncio.gather(*(_faults(tools, tools.servers[name]) for name in sorted(serving)))
    return list(failing_before(parts, [fault for faults in answers for fault in faults]))


async def _faults(tools: Toolbox, server: Server) -> tuple[str, ...]:
    requests = tools.environment.requests
    answers = await asyncio.gather(*(probe(server.host, request) for request in requests))
    found = (wrong(answer, request) for answer, request in zip(answers, requests, strict=True))
    return tuple(f"{fault} on {server.name}" for fault in found if fault)
