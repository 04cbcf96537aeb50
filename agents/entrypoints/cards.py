"""Cards in Slack: what a release looks like while it asks, moves and has ended. Facts first, words last."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from agents import events
from agents.entrypoints import figures
from agents.entrypoints.facts import Fact, facts, held, objections, short, words
from agents.entrypoints.fleet import Progress, progress
from agents.entrypoints.gestures import REJECT
from agents.entrypoints.headlines import headline, way_on
from agents.entrypoints.view import RUNNING, ReleaseView, Stage
from agents.entrypoints.voice import CUT, Voice, cut, flat, slack_escaped
from agents.entrypoints.words import sentence

Block = dict[str, Any]
CARD_LIMIT = 12_000
"""Characters of all blocks as JSON; Slack refuses a message somewhere above 13,200."""
TEXT_LIMIT = 3_000
REPLY_LIMIT = 6_000
_WORDS_ROOM, _LEAST_WORDS = 2_500, 160
LONGEST_WORDS = 10_000
_QUOTE = 4
"""A line's quote mark and its end, as JSON."""
_CLAIMS = 5
_SHARES = (1, 0.75, 0.5)
"""Text full of quotes grows as JSON; at half its room every fact fits even then."""
_MARKS = {"pending": "○", "running": "◐", "passed": "✓", "warning": "△", "failed": "✗", "skipped": "-"}


@dataclass(frozen=True, slots=True)
class Card:
    """One message: blocks, and the text for notifications and screen readers."""

    text: str
    blocks: tuple[Block, ...]


def release_card(view: ReleaseView, voice: Voice) -> Card:
    """Draw the one card of a release as it stands now."""
    title = headline(view, voice)
    top = [_header(title), *progress_blocks(view, voice)]
    asked = view.open_question
    if asked is None:
        blocks = [_header(title), *fact_blocks([short(view, voice)]), *progress_blocks(view, voice), *_end(view, voice)]
    else:
        buttons = [_question_buttons(view, asked)]
        blocks = [*top, *plan_blocks(view, voice, [*top, *buttons]), *buttons]
    return Card(cut(title, TEXT_LIMIT), tuple(blocks))


def decided_card(told: str, view: ReleaseView, voice: Voice) -> Card:
    """Keep, for the thread, what was decided about: the same facts, without buttons."""
    top = [section(cut(told, 1000))]
    return Card(cut(told, TEXT_LIMIT), (*top, *plan_blocks(view, voice, top)))


def detail_card(told: str) -> Card:
    """Show a sentence and its evidence in the thread; lines that do not fit are counted."""
    lines = held(Fact("", tuple(told.splitlines()), TEXT_LIMIT - 200))
    text = "\n".join(lines)
    return Card(text, (section(text),))


def readable(text: str) -> str:
    """Keep an answer within what people read at once; lines that do not fit are counted."""
    return "\n".join(held(Fact("", tuple(text.splitlines()), REPLY_LIMIT)))


def plan_blocks(view: ReleaseView, voice: Voice, others: Sequence[Block]) -> list[Block]:
    """Draw the facts of the plan and, in the room they leave, the words."""
    limit = CARD_LIMIT - weight(others) - 200
    pieces = facts(view, voice)
    drawn: list[Block] = []
    for share in _SHARES:
        drawn = fact_blocks(pieces, share)
        if weight(drawn) <= limit:
            break
    return [*drawn, *_word_blocks(view, min(limit - weight(drawn), _WORDS_ROOM))]


def fact_blocks(pieces: Iterable[Fact], share: float = 1) -> list[Block]:
    """Draw each fact as a section under its title, in its share of the room it may take."""
    return [section(f"*{piece.title}*\n{_body(piece, share)}") for piece in pieces]


def _body(piece: Fact, share: float) -> str:
    lines = held(piece, int(piece.room * share))
    return fenced(lines) if piece.verbatim else "\n".join(lines)


def fenced(lines: Iterable[str]) -> str:
    """Show harmless lines exactly as they are."""
    return "```\n" + "\n".join(lines) + "\n```"


def progress_blocks(view: ReleaseView, voice: Voice) -> list[Block]:
    """Draw the steps; where the release waits in line, the line."""
    awaited = view.waits_for_checks
    if awaited:
        return [section(sentence(awaited, voice))]
    queued = view.waits_in_line
    if queued:
        place = voice.say(
            "Waits for {version:80} ({holder:60}), place {position} in line.",
            version=queued.holder_version,
            holder=queued.holder,
            position=queued.position,
        )
        return [section(place)]
    come = progress(view)
    lines = [_stage_line(stage, voice, come) for stage in view.stages]
    if view.outcome is None:
        lines += [sentence(synced, voice) for synced in view.every(events.Synced)]
        lines += [sentence(compared, voice).partition("\n")[0] for compared in view.every(events.Compared)]
    return [section("\n".join(held(Fact("Progress", tuple(lines), 1200))))] if lines else []


def _stage_line(stage: Stage, voice: Voice, come: Progress | None) -> str:
    took = f" {figures.duration(stage.seconds)}" if stage.seconds else ""
    under_way = f" ...{f' {come}' if come else ''}" if stage.status == RUNNING else ""
    cause = voice.say(" - {cause:160}", cause=stage.cause) if stage.cause else ""
    return f"{_MARKS[stage.status]} {stage.name.replace('_', ' ')}{took}{under_way}{cause}"


def _end(view: ReleaseView, voice: Voice) -> list[Block]:
    told = way_on(view, voice)
    reasons = fact_blocks(fact for fact in (objections(view, voice),) if fact.lines) if view.outcome else []
    planned = view.one(events.Planned)
    mark = voice.say("Release {id:code}", id=view.release.id)
    if planned:
        mark += voice.say(", plan {digest:code}", digest=figures.digest(planned.digest))
    return [*reasons, *([section(told)] if told else []), _context(mark)]


def _word_blocks(view: ReleaseView, room: int) -> list[Block]:
    """Draw the summary last, labelled, in quotes, within the room; cut text says so."""
    said = words(view)
    if said is None or room < _LEAST_WORDS:
        return []
    blocks = _words_within(said, room)
    # quotes and backslashes count twice in JSON: what still is too much fits at half the room
    return blocks if weight(blocks) <= room else _words_within(said, room // 2)


def _words_within(said: tuple[str, str, tuple[str, ...]], room: int) -> list[Block]:
    label, text, claims = said
    blocks = [section(f"*{label}*\n{_quoted(text, room - _LEAST_WORDS)}")]
    left = room - weight(blocks) - _LEAST_WORDS
    if claims and left > _LEAST_WORDS:
        unproved = "; ".join(flat(claim) for claim in claims[:_CLAIMS])
        more = f" and {len(claims) - _CLAIMS} more" if len(claims) > _CLAIMS else ""
        blocks.append(_context(f"Not confirmed by the facts: {slack_escaped(unproved, left)}{more}"))
    return blocks


def _quoted(text: str, room: int) -> str:
    """Quote line by line; the line that does not fit any more ends with the mark of a cut."""
    lines: list[str] = []
    left = max(room, len(CUT) + _QUOTE)
    for line in filter(None, map(flat, cut(text, LONGEST_WORDS).splitlines())):
        if left < len(CUT) + _QUOTE:
            lines[-1] = lines[-1].removesuffix(CUT) + CUT
            break
        lines.append(slack_escaped(line, left - _QUOTE))
        left -= len(lines[-1]) + _QUOTE
    return "\n".join(f"> {line}" for line in lines)


def _question_buttons(view: ReleaseView, asked: events.Asked) -> Block:
    release = view.release
    value = f"{release.id} {asked.digest}"
    what = f"{release.service} {release.named} in {release.environment}"
    return {
        "type": "actions",
        "block_id": "question",
        "elements": [
            button("Approve", "approve", value, style="primary", confirm=f"Release {what}?"),
            button("Reject", REJECT, value, style="danger"),  # its dialog names what, and asks why
        ],
    }


def button(label: str, action: str, value: str, *, style: str = "", confirm: str = "") -> Block:
    """Draw a button; `confirm` asks once more, naming what will happen."""
    drawn: Block = {
        "type": "button",
        "text": {"type": "plain_text", "text": label},
        "action_id": action,
        "value": value[:2000],
    }
    if style:
        drawn["style"] = style
    if confirm:
        drawn["confirm"] = {
            "title": {"type": "plain_text", "text": label},
            "text": {"type": "plain_text", "text": slack_escaped(flat(confirm), 290)},
            "confirm": {"type": "plain_text", "text": label},
            "deny": {"type": "plain_text", "text": "Cancel"},
        }
    return drawn


def weight(blocks: Sequence[Block]) -> int:
    """Tell how many characters blocks take as JSON."""
    return len(json.dumps(list(blocks), ensure_ascii=False))


def _header(title: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": f"*{cut(title, 600)}*", "verbatim": True}}


def section(text: str) -> Block:
    """Draw a piece of text."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}
