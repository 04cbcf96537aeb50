"""The adapter for a deployment repository: all components of a release in one commit, brought in by ArgoCD."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from typing_extensions import override

from agents.destinations.gitops import evidence, examination, moves, proposal, recognition
from agents.destinations.gitops.draft import changes
from agents.destinations.gitops.sight import look_at_file
from agents.destinations.port import Back, Destination, Examination, Proposal, Trouble
from agents.events import ConditionLine
from agents.state import State
from agents.toolbox import Toolbox
from agents.wanted import Wanted, wanted_now
from guardrails.plan import Plan, PlannedStep
from guardrails.plan_targets import GitopsPlan
from guardrails.verdict import Verdict


@dataclass(frozen=True, slots=True)
class GitopsDestination(Destination):
    """A file on a branch and an application; see `agents.destinations.port.Destination` for every promise."""

    tools: Toolbox

    @override
    async def recognised(self) -> tuple[str, str | None]:
        """Know a version by the tags that stand in the file."""
        return await recognition.recognised(self.tools)

    @override
    async def astray(self) -> Mapping[str, str]:
        """Compare file and cluster with what was recorded."""
        return await recognition.astray(self.tools)

    @override
    async def propose(self, state: State, wanted: Wanted) -> Proposal | Verdict:
        """Look at file, registry and cluster, and draw up the one commit."""
        return await proposal.propose(self.tools, state, wanted)

    @override
    async def ship(self, wanted: Wanted) -> Verdict:
        """Leave images where they are: the cluster pulls them itself."""
        return Verdict()

    @override
    async def redraw(self, state: State, approved: Plan) -> Plan | Verdict | str:
        """Look again at registry and file. That others committed meanwhile changes nothing, unless to our places."""
        if not isinstance(approved.target, GitopsPlan):
            return "it was made for servers, and the environment's target is a deployment repository now"
        moving = [name for name, change in changes(approved).items() if change.before != change.after]
        wanted, seen = await asyncio.gather(wanted_now(state, self.tools, moving), look_at_file(self.tools))
        if isinstance(wanted, str):
            return wanted
        if seen.standing is None:
            return proposal.unreadable(self.tools, seen)
        return proposal.drafted(self.tools, wanted, seen)

    @override
    async def save(self, plan: Plan) -> Trouble | None:
        """Save nothing: volumes of a cluster are its own business."""
        return None

    @override
    async def move(self, plan: Plan, steps: Sequence[PlannedStep]) -> Trouble | None:
        """Write the commit, and wait until the cluster runs it."""
        return await moves.carry_out(self.tools, plan)

    @override
    async def put_back(self, plan: Plan, steps: Sequence[PlannedStep]) -> Sequence[Back]:
        """Write the earlier tags back in one commit, and wait until the cluster runs them."""
        return [await moves.restore(self.tools, plan, steps)] * len(steps)

    @override
    async def examine(self, state: State, plan: Plan) -> Examination:
        """Watch the endpoints and the application."""
        return await examination.examine(self.tools, state, plan)

    @override
    async def keep(self, plan: Plan) -> tuple[ConditionLine, ...]:
        """Keep nothing but the record: registry and repository remember by themselves."""
        return ()

    @override
    async def checklist(self) -> tuple[ConditionLine, ...]:
        """Look at file, registry, application and endpoints."""
        return await evidence.checklist(self.tools)

    @override
    async def hushed(self, error: object, steps: Sequence[PlannedStep]) -> str:
        """Take out what the bot itself keeps secret."""
        return self.tools.redactor.redact(str(error))
