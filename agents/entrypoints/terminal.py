"""The conversation of a release in a terminal: what Slack's card and thread tell, line by line."""

from typing import Protocol

from agents import events
from agents.entrypoints import figures
from agents.entrypoints.chart import sparkline
from agents.entrypoints.facts import facts, held, words
from agents.entrypoints.headlines import headline, way_on
from agents.entrypoints.view import ReleaseView, fold
from agents.entrypoints.voice import Voice, cut, flat, terminal_voice
from agents.entrypoints.words import next_command, sentence
from agents.events import Event
from tools.history import Store
from tools.history.journal import Entry
from tools.history.releases import Outcome

DONE, FAILED, WAITING = 0, 1, 3
POLL_SECONDS = 1.0
_GOOD = frozenset({Outcome.SUCCEEDED, Outcome.SKIPPED, Outcome.CHECKED})
_UNTOLD = (events.Planned, events.Finished)
"""The plan is shown whole, and the end as the last line."""


class Out(Protocol):
    """Where lines go, such as `sys.stdout`."""

    def write(self, text: str, /) -> object:
        """Write a text."""
        ...

    def flush(self) -> object:
        """Let everything written be seen."""
        ...


class History(Protocol):
    """A crew, near or far, as far as its history goes."""

    @property
    def store(self) -> Store:
        """What happened so far."""
        ...


async def follow(crew: History, release_id: str, out: Out) -> int:
    """Tell a release as it happens, until it ends or waits for a person.

    Returns the exit code: 0 succeeded or nothing to do, 3 waits for approval, 1 everything else.
    """
    voice = terminal_voice()
    told: dict[str, tuple[str, ...]] = {}
    while True:
        release = await crew.store.releases.get(release_id)
        if release is None:
            _line(out, voice.say("There is no release {id}.", id=release_id))
            return FAILED
        entries = await crew.store.journal.of(release_id)
        view = fold(release, entries)
        for entry in entries:
            _tell(entry, view, told, voice, out)
        code = await _stop(view, crew.store, voice, out)
        if code is not None:
            return code
        await crew.store.journal.wait(POLL_SECONDS)


def _tell(entry: Entry, view: ReleaseView, told: dict[str, tuple[str, ...]], voice: Voice, out: Out) -> None:
    """Tell an event, and of one that was replaced what is new."""
    event = view.happened.get(entry.key)
    if event is None or isinstance(event, _UNTOLD):
        return
    lines, before = (*(sentence(event, voice).splitlines() or [""]), *_drawn(event)), told.get(entry.key, ())
    if lines == before:
        return
    told[entry.key] = lines
    _line(out, f"{entry.at:%H:%M:%S} {lines[0]}")
    for line in [line for line in lines[1:] if line not in before]:
        _line(out, f"         {line}")


def _drawn(event: Event) -> tuple[str, ...]:
    """Draw what was watched in a line, as Slack shows it in a picture."""
    line = sparkline(event) if isinstance(event, events.Watched) else ""
    return (line,) if line else ()


async def _stop(view: ReleaseView, store: Store, voice: Voice, out: Out) -> int | None:
    """Say how it ended, or who must decide; None while neither is the case."""
    if view.release.outcome is not None:
        _line(out, headline(view, voice))
        for line in way_on(view, voice).splitlines():
            _line(out, line)
        return DONE if view.outcome in _GOOD else FAILED
    question = await store.decisions.latest(view.release.id)
    if view.open_question is None or question is None or question.choice is not None:
        return None
    for line in question_text(view, voice):
        _line(out, line)
    return WAITING


def question_text(view: ReleaseView, voice: Voice) -> list[str]:
    """Show the plan and how it is decided: facts first, the model's words last and labelled."""
    lines = ["", headline(view, voice)]
    for fact in facts(view, voice):
        lines += [f"{fact.title}:", *(f"  {line}" for line in held(fact, fact.room * 4))]
    said = words(view)
    if said:
        label, text, claims = said
        lines += [f"{label}:", *(f"  | {cut(flat(line), 600)}" for line in text.splitlines() if line.strip())]
        lines += [f"  not confirmed by the facts: {cut(flat(claim), 300)}" for claim in claims]
    release = view.release
    where = f"{release.service} {release.environment}"
    shown = figures.digest(view.open_question.digest) if view.open_question else "DIGEST"
    approve, reject = next_command(f"approve {where} {shown}", voice), next_command(f"reject {where} REASON", voice)
    return [*lines, "", f"To decide: {approve}", f"       or: {reject}"]


def _line(out: Out, text: str) -> None:
    out.write(f"{text}\n")
    out.flush()
