"""The adapter for servers with a compose file: one component at a time, on as many hosts as the plan allows."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from typing_extensions import override

from agents.destinations.compose import (
    canary,
    composed,
    env,
    evidence,
    fleet,
    keeping,
    proposal,
    running,
    saving,
    shipping,
)
from agents.destinations.compose.draft import draft, redraw
from agents.destinations.compose.examination import examine
from agents.destinations.compose.remounted import remounted
from agents.destinations.compose.survey import survey_running
from agents.destinations.port import Back, Destination, Examination, Proposal, Trouble
from agents.discretion import hushed
from agents.events import ConditionLine
from agents.state import State
from agents.toolbox import Toolbox
from agents.wanted import Wanted, wanted_now
from guardrails.plan import Plan, PlannedStep
from guardrails.plan_targets import ComposePlan
from guardrails.verdict import Verdict


@dataclass(frozen=True, slots=True)
class ComposeDestination(Destination):
    """The hosts of an environment; see `agents.destinations.port.Destination` for every promise."""

    tools: Toolbox

    @override
    async def recognised(self) -> tuple[str, str | None]:
        """Know a version by the tag of its container's image."""
        return await running.recognised(self.tools)

    @override
    async def astray(self) -> Mapping[str, str]:
        """Compare what every host runs with what was recorded."""
        return await running.astray(self.tools)

    @override
    async def propose(self, state: State, wanted: Wanted) -> Proposal | Verdict:
        """Measure the hosts and draw up the plan."""
        return await proposal.propose(self.tools, state, wanted)

    @override
    async def ship(self, wanted: Wanted) -> Verdict:
        """Have every host fetch the images."""
        return await shipping.ship(self.tools, wanted)

    @override
    async def redraw(self, state: State, approved: Plan) -> Plan | Verdict | str:
        """Look again at commit, compose file, registry and hosts, all at once."""
        if not isinstance(approved.target, ComposePlan):
            return "it was made for a deployment repository, and the environment's target is servers now"
        tools = self.tools
        wanted, text, surveyed = await asyncio.gather(
            wanted_now(state, tools),
            tools.repository.read(approved.commit, str(tools.environment.compose.file)),
            survey_running(tools),
        )
        if isinstance(wanted, str):
            return wanted
        moved = await remounted(tools, wanted, approved.compose.compose_text, surveyed)
        if moved.blocks:
            return moved
        if wanted.commit == approved.commit and text == approved.compose.compose_text.encode():
            # the same compose file needs no second reading
            return redraw(approved, tools.service, wanted.images, surveyed, env.planned(tools, wanted))
        whole = await composed.composed(tools, wanted)
        if isinstance(whole, Verdict):
            return whole
        return draft(tools.service, tools.environment_name, whole, surveyed, approved.expected_downtime)

    @override
    async def save(self, plan: Plan) -> Trouble | None:
        """Save on every host what `paths.backup` names."""
        return await saving.save(self.tools, plan)

    @override
    async def move(self, plan: Plan, steps: Sequence[PlannedStep]) -> Trouble | None:
        """Put each image on its host, side by side, and wait until it is healthy there."""
        return await canary.move(self.tools, plan, steps)

    @override
    async def put_back(self, plan: Plan, steps: Sequence[PlannedStep]) -> Sequence[Back]:
        """Start again what each host ran before, side by side."""
        return await fleet.put_back(self.tools, plan, steps)

    @override
    async def examine(self, state: State, plan: Plan) -> Examination:
        """Examine every component on every host."""
        return await examine(self.tools, state, plan)

    @override
    async def keep(self, plan: Plan) -> tuple[ConditionLine, ...]:
        """Archive the images, and write the last good tag on every host."""
        return await keeping.keep(self.tools, plan)

    @override
    async def checklist(self) -> tuple[ConditionLine, ...]:
        """Look at restarts, health, mounts, environment, disk and network of every host."""
        return await evidence.checklist(self.tools)

    @override
    async def hushed(self, error: object, steps: Sequence[PlannedStep]) -> str:
        """Take out what the env files on the hosts keep secret."""
        return await hushed(self.tools, [self.tools.servers[step.place] for step in steps], error)
