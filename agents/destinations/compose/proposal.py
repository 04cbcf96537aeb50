"""A plan for servers: the hosts measured, one exact plan with its way back drawn up, and judged."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from agents.destinations.compose.before import behaved, found_failing
from agents.destinations.compose.composed import Composed, composed
from agents.destinations.compose.draft import draft
from agents.destinations.compose.env import way_back
from agents.destinations.compose.expectation import foreseen
from agents.destinations.compose.judgement import gate_of, judge
from agents.destinations.compose.on_host import on_hosts
from agents.destinations.compose.readiness import readiness
from agents.destinations.compose.rehearsal import rehearsed
from agents.destinations.compose.running import adopt
from agents.destinations.compose.serving import route_to
from agents.destinations.compose.survey import Surveyed, survey
from agents.destinations.compose.usage import used_now
from agents.destinations.compose.versions_beside import first_time
from agents.destinations.port import Proposal
from agents.destinations.watched import remembered
from agents.events import Moved, Settled
from agents.state import State
from agents.toolbox import Toolbox
from agents.wanted import Wanted
from agents.words.differences import differences
from guardrails.verdict import Verdict
from tools.compose_reading import read_compose
from tools.errors import ToolError
from tools.tasks import together


async def propose(tools: Toolbox, state: State, wanted: Wanted) -> Proposal | Verdict:
    """Look at every host and draw up the plan; a host that is away does not hold up the way back."""
    whole, surveyed = await together(composed(tools, wanted), _look(state, tools))
    if isinstance(whole, Verdict):
        return whole
    gate = await gate_of(state, whole, surveyed, tools)
    surveyed, away = _parted(surveyed)
    if away and (state["kind"] == "deploy" or not surveyed):
        return gate.verdict
    notes = (*first_time(tools, surveyed), *((away,) if away else ()))
    if state["kind"] == "rollback":
        env_file, told = await way_back(tools, wanted, surveyed)
        whole, notes = replace(whole, env_file=env_file), (*notes, *told)
    drawn = draft(tools.service, tools.environment_name, whole, surveyed, await _downtime(tools))
    verdict = await _weigh(state, whole, surveyed, tools)
    if state["kind"] == "deploy" and (verdict + gate.verdict).blocks:
        return verdict + gate.verdict
    remembered = await _remembered(surveyed, tools) if state["kind"] == "deploy" else {}
    changed = differences(await _installed(surveyed, whole, tools), whole.compose)
    if state["kind"] == "deploy":
        drawn = replace(drawn, ways_back=await foreseen(tools, state, drawn))
    return Proposal(replace(drawn, notes=notes), gate, verdict, changed, away, remembered)


async def _look(state: State, tools: Toolbox) -> tuple[Surveyed, ...]:
    """Look at the hosts, try out the way back there, and write down what ran there before Shipmate came."""
    surveyed = await survey(tools)
    if state["kind"] == "deploy":
        surveyed = await rehearsed(tools, surveyed)
    if state.get("from_commit"):
        await adopt(tools, state["from_version"], state["from_commit"], surveyed)
    return surveyed


def _parted(surveyed: Sequence[Surveyed]) -> tuple[tuple[Surveyed, ...], str]:
    """Keep the hosts that were reached, and name the others in a sentence: they do not hold up the way back."""
    reached = tuple(host for host in surveyed if host.reachable)
    away = ", ".join(host.name for host in surveyed if not host.reachable)
    return reached, f"not reached, and left as it is: {away}" if away else ""


async def _weigh(state: State, whole: Composed, surveyed: Sequence[Surveyed], tools: Toolbox) -> Verdict:
    """Judge the plan, and for a deploy the hosts; on the way back nothing that a host lacks is worth a word."""
    if state["kind"] == "rollback":
        return judge(tools, whole, surveyed)
    read = await on_hosts(tools, whole, surveyed)
    return judge(tools, whole, surveyed, read) + await readiness(tools, surveyed, read)


async def _remembered(surveyed: Sequence[Surveyed], tools: Toolbox) -> dict[str, Any]:
    """Measure how what runs now behaves; a rollback waits for no such thing, and what it leaves is no measure."""
    used = await used_now(tools, surveyed)
    former = remembered(await behaved(tools, surveyed))
    failing = await found_failing(tools, surveyed)
    return {"used_before": used, "former": former, "failing_before": failing}


async def _downtime(tools: Toolbox) -> timedelta:
    """Expect what the last release took on the host where it took longest: its moves, and the waits until all was well.

    Hosts are moved one after the other, or side by side: each of them is away for its own time only.
    """
    before = {(d.current or {}).get("release", "") for d in (await tools.deployed()).values()}
    entries = [entry for release in before for entry in await tools.store.journal.of(release)]
    moves = [e.body for e in entries if e.kind in {Moved.KIND, Settled.KIND}]
    hosts: dict[str, float] = {}
    for move in moves:
        if not route_to(tools, str(move["component"])):
            hosts[move["host"]] = hosts.get(move["host"], 0.0) + float(move["seconds"])
    return timedelta(seconds=round(max(hosts.values(), default=0.0), 1))


async def _installed(surveyed: Sequence[Surveyed], whole: Composed, tools: Toolbox) -> Any:
    """Read the compose file that lies on the first host that has one; a broken one counts as none."""
    for host in surveyed:
        for found in (host.components or {}).values():
            if found.running and found.running.compose_text:
                if found.running.compose_text == whole.compose_text:
                    return whole.compose
                text = found.running.compose_text.encode()
                try:
                    target = tools.environment.compose
                    project = tools.service.project(target)
                    return await read_compose(text, project_directory=target.directory, project=project)
                except ToolError:
                    return None
    return None
