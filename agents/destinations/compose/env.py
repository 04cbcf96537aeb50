"""The env file that the bot writes on its hosts: planned by name and mark, put in place, and put back."""

from collections.abc import Sequence

from agents.destinations.compose.survey import Surveyed
from agents.lineage import lineage
from agents.toolbox import Server, Toolbox
from agents.wanted import Wanted
from guardrails.plan import Plan, from_json
from guardrails.plan_targets import ComposePlan, PlannedEnvFile, Running
from tools.errors import NotFound
from tools.tasks import side_by_side


def planned(tools: Toolbox, wanted: Wanted) -> PlannedEnvFile | None:
    """Plan what the bot was given; what ran before is planned as it was then. None: the file is the host's own."""
    if wanted.recorded:
        target = wanted.recorded.target
        return target.env_file if isinstance(target, ComposePlan) else None
    given, path = tools.given_env, tools.environment.compose.env_file
    if given is None or given.mark is None:
        return None
    return PlannedEnvFile(str(path), given.variable, given.names, given.mark)


async def way_back(
    tools: Toolbox, wanted: Wanted, surveyed: Sequence[Surveyed]
) -> tuple[PlannedEnvFile | None, tuple[str, ...]]:
    """Find the env file that a former version ran with; where it is not kept any more, the one there stays."""
    given = tools.given_env
    former = planned(tools, wanted) if wanted.recorded else await _adopted(tools)
    if given is None or former is None or former.mark == given.mark:
        return former, ()
    mark, servers = former.mark, [tools.servers[host.name] for host in surveyed]

    async def lacks(server: Server) -> bool:
        return server.env is not None and not await server.env.keeps(mark)

    lacking = await side_by_side(servers, lacks)
    lost = [server.name for server, missing in zip(servers, lacking, strict=True) if missing]
    if not lost:
        return former, ()
    return None, (f"the env file of {wanted.version} is not kept on {', '.join(lost)}: the one there stays",)


async def _adopted(tools: Toolbox) -> PlannedEnvFile | None:
    """Find the env file that lay there before Shipmate came: the first release found it."""
    given = tools.given_env
    way = await lineage(tools.store, tools.service.service, tools.environment_name)
    stored = await tools.store.decisions.plan(way.line[0].id) if way.line else None
    if given is None or stored is None:
        return None
    found = [step.before for step in from_json(stored[1]).steps]
    marks = {before.env_mark for before in found if isinstance(before, Running) and before.env_mark}
    path = str(tools.environment.compose.env_file)
    return PlannedEnvFile(path, given.variable, (), marks.pop()) if len(marks) == 1 else None


async def install(tools: Toolbox, server: Server, plan: Plan, fence: int) -> None:
    """Make the env file on a host what the plan says; whatever lies there is kept first."""
    given, wanted = tools.given_env, plan.compose.env_file
    if server.env is None or given is None or wanted is None:
        return
    if wanted.mark == given.mark:
        there = await server.env.content()
        before = given.fingerprints.of(there) if there is not None else None
        await server.env.install(given.bytes, wanted.mark, before, fence)
    elif not await server.env.put_back(wanted.mark, fence):
        raise NotFound(
            f"{given.variable} is not what it was when the plan was approved.",
            standing=f"{server.env.path} on {server.name} was left as it is.",
            remedy="Ask for the release again.",
        )


async def put_back(server: Server, plan: Plan, before: Running, fence: int) -> None:
    """Make the env file on a host what it was before the plan; untouched where the plan leaves it alone."""
    if server.env is None or plan.compose.env_file is None:
        return
    if before.env_mark is None:
        await server.env.remove(fence)
    elif not await server.env.put_back(before.env_mark, fence):
        raise NotFound(
            f"{server.name} does not keep the former content of {server.env.path}.",
            standing="The service was not touched any further.",
            remedy=f"Write {server.env.path} by hand, then start the former version there.",
        )
