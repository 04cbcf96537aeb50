"""What is said of what was found out and made before anybody is asked: the change, the suites, the images."""

from collections.abc import Mapping

from agents import events
from agents.entrypoints import figures
from agents.entrypoints.arrivals import shipped
from agents.entrypoints.facts import finding_lines, suite_line
from agents.entrypoints.sentences.excerpts import few
from agents.entrypoints.voice import Say, Voice


def _analyzed(event: events.Analyzed, voice: Voice) -> str:
    files = sum(map(len, event.categories.values()))
    told = f"{figures.count(len(event.commits), 'commit')}, {figures.count(files, 'changed file')}"
    since = voice.say("since {version:80}", version=event.from_version) if event.from_version else "as a first release"
    lines = [f"{told} {since}."]
    lines += [voice.say("{action:60}: {reason:200}", action=one.action, reason=one.reason) for one in event.decisions]
    return "\n".join(lines)


def _objected(event: events.Objected, voice: Voice) -> str:
    lines = finding_lines(event.findings, voice)
    return "\n".join((voice.say("Guardrails object in {stage:40}:", stage=event.stage), *few(list(lines))))


def _suite_ran(event: events.SuiteRan, voice: Voice) -> str:
    return f"Suite {suite_line(event, voice)}"


def _built(event: events.Built, voice: Voice) -> str:
    took = "taken over, since it was built from this commit before"
    return voice.say(
        "Image {image:160} {made}: {size}, digest {digest:code}",
        image=event.image,
        made=took if event.reused else f"built in {figures.duration(event.seconds)}",
        size=figures.growth(event.size_bytes, event.previous_size_bytes),
        digest=figures.digest(event.digest),
    )


def _diverted(event: events.Diverted, voice: Voice) -> str:
    return voice.say(
        "Warning: {image:160} was not taken by its registry, so it is {fallback:160} now, and deployed from there: "
        "{cause:400}",
        image=event.image,
        fallback=event.fallback,
        cause=event.cause,
    )


def _tag_missed(event: events.TagMissed, voice: Voice) -> str:
    return voice.say(
        "Warning: the further tag {image:160} was not pushed; nothing is deployed by it: {cause:400}",
        image=event.image,
        cause=event.cause,
    )


SENTENCES: Mapping[type, Say] = {
    events.Analyzed: _analyzed,
    events.Objected: _objected,
    events.SuiteRan: _suite_ran,
    events.Built: _built,
    events.Diverted: _diverted,
    events.TagMissed: _tag_missed,
    events.Shipped: shipped,
}
