"""After a good release: the service's images that nobody needs any more leave its hosts."""

from collections.abc import Iterator, Mapping
from typing import Any

from agents.events import ConditionLine
from agents.toolbox import Server, Toolbox
from guardrails.plan import Plan, from_json
from guardrails.pruning import useless
from tools.errors import ToolError
from tools.history.releases import Release, Status
from tools.tasks import side_by_side


async def prune(tools: Toolbox, plan: Plan) -> tuple[ConditionLine, ...]:
    """Clear every host of the plan. What was listed before the store was asked cannot belong to a later release."""
    return tuple(await side_by_side(plan.compose.hosts, lambda name: _host(tools, tools.servers[name], plan)))


async def _host(tools: Toolbox, server: Server, plan: Plan) -> ConditionLine:
    name = f"{server.name}: prune"
    try:
        repositories = sorted({component.image for component in plan.components})
        listed = {repository: await server.images.listed(repository) for repository in repositories}
        used = await server.images.used()
        others = [one for one in await tools.store.releases.unfinished() if one.id != tools.release_id]
        if building := await _building(tools, others):
            return ConditionLine(name, met=True, detail=f"nothing removed, since {building.version} is being built")
        needed = await _needed(tools, others)
        gone = [one for repository in repositories for one in useless(listed[repository], repository, used, needed)]
        await server.images.remove(gone)
    except ToolError as error:  # a full or slow host undoes nothing
        return ConditionLine(name, met=False, detail=str(error))
    return ConditionLine(name, met=True, detail=_told(gone))


async def _building(tools: Toolbox, others: list[Release]) -> Release | None:
    """Return another release of the service that has begun and has no plan yet: its images are not known."""
    for one in others:
        begun = one.service == tools.service.service and one.status is not Status.QUEUED
        if begun and await tools.store.decisions.plan(one.id) is None:
            return one
    return None


async def _needed(tools: Toolbox, others: list[Release]) -> set[str]:
    """Name what runs and what ran before, of all services everywhere, and what releases under way will run."""
    known = await tools.store.deployments.everything()
    needed = {name for _, _, one in known for record in (one.current, one.previous) for name in _names(record)}
    for other in others:
        stored = await tools.store.decisions.plan(other.id)
        for component in from_json(stored[1]).components if stored else ():
            needed |= {f"{component.image}:{component.tag}", f"{component.image}@{component.digest}"}
    return needed


def _names(record: Mapping[str, Any] | None) -> Iterator[str]:
    if record:
        yield f"{record.get('image')}:{record.get('tag')}"
        yield f"{record.get('image')}@{record.get('digest')}"


def _told(gone: list[str]) -> str:
    tags = [name.rpartition(":")[2] for name in gone if "@" not in name]
    if not gone:
        return "no unused image"
    return f"removed: {', '.join(tags)}" if tags else f"removed: {len(gone)} without a tag"
