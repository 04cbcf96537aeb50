"""The planner at work without a machine: a plan that is given, a change that says anything, a model that may lie."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from langgraph.runtime import Runtime

from agents import events
from agents.destinations.port import Proposal
from agents.entrypoints.view import ReleaseView
from agents.events import Event
from agents.planner import plan as plan_node
from agents.state import State
from agents.toolbox import Toolbox
from agents.words.claims import Words
from agents.words.differences import Difference, Sort
from agents.words.facts import ReleaseFacts, by_category
from config.service import ApprovalPolicy
from guardrails.gate import gate
from guardrails.hidden import nothing_hidden
from guardrails.verdict import Verdict
from tests.corpora.injection import Case
from tests.unit.agents.test_survey import answering
from tests.unit.entrypoints.material import ANALYZED, COMMIT, NOON, REMARK, UNIT, plan, release, stage
from tools.changes import ChangedFile, Commit
from tools.github import PullRequest
from tools.redaction import Redactor

APPROVERS = ("U0HANA", "U0MAX")


class Puppet:
    """A model that is somebody else's: whatever it says passes every check on the way."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self.asked = 0

    async def summarise(self, _facts: ReleaseFacts, _diff: str) -> Words:
        """Say it."""
        self.asked += 1
        return self._words


@dataclass
class Outcome:
    """Everything that came of one visit of the planner."""

    went: Any = None
    reported: list[Event] = field(default_factory=list)
    stored: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    @property
    def decided(self) -> Any:
        """Give all of it but the words that people are shown."""
        told = [asdict(replace(one, summary={}) if isinstance(one, events.Planned) else one) for one in self.reported]
        return self.went.goto, self.went.update, told, self.stored

    def view(self, case: Case) -> ReleaseView:
        """Give the release as its card sees it."""
        happened = [events.Opened("deploy", "observer", "production", "v1.2.3", "U0ANA"), *stage("analyze")]
        happened += [replace(ANALYZED, **_analyzed(case)), *stage("test"), _suite(case), *self.reported]
        return ReleaseView(_asked_for(case), {event.key: event for event in happened})


def facts_of(case: Case) -> tuple[ReleaseFacts, str]:
    """Put a hostile text into the facts of a change, where its carrier stands."""
    text, at = case.text, case.carrier
    pull = PullRequest(
        7, text if at in ("pr_title", "linear_title") else "Fix", text if at == "pr_body" else "", "ben", ""
    )
    said = text if at == "commit_msg" else "Fix prices"
    author = text if at == "commit_author" else "Ana"
    commit = Commit(
        COMMIT, author, said.partition("\n")[0], said.partition("\n")[2], datetime(2026, 2, 6, tzinfo=UTC), 7
    )
    path = text if at in ("file_name", "coverage_file") else "src/observer/main.py"
    line = text if at in ("diff_line", "code_comment") else "+ticks = 2"
    facts = ReleaseFacts(
        "v1.2.3",
        COMMIT,
        commits=(commit,),
        pull_request=pull,
        files=by_category([ChangedFile(path, "modified", added=1)]),
    )
    return facts, f"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n{line}\n"


def visited(case: Case, narrator: Puppet | None, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """Let the real planner plan a release whose change carries a hostile text."""
    outcome, policy = Outcome(), ApprovalPolicy(approvers=APPROVERS)

    def kept(name: str) -> Any:
        async def keep(*given: Any, **named: Any) -> None:
            outcome.stored.append((name, (*given, *named.items())))

        return keep

    async def report(event: Event) -> None:
        outcome.reported.append(event)

    async def comment(_number: int, _key: str, body: str) -> str:
        outcome.comments.append(body)
        return ""

    facts, diff = facts_of(case)
    proposal = _proposal(case)
    stand_in = SimpleNamespace(propose=answering(proposal), ship=answering(Verdict()))
    monkeypatch.setattr("agents.planner.destination_of", lambda _: stand_in)
    monkeypatch.setattr("agents.planner.wanted_by", answering(SimpleNamespace()))
    monkeypatch.setattr("agents.briefing.change_facts", answering((facts, diff)))
    decisions = SimpleNamespace(save_plan=kept("plan"), ask=kept("question"), question=answering(None))
    tools = SimpleNamespace(
        release_id="r1",
        release=answering(_asked_for(case)),
        repository=None,
        environment=SimpleNamespace(approval=policy),
        store=SimpleNamespace(decisions=decisions, journal=SimpleNamespace(of=answering(()))),
        clock=SimpleNamespace(now=lambda: NOON),
        github=SimpleNamespace(pull_request_of=answering(facts.pull_request), sticky_comment=comment),
        redactor=Redactor(),
        narrator=narrator,
        report=report,
    )
    state = cast("State", {"kind": "deploy", "version": "v1.2.3", "release": "r1", "from_version": "v1.2.2"})
    outcome.went = asyncio.run(plan_node(state, runtime=Runtime(context=cast("Toolbox", tools))))
    return outcome


def _proposal(case: Case) -> Proposal:
    drawn = plan(notes=(case.text,)) if case.carrier in ("registry_error", "argocd_message") else plan()
    open_ = gate(critical_passed=True, images={"observer": True}, hosts=(), minimum_free_bytes=0)
    told = Difference(Sort.CHANGED, case.carrier, "label", case.text)
    differences = (told,) if case.carrier in ("compose_label", "container_name") else ()
    return Proposal(drawn, open_, Verdict((REMARK,)) + nothing_hidden({case.carrier: case.text}), differences)


def _asked_for(case: Case) -> Any:
    origin = {"channel": "C0REL", "thread": "", "branch": case.text}
    changes: Mapping[str, Any] = {"trigger": "push", "origin": origin} if case.carrier == "branch" else {}
    return release(**changes)


def _analyzed(case: Case) -> dict[str, Any]:
    facts, _ = facts_of(case)
    lines = tuple(events.CommitLine(c.sha, c.subject, c.author, c.pull_request) for c in facts.commits)
    return {"commits": lines, "categories": {"backend": tuple(sorted(facts.paths))}}


def _suite(case: Case) -> events.SuiteRan:
    told = ("junit_message", "coverage_file", "log_line", "health_body")
    return replace(UNIT, outcome="failed", failures=(case.text,), reason=case.text) if case.carrier in told else UNIT
