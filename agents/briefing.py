"""The briefing: everything that people read about a plan, put together from facts; the model's words come last."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from agents import events
from agents.destinations.port import Proposal
from agents.state import State
from agents.toolbox import Toolbox
from agents.words.change import change_facts
from agents.words.claims import Words
from agents.words.facts import ImageFact, ReleaseFacts, SuiteFact
from agents.words.summary import markdown, plain
from guardrails.plan import PlannedComponent
from guardrails.verdict import Verdict
from tools.errors import ToolError
from tools.github import PullRequest

COMMENT = "release"


@dataclass(frozen=True, slots=True)
class Briefing:
    """What the card shows beside the plan itself."""

    differences: tuple[str, ...]
    summary: Mapping[str, Any]


async def brief(state: State, proposal: Proposal, tools: Toolbox) -> Briefing:
    """Describe a plan, and put the description on the pull request behind it. GitHub and the model may both be away."""
    told = tuple(map(str, proposal.differences))
    if state["kind"] == "rollback":
        return Briefing(told, {})
    plan = proposal.plan
    pull_request = await _pull_request(plan.commit, tools)
    facts, diff = await change_facts(tools.repository, state.get("from_commit") or None, plan.commit)
    facts = replace(
        facts,
        service=plan.service,
        environment=plan.environment,
        from_version=state.get("from_version", ""),
        to_version=plan.version,
        pull_request=pull_request,
        differences=proposal.differences,
        findings=(await _earlier(tools) + proposal.verdict).findings,
        images=tuple(map(_image, plan.components)),
        rollback="; ".join(f"{way.place}: {way.reason}" for way in plan.ways_back),
        **await _tests(tools),
    )
    words = await tools.narrator.summarise(facts, diff) if tools.narrator else None
    await _comment(pull_request, facts, words, tools)
    return Briefing(told, _summary(facts, words))


def _summary(facts: ReleaseFacts, words: Words | None) -> Mapping[str, Any]:
    backed = [claim.text for claim in (*words.bullets, *words.warnings)] if words else []
    flagged = list(words.flagged) if words else []
    if backed:
        return {"author": "model", "text": "\n".join(backed), "flagged": flagged}
    sections = [f"{section.title}: {'; '.join(section.lines)}" for section in plain(facts)]
    return {"author": "facts", "text": "\n".join(sections), "flagged": flagged}


async def _earlier(tools: Toolbox) -> Verdict:
    """Collect what the stages before the plan found."""
    entries = await tools.store.journal.of(tools.release_id)
    found = [events.load(entry.kind, entry.body) for entry in entries if entry.kind == events.Objected.KIND]
    return Verdict.of(finding for event in found if isinstance(event, events.Objected) for finding in event.findings)


async def _tests(tools: Toolbox) -> Mapping[str, Any]:
    entries = await tools.store.journal.of(tools.release_id)
    loaded = [events.load(entry.kind, entry.body) for entry in entries if entry.kind == events.SuiteRan.KIND]
    suites = [event for event in loaded if isinstance(event, events.SuiteRan)]
    return {
        "tests": tuple(
            SuiteFact(
                suite.name, suite.outcome, suite.tests, suite.coverage, suite.reason, tuple(map(str, suite.figures))
            )
            for suite in suites
            if suite.outcome != "skipped"
        ),
        "not_run": {suite.name: suite.reason for suite in suites if suite.outcome == "skipped"},
    }


def _image(part: PlannedComponent) -> ImageFact:
    return ImageFact(part.name, f"{part.image}:{part.tag}", part.size_bytes, part.previous_size_bytes)


async def _pull_request(commit: str, tools: Toolbox) -> PullRequest | None:
    if tools.github is None:
        return None
    try:
        return await tools.github.pull_request_of(commit)
    except ToolError:
        return None


async def _comment(pull_request: PullRequest | None, facts: ReleaseFacts, words: Words | None, tools: Toolbox) -> None:
    if tools.github is None or pull_request is None:
        return
    body = tools.redactor.outgoing(markdown(facts, words))
    try:
        await tools.github.sticky_comment(pull_request.number, f"{COMMENT}-{facts.service}", body)
    except ToolError:
        return
