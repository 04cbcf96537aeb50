"""The facts that people approve, in the order in which they should be read; Slack and the terminal show the same."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agents import events
from agents.entrypoints import figures
from agents.entrypoints.arrivals import arrival_lines
from agents.entrypoints.strategy import strategy_lines
from agents.entrypoints.view import ReleaseView
from agents.entrypoints.voice import Voice
from agents.entrypoints.way_back import rollback_line, way_back_lines
from guardrails.plan import Plan
from guardrails.plan_targets import ComposePlan, Running
from guardrails.verdict import Finding, Level

MODEL_LABEL = "Written by the model from unreviewed text"
FACTS_LABEL = "Summary, put together from the facts"
MET: Mapping[bool | None, str] = {True: "✓", False: "✗", None: "-"}
"""Marks of conditions; the last does not apply."""
_MOST = 100
"""So many lines are drawn at most; the rest is counted."""
_SECRETS = ("secret",)
_VOLUMES = ("volume", "mount", "bind", "path", "image-volume", "written")

SET_OFF: Mapping[str, str] = {
    "push": "Set off by a push of {who:who} to {branch:80}",
    "tag": "Set off by a new tag of {who:who}",
    "release": "Set off by a release that {who:who} published",
}
"""How a release began that no command asked for."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One titled piece of the card. Lines are ready to be shown; `verbatim` ones keep their exact look."""

    title: str
    lines: tuple[str, ...]
    room: int
    """Most characters it may take."""
    verbatim: bool = False
    more: int = 0
    """How many further lines there would be."""


def facts(view: ReleaseView, voice: Voice) -> tuple[Fact, ...]:
    """List everything the tools found out, without a word of the model."""
    analyzed, planned = view.one(events.Analyzed), view.one(events.Planned)
    commits = len(analyzed.commits) if analyzed else 0
    differences = len(planned.differences) if planned else 0
    pieces = (
        Fact("Release", tuple(_release(view, voice)), 900),
        Fact(
            "Commits and pull requests",
            tuple(_commits(view, voice.unmarked)),
            800,
            verbatim=True,
            more=max(0, commits - _MOST),
        ),
        Fact("Changed files", tuple(_files(view, voice.unmarked)), 900, verbatim=True),
        Fact("Risks", tuple(_risks(view, voice)), 500),
        Fact("Tests", tuple(_tests(view, voice)), 900),
        Fact("Image", tuple(_images(view, voice)), 500),
        Fact(
            "What changes where it runs",
            tuple(_differences(view, voice.unmarked)),
            1200,
            verbatim=True,
            more=max(0, differences - _MOST),
        ),
        Fact("Guardrails", tuple(_findings(view, voice)), 900),
        Fact("Gate", tuple(_gate(view, voice)), 600),
        Fact("How", tuple(_how(view, voice)), 700),
        Fact("Way back", tuple(way_back_lines(view.plan, voice)) if view.plan else (), 700),
        Fact("Approval", tuple(_approval(view, voice)), 500),
    )
    return tuple(piece for piece in pieces if piece.lines)


def words(view: ReleaseView) -> tuple[str, str, tuple[str, ...]] | None:
    """Return label, text and ungrounded claims of the summary, raw; None where there is none."""
    planned = view.one(events.Planned)
    text = str(planned.summary.get("text", "")).strip() if planned else ""
    if planned is None or not text:
        return None
    flagged = planned.summary.get("flagged") or ()
    claims = tuple(map(_claim, flagged)) if isinstance(flagged, Sequence) and not isinstance(flagged, str) else ()
    return (FACTS_LABEL if planned.summary.get("author") == "facts" else MODEL_LABEL), text, claims


def short(view: ReleaseView, voice: Voice) -> Fact:
    """List what identifies the release, for a card that asks nothing."""
    return Fact("Release", tuple(_release(view, voice)), 1200)


def objections(view: ReleaseView, voice: Voice) -> Fact:
    """List what stood in the way: objections of the guardrails, failed suites, hosts that did not become healthy."""
    lines = [line for one in view.every(events.Objected) for line in finding_lines(one.findings, voice)]
    lines += [suite_line(suite, voice) for suite in view.every(events.SuiteRan) if suite.outcome == "failed"]
    for settled in view.every(events.Settled):
        if not settled.healthy:
            where = voice.say("{component:60} on {host:60}", component=settled.component, host=settled.host)
            lines.append(f"{where}: " + voice.say("{cause:300}", cause=settled.cause or "not healthy"))
    return Fact("What stood in the way", tuple(lines), 2000)


def held(fact: Fact, room: int | None = None) -> tuple[str, ...]:
    """Keep the lines that fit into the fact's room; what was left out is counted in the last line."""
    limit = fact.room if room is None else room
    if not fact.more and sum(len(line) + 1 for line in fact.lines) <= limit:
        return fact.lines
    kept: list[str] = []
    left = limit - len("... and 100000 more (cut)")
    for line in fact.lines:
        left -= len(line) + 1
        if left < 0:
            break
        kept.append(line)
    return (*kept, f"... and {len(fact.lines) - len(kept) + fact.more} more (cut)")


def _claim(flagged: Any) -> str:
    return str(flagged.get("claim") or flagged.get("text") or flagged) if isinstance(flagged, Mapping) else str(flagged)


def _release(view: ReleaseView, voice: Voice) -> Iterator[str]:
    release, plan, analyzed = view.release, view.plan, view.one(events.Analyzed)
    how = {"who": release.requested_by, "branch": release.branch, "when": release.requested_at}
    yield voice.say(SET_OFF.get(release.trigger, "Asked for by {who:who}") + " at {when:when}", **how)
    if release.break_glass is not None:
        yield voice.say("BREAK-GLASS, nobody was asked. Reason: {reason:300}", reason=release.break_glass)
    hosts = voice.say(" on {hosts:200}", hosts=", ".join(plan.target.places)) if plan else ""
    where = voice.say("{service:60} in {environment:60}", service=release.service, environment=release.environment)
    yield f"Where: {where}{hosts}"
    commit = (plan.commit if plan else "") or (analyzed.commit if analyzed else "") or release.commit
    behind = voice.say(" at commit {commit:code}", commit=figures.commit(commit)) if commit else ""
    yield voice.say("Version: {version:80}{behind:ours}", version=release.version, behind=behind)
    if plan or analyzed:
        history = view.decision or view.one(events.Moved)
        yield f"{'Before' if history else 'Now'}: {_now(view, plan, voice)}"


def _now(view: ReleaseView, plan: Plan | None, voice: Voice) -> str:
    running = Counter(step.before.called if step.before else "" for step in plan.steps) if plan else {}
    told = ", ".join(_counted(tag, number, len(running)) for tag, number in sorted(running.items()))
    analyzed = view.one(events.Analyzed)
    told = told or (analyzed.from_version if analyzed else "") or "nothing"
    commit = analyzed.from_commit if analyzed and analyzed.from_commit else ""
    return voice.say("{told:200}", told=told) + (
        voice.say(" at commit {commit:code}", commit=figures.commit(commit)) if commit else ""
    )


def _counted(tag: str, number: int, kinds: int) -> str:
    name = tag or "nothing yet"
    return name if kinds == 1 else f"{name} ({number})"


def _commits(view: ReleaseView, voice: Voice) -> Iterator[str]:
    analyzed = view.one(events.Analyzed)
    for commit in analyzed.commits[:_MOST] if analyzed else ():
        request = f"#{commit.pull_request} " if commit.pull_request else ""
        line = f"{figures.commit(commit.sha)} {request}{commit.subject} ({commit.author})"
        yield voice.say("{line:160}", line=line)


def _files(view: ReleaseView, voice: Voice) -> Iterator[str]:
    analyzed = view.one(events.Analyzed)
    categories = analyzed.categories if analyzed else {}
    for category, files in sorted(categories.items(), key=lambda item: (item[0] != "database", item[0])):
        if files:
            more = f" and {len(files) - _MOST} more (cut)" if len(files) > _MOST else ""
            shown = ", ".join(files[:_MOST]) + more
            yield voice.say("{category:20} ({number}): {shown:240}", category=category, number=len(files), shown=shown)


def _risks(view: ReleaseView, voice: Voice) -> Iterator[str]:
    analyzed = view.one(events.Analyzed)
    if analyzed is None:
        return
    migrations = len(analyzed.categories.get("database", ()))
    if migrations:
        yield f"Database: {figures.count(migrations, 'migration or schema file')} changed."
    elif view.plan:
        yield "Database: no migration."
    for risk in analyzed.risks:
        yield voice.say("{risk:200}", risk=risk)


def _tests(view: ReleaseView, voice: Voice) -> Iterator[str]:
    for suite in view.every(events.SuiteRan):
        yield suite_line(suite, voice)
    analyzed = view.one(events.Analyzed)
    for decision in analyzed.decisions if analyzed else ():
        yield voice.say("Decided: {action:60}, because: {reason:160}", action=decision.action, reason=decision.reason)


def suite_line(suite: events.SuiteRan, voice: Voice) -> str:
    """Tell how a suite went, in one line."""
    if suite.outcome == "skipped":
        return voice.say("{name:60}: not run. {reason:160}", name=suite.name, reason=suite.reason or "No reason given.")
    before = [(one.version, one.percent) for one in suite.covered_before]
    coverage = f", coverage {figures.trend(suite.coverage, before)}" if suite.coverage is not None else ""
    tests = (
        ""
        if not suite.tests and (suite.suite_kind == "lint" or suite.figures)
        else f", {figures.count(suite.tests, 'test')}"
    )
    failures = f", failed: {', '.join(suite.failures)}" if suite.failures else ""
    measured = "".join(f", {figure}" for figure in suite.figures)
    told = f"{suite.outcome}{tests}{measured}{coverage}, {figures.duration(suite.seconds)}{failures}"
    reason = f". {suite.reason}" if suite.reason else ""
    upload = f". Coverage {suite.upload}" if suite.upload else ""
    remarks = f". Beside: {'; '.join(suite.remarks)}" if suite.remarks else ""
    return voice.say("{name:60}: {told:400}", name=suite.name, told=told + reason + upload + remarks)


def _images(view: ReleaseView, voice: Voice) -> Iterator[str]:
    plan = view.plan
    for part in plan.components if plan else ():
        size = (
            figures.growth(part.size_bytes, part.previous_size_bytes) if part.size_bytes is not None else "size unknown"
        )
        yield voice.say(
            "{image:120}: {size}, digest {digest:code}",
            image=f"{part.image}:{part.tag}",
            size=size,
            digest=figures.digest(part.digest),
        )


def _differences(view: ReleaseView, voice: Voice) -> Iterator[str]:
    planned = view.one(events.Planned)
    for difference in planned.differences[:_MOST] if planned else ():
        yield voice.say("{difference:200}", difference=difference)
    if planned and not planned.differences:
        yield "Nothing but the image."


def _findings(view: ReleaseView, voice: Voice) -> Iterator[str]:
    planned = view.one(events.Planned)
    if planned is None:
        return
    earlier = (finding for one in view.every(events.Objected) for finding in one.findings)
    found = tuple(dict.fromkeys((*earlier, *planned.findings)))
    secrets, volumes = _about(found, _SECRETS), _about(found, _VOLUMES)
    yield f"Secrets: {_verdict(secrets)}. Volumes: {_verdict(volumes)}."
    yield from finding_lines(found, voice)


def _about(findings: Iterable[Finding], rules: tuple[str, ...]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.rule.startswith(rules))


def _verdict(findings: Sequence[Finding]) -> str:
    return figures.count(len(findings), "remark") if findings else "no objection"


def finding_lines(findings: Iterable[Finding], voice: Voice) -> Iterator[str]:
    """Tell findings, heaviest first, each with its remedy."""
    for finding in sorted(findings, key=lambda one: -one.level):
        place = voice.say(" ({place:80})", place=finding.place) if finding.place else ""
        yield voice.say(
            "{level} {rule:60}, {subject:100}: {message:240}{place:ours} {remedy:300}",
            level=Level(finding.level).name.lower(),
            rule=finding.rule,
            subject=finding.subject,
            message=finding.message,
            place=place,
            remedy=finding.remedy,
        )


def _gate(view: ReleaseView, voice: Voice) -> Iterator[str]:
    planned = view.one(events.Planned)
    yield from condition_lines(planned.gate if planned else (), voice)


def condition_lines(conditions: Iterable[events.ConditionLine], voice: Voice) -> Iterator[str]:
    """Tell conditions or checks, each met or not."""
    for condition in conditions:
        mark = MET[condition.met]
        yield voice.say("{mark} {name:60}: {detail:240}", mark=mark, name=condition.name, detail=condition.detail)


def _how(view: ReleaseView, voice: Voice) -> Iterator[str]:
    plan = view.plan
    if plan is None:
        return
    yield from strategy_lines(plan, voice)
    yield from _env_file(plan, voice)
    yield rollback_line(plan, voice)
    for note in plan.notes:
        yield voice.say("{note:200}", note=note)
    if shipped := view.one(events.Shipped):
        yield from arrival_lines(shipped, voice)


def _env_file(plan: Plan, voice: Voice) -> Iterator[str]:
    """Tell the names that the bot will write, and whether anything in them changes; never a value."""
    written = plan.target.env_file if isinstance(plan.target, ComposePlan) else None
    if written is None:
        return
    before = {step.before.env_mark for step in plan.steps if isinstance(step.before, Running)}
    changed = "as it is there now" if before == {written.mark} else "new or changed"
    names = ", ".join(written.names) or "as it was then"
    yield voice.say(
        "Env file: {path:80} from {variable:60} ({changed}): {names:300}",
        path=written.path,
        variable=written.variable,
        changed=changed,
        names=names,
    )


def _approval(view: ReleaseView, voice: Voice) -> Iterator[str]:
    planned, asked = view.one(events.Planned), view.asked
    if planned is None:
        return
    yield voice.say("Plan digest: {digest:code}", digest=figures.digest(planned.digest))
    if asked is None:
        return
    yield f"Needed: {figures.count(asked.required, 'approval')} from {voice.called(asked.approvers)}"
    if not view.decision:
        given = sum(vote.choice == "approved" for vote in view.votes)
        given += sum(carried.question == asked.question for carried in view.every(events.CarriedOver))
        yield voice.say("Given: {given}. Open until {when:when}", given=given, when=_moment(asked.expires_at))


def _moment(text: str) -> datetime | str:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text
