"""The analyzer: what changes between what runs and what is asked for, and what that change obliges the crew to do."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from langgraph.runtime import Runtime

from agents.contents import inspect_sources
from agents.destinations.choice import destination_of
from agents.events import Analyzed, CommitLine, DecisionLine, Objected, SuiteRan
from agents.migrations import judge_migrations, migrations_of
from agents.proven import Proof, proven
from agents.state import Next, State, end, proceed, stops_early
from agents.toolbox import Toolbox
from agents.words.concealed import concealed_since, texts_of
from config.nearest import nearest
from guardrails.categories import categorise
from guardrails.risks import risks
from guardrails.scope import Decision, Scope, scope
from guardrails.verdict import Verdict
from tools.changes import ChangedFile, Commit, touched
from tools.history.releases import Outcome

MOST_ISSUES = 50
"""A release of more work than this is not what issues want to hear of one by one."""


async def analyze(state: State, *, runtime: Runtime[Toolbox]) -> Next:
    """Find the commit, compare it with what runs, judge its sources, and choose suites and components.

    A rollback needs none of that: it goes straight to its plan.
    """
    tools = runtime.context
    if state["kind"] == "rollback":
        return proceed("plan", "skipped")
    target = await tools.store.targets.get(state["service"], state["environment"])
    if target.locked_at and not stops_early(state):
        return end(Outcome.REFUSED, f"{state['service']} in {state['environment']} is locked by {target.locked_by}")
    await tools.repository.refresh()
    commit = await tools.repository.resolve((await tools.release()).pinned or state["version"])
    if commit is None:
        return end(Outcome.REFUSED, await _unknown(state["version"], tools))
    return await _compare(state, commit, tools)


async def _compare(state: State, commit: str, tools: Toolbox) -> Next:
    version, base = await _running(tools)
    await tools.store.releases.change(state["release"], commit=commit, from_version=version)
    tools.redactor.spare(version)
    files = await tools.repository.changed_files(base, commit)
    chosen = await _mending(scope(tools.service, touched(files), await tools.deployed()), tools)
    commits = await tools.repository.commits(base, commit)
    change = _change(files, commits, chosen, tools) | {"issues": _issues(commits, tools) if base else ()}
    await tools.report(Analyzed(commit=commit, from_version=version, from_commit=base or "", **change))
    if _nothing_left(chosen, state.get("only", "")):
        return end(Outcome.SKIPPED, "; ".join(decision.reason for decision in chosen.decisions), "skipped")
    verdict = await inspect_sources(tools, commit) + await _concealed(base, commit, files, commits, tools)
    verdict += judge_migrations(tools, await migrations_of(tools, base, commit, files))
    if verdict.findings:
        await tools.report(Objected("analyze", verdict.findings))
    if verdict.blocks:
        return end(Outcome.REFUSED, _first(verdict))
    await _tell_skipped(chosen, tools)
    if state.get("only") == "analyze":
        return end(Outcome.CHECKED, _would(chosen), "passed")
    proof = await proven(commit, chosen, tools) if state.get("only") == "deploy" else Proof("", chosen.run)
    if isinstance(proof, str):
        return end(Outcome.REFUSED, proof)
    return proceed(
        "test",
        commit=commit,
        from_version=version,
        from_commit=base or "",
        suites=list(proof.suites),
        components=list(chosen.build),
        tested=proof.tested,
        **({} if chosen.deploy else {"only": "test"}),
    )


def _nothing_left(chosen: Scope, only: str) -> bool:
    """Tell whether a release has nothing to do; what needs no deploy may still have suites that look at it."""
    return chosen.skip_all or (not chosen.deploy and (not chosen.run or only == "deploy"))


def _would(chosen: Scope) -> str:
    """Say what a whole release would do."""
    suites, images = (", ".join(names) or "none" for names in (chosen.run, chosen.build))
    return f"Analysed only, as asked; no objection. A release would run these suites: {suites}; build: {images}."


async def _concealed(
    base: str | None, commit: str, files: Sequence[ChangedFile], commits: Sequence[Commit], tools: Toolbox
) -> Verdict:
    """Tell what hides in the words and lines of the change; before a first deploy there is nothing to compare with."""
    release = await tools.release()
    named = {"the branch's name": release.branch, "the version's name": release.version}
    texts = named | (texts_of(files, commits) if base else {})
    return await concealed_since(tools.repository, base, commit, files, texts)


async def _running(tools: Toolbox) -> tuple[str, str | None]:
    """Return version and commit of what runs; an empty version and None before the first deploy.

    The store knows it, or else the target itself, where something ran before Shipmate came.
    """
    for deployment in (await tools.deployed()).values():
        if deployment.current:
            return deployment.current["version"], deployment.current["commit"]
    return await destination_of(tools).recognised()


async def _mending(chosen: Scope, tools: Toolbox) -> Scope:
    """Judge "nothing changed" by what really runs: where that strayed from the record, that is deployed again.

    What was recorded has its image and passed its suites; what was not is tested and built.
    """
    lost = await destination_of(tools).astray() if chosen.skip_all else {}
    if not lost:
        return chosen
    told = ", ".join(f"{name} on {host}" for name, host in sorted(lost.items()))
    again = Decision("deploy_again", f"Nothing changed, but not every host runs what it should: {told}.")
    build = tuple(sorted(set(tools.service.components) - set(await tools.deployed())))
    suites = tuple(tools.service.suites) if build else ()
    skip = {name: reason for name, reason in chosen.skip.items() if name not in suites}
    return Scope((again,), suites, skip, build)


def _change(files: Iterable[ChangedFile], commits: Iterable[Commit], chosen: Scope, tools: Toolbox) -> dict[str, Any]:
    paths = touched(files)
    grouped = categorise(paths, tools.service.categories)
    return {
        "categories": {str(category): tuple(names) for category, names in grouped.items() if names},
        "decisions": tuple(DecisionLine(decision.action, decision.reason) for decision in chosen.decisions),
        "commits": tuple(CommitLine(c.sha, c.subject, c.author, c.pull_request) for c in commits),
        "risks": risks(paths),
    }


def _issues(commits: Iterable[Commit], tools: Toolbox) -> tuple[str, ...]:
    """Find the issues that commits name, each once; a first deploy names none, since all of the past would count."""
    tracker = tools.service.issues
    if tracker is None:
        return ()
    texts = (f"{commit.subject}\n{commit.body}" for commit in commits)
    found = (match.group() for text in texts for match in re.finditer(tracker.pattern, text))
    return tuple(dict.fromkeys(found))[:MOST_ISSUES]


async def _tell_skipped(chosen: Scope, tools: Toolbox) -> None:
    for name, reason in sorted(chosen.skip.items()):
        kind = tools.service.suites[name].kind
        await tools.report(SuiteRan(name, kind, "skipped", 0, (), None, 0, reason))


async def _unknown(version: str, tools: Toolbox) -> str:
    known = await tools.repository.tags(tools.service.version)
    close = nearest(version, known) or (known[0] if known else None)
    hint = f"; the nearest is {close}" if close else "; the repository has no versions yet"
    return f"{tools.service.service} has no version {version}{hint}"


def _first(verdict: Verdict) -> str:
    finding = verdict.findings[0]
    more = len([f for f in verdict.findings if f.level is verdict.level]) - 1
    return f"{finding.message}" + (f" (and {more} more)" if more else "")
