"""What the bot answers: refusals, misreadings, help, and the state of things."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from agents.answers import Order, Refusal
from agents.entrypoints import figures
from agents.entrypoints.closed import closed_lines
from agents.entrypoints.commands import Misread, usages
from agents.entrypoints.sentences.line import ONLY
from agents.entrypoints.standing import Standing
from agents.entrypoints.voice import Voice
from agents.entrypoints.words import next_command
from agents.events import Covered
from agents.triggers import MANUAL
from tools.history.deployments import Deployment
from tools.history.releases import Outcome, Release, Statistics, Status
from tools.history.reviews import Review


def refused(refusal: Refusal, voice: Voice) -> str:
    """Say why not: the reason code, how things stand, the next command."""
    told = voice.say("Not done ({code:40}). {standing:900}", code=refusal.code, standing=refusal.standing)
    told = voice.naming(told)
    return f"{told}\nNext: {next_command(refusal.next_step, voice)}" if refusal.next_step else told


def misread(trouble: Misread, voice: Voice) -> str:
    """Say what was wrong with a command line, and what was probably meant."""
    told = voice.say(
        "I did not understand that ({code:40}). {standing:600}", code=trouble.code, standing=trouble.standing
    )
    if trouble.did_you_mean and not voice.prefix.startswith("/"):
        return told + voice.say("\nDid you mean: {line:ours}", line=trouble.did_you_mean)
    if trouble.did_you_mean:
        return told + voice.say("\nDid you mean {line:code}?", line=trouble.did_you_mean)
    return told + voice.say("\n{next_step:300}", next_step=trouble.next_step)


def assumed(environment: str, voice: Voice) -> str:
    """Say which environment a command was taken for that named none before its free text."""
    return voice.say("Environment: {environment:60}, since none was named.", environment=environment)


def help_text(voice: Voice) -> str:
    """Say what can be typed."""
    lines = "\n".join(voice.say("{line:code}", line=line) for line in usages(voice.prefix))
    return (
        f"This is what can be typed:\n{lines}\nENV is the environment; where it is left out, the service's own default."
    )


def stranger(voice: Voice) -> str:
    """Turn away somebody from another workspace."""
    standing = "Only members of the home workspace may use this bot; nothing was done."
    return refused(Refusal("foreign-workspace", standing, "Ask somebody of the home workspace."), voice)


def no_dialog(voice: Voice) -> str:
    """Say that Slack did not show the dialog in which the reason is asked for."""
    standing = "Slack did not open the dialog that asks for the reason; nothing was decided."
    return refused(Refusal("no-dialog", standing, "Press the button again."), voice)


def our_fault(reference: str, voice: Voice) -> str:
    """Say that the bot itself failed, and how to find out what became of it."""
    standing = (
        "Something is wrong with the bot itself, and nobody knows yet how far it came."
        f" Tell whoever looks after it: its log has more under {reference}."
    )
    return refused(Refusal("internal", standing, "status"), voice)


ORDERED = {
    "": "The release",
    "analyze": "The analysis",
    "test": "The test run",
    "build": "The release without its deploy",
    "deploy": "The deploy without tests and build",
}
"""What is under way, by how much of a release was asked for."""


def ordered(order: Order, release_id: str, channel: str | None, voice: Voice) -> str:
    """Say that an order stands; `channel` is the id of the channel that shows its card."""
    if order.break_glass is not None:
        loud = "BREAK-GLASS: nobody is asked, everybody is told, and the guardrails still hold.\n"
        loud += "A review by somebody else is owed as soon as anything is to be moved.\n"
        return loud + ordered(replace(order, break_glass=None), release_id, channel, voice)
    told = voice.say(
        "{kind} of {service:60} {version:80} in {environment:60} is under way as {id:code}.",
        kind="The rollback" if order.kind == "rollback" else ORDERED[order.only],
        service=order.service,
        version=order.version,
        environment=order.environment,
        id=release_id,
    )
    return f"{told} Its card is in <#{channel}>." if channel else told


def decided(release: Release, digest: str, choice: str, voice: Voice) -> str:
    """Say which plan of which release somebody decided about."""
    return voice.say(
        "{choice:20}: {service:60} {version:80} in {environment:60}, plan {digest:code}.",
        choice=choice.capitalize(),
        service=release.service,
        version=release.version,
        environment=release.environment,
        digest=figures.digest(digest),
    )


def status_text(found: Sequence[Standing], voice: Voice) -> str:
    """Tell how targets stand, a few lines each."""
    return "\n".join(_target_text(one, voice) for one in found) or "No service is declared."


def _target_text(standing: Standing, voice: Voice) -> str:
    target = standing.target
    lines = [voice.say("{service:60} in {environment:60}", service=target.service, environment=target.environment)]
    for component, deployment in sorted(standing.running.items()):
        lines.append(f"  {_running(component, deployment, voice)}")
    if not standing.running:
        lines.append("  nothing was released yet")
    queued = [release.id for release in standing.under_way if release.status is Status.QUEUED]
    for release in standing.under_way:
        place = f" at place {queued.index(release.id) + 1}" if release.id in queued else ""
        come = standing.progress.get(release.id)
        lines.append(f"  {_under_way(release, f' ({come})' if come else place, voice)}")
    lines += [f"  {line}" for line in closed_lines(standing, voice)]
    if target.failures and not target.locked_at:
        lines.append(f"  {figures.count(target.failures, 'failure')} in a row")
    lines += [f"  {line}" for line in _last_failure(standing, voice)]
    lines += [f"  {_owed(review, voice)}" for review in standing.owed]
    return "\n".join(lines)


def _last_failure(standing: Standing, voice: Voice) -> Iterator[str]:
    """Tell why it failed last, as the card of that release does."""
    report = (standing.escalation or {}).get("report", {})
    if report.get("stage"):
        yield voice.say(
            "last failure, in {stage:60}: {cause:200}", stage=report["stage"], cause=report.get("cause", "")
        )
    for line in list(report.get("likely") or ())[:1]:
        yield voice.say("{line:200}", line=line)


def _owed(review: Review, voice: Voice) -> str:
    return voice.say(
        "REVIEW OWED for {version:80}, which {who:who} released without an approval at {when:when}: {reason:200}",
        version=review.version,
        who=review.person,
        when=review.owed_at,
        reason=review.reason,
    )


def _running(component: str, deployment: Deployment, voice: Voice) -> str:
    current, previous = deployment.current or {}, deployment.previous or {}
    before = voice.say(", before: {version:80}", version=previous["version"]) if previous.get("version") else ""
    return voice.say(
        "{component:60}: {version:80} at commit {commit:code}{before:ours}",
        component=component,
        version=current.get("version", "unknown"),
        commit=figures.commit(str(current.get("commit", "")) or "unknown"),
        before=before,
    )


_DOING = {
    Status.PENDING: "waiting for the checks of its commit",
    Status.HELD: "waiting for the end of a lock or a freeze",
    Status.QUEUED: "waiting in line",
    Status.WAITING: "waiting for approval",
}


def _under_way(release: Release, place: str, voice: Voice) -> str:
    doing = _DOING.get(release.status)
    return voice.say(
        "{kind:20} of {version:80}: {doing:60}{place:ours}, asked for by {who:who} ({id:code})",
        kind=release.kind,
        version=release.named,
        doing=doing or release.stage or "starting",
        place=place,
        who=release.requested_by,
        id=release.id,
    )


def history_text(releases: Sequence[Release], voice: Voice) -> str:
    """List releases, newest first, a line each."""
    return "\n".join(_past(release, voice) for release in releases) or "No release yet."


def _past(release: Release, voice: Voice) -> str:
    outcome = release.outcome or release.status
    took = ""
    if release.finished_at:
        took = f" after {figures.span(release.finished_at - release.requested_at)}"
    because = ""
    if release.cause and release.outcome not in (Outcome.SUCCEEDED, Outcome.SKIPPED, Outcome.CHECKED):
        because = voice.say(" - {cause:120}", cause=release.cause)
    told = voice.say(
        "{when:when} {kind:20} {service:60} {version:80} {environment:60}{why:30}{only:30}: {outcome:20}",
        when=release.requested_at,
        kind=release.kind,
        service=release.service,
        version=release.named,
        why="" if release.trigger == MANUAL else f" by {release.trigger}",
        only=ONLY.get(release.only, ""),
        environment=release.environment,
        outcome=str(outcome).replace("-", " "),
    )
    return told + took + because


def coverage_text(covered: Mapping[str, Sequence[Covered]], voice: Voice) -> str:
    """Tell how coverage went from release to release, a line per suite; empty where nothing was measured."""
    lines = []
    for suite, (newest, *before) in covered.items():
        told = figures.trend(newest.percent, [(one.version, one.percent) for one in before])
        lines.append(voice.say("\nCoverage of {suite:60}: {told:200}", suite=suite, told=f"{told}, {newest.version}"))
    return "".join(lines)


def statistics_text(statistics: Statistics, failures: int, voice: Voice) -> str:
    """Tell how releases ended."""
    counted = statistics.succeeded + statistics.failed
    ended = f"{figures.count(statistics.total, 'release')} ended"
    lines = [f"{ended}: {statistics.succeeded} succeeded, {statistics.failed} failed."]
    if counted:
        share = figures.percent(statistics.succeeded, counted)
        lines.append(f"Success rate: {share} of those that were carried out.")
    others = {k: n for k, n in sorted(statistics.by_outcome.items()) if k != Outcome.SUCCEEDED}
    if others:
        told = ", ".join(f"{outcome.replace('-', ' ')} {number}" for outcome, number in others.items())
        lines.append(voice.say("Other ends: {told}.", told=told))
    if failures:
        lines.append(f"{figures.count(failures, 'failure')} in a row at present.")
    return "\n".join(lines)
