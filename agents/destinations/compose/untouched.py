"""Whether a host still runs what ran before a plan, from the files of then: there is nothing to put back."""

from agents.destinations.compose.survey import env_mark
from agents.toolbox import Toolbox
from guardrails.plan import Plan, PlannedStep
from guardrails.plan_targets import Running
from tools.health import probe, unready, wrong


async def untouched(tools: Toolbox, plan: Plan, step: PlannedStep, before: Running) -> bool:
    """Look at the container, its compose file and its env file, and ask it how it is."""
    server, service = tools.servers[step.place], tools.service.compose_service(step.component)
    container = await server.containers.find(plan.compose.project, service)
    if container is None or container.id != before.container_id or unready(container):
        return False
    installed = await server.compose.installed()
    text = None if installed is None else installed.decode(errors="replace")
    if text != before.compose_text or await env_mark(server, tools) != before.env_mark:
        return False
    request = tools.environment.health_of(step.component).probe
    return not wrong(await probe(server.host, request), request)
