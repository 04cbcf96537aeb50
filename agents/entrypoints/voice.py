"""How one door speaks: how it names people and moments, and how it makes foreign text harmless.

Every sentence is a template of ours with values put in by `Voice.say`. A value is
foreign text unless its place in the template says otherwise, so nothing that a
repository, a log or a person wrote can become markup, a ping or another line.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from agents.entrypoints import figures
from guardrails.hidden import is_hidden

CUT = " ... (cut)"
LONGEST_VALUE = 300
LONGEST_RAW = 2_000
"""So much of a foreign text is looked at, at most; nobody reads more of it on a card."""
MOST_NAMED = 10
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_SLACK_PERSON = re.compile(r"[UW][A-Z0-9]{2,20}", re.ASCII)
_SLACK_GROUP = re.compile(r"S[A-Z0-9]{5,20}", re.ASCII)
_ID = re.compile(r"(?<![\w@^])[UW][A-Z0-9]{2,20}(?!\w)", re.ASCII)
_PLACES = {"terminal": "terminal", "github": "GitHub"}
_EMOJI = re.compile(r":(?!\d{1,2}(?:[+-]\d{2})?:)(?=[A-Za-z0-9_+'-]+:)")
"""No emoji has a name of one or two digits, with or without a time zone; every time of day looks like one."""
_DUNDER = re.compile(r"(?<![^\s(\"'])[\w./-]*__\w+?__(?:[\w./-]*\w)?(?![^\s,;:.)\"'])")
_WHITESPACE = str.maketrans(
    {"\t": " ", "\r": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"}
)


def visible(text: str) -> str:
    """Show what cannot be seen (controls, direction marks, zero-width characters) as `<U+202E>`; line ends stay."""
    text = text.translate(_WHITESPACE)
    return "".join(f"<U+{ord(mark):04X}>" if is_hidden(mark) or _unknown(mark) else mark for mark in text)


def _unknown(mark: str) -> bool:
    return unicodedata.category(mark) == "Cn"


def flat(text: str) -> str:
    """Put a text on one line."""
    return " ".join(visible(text).split())


def cut(text: str, limit: int) -> str:
    """Shorten a text to `limit` characters, and say so in it."""
    return text if len(text) <= limit else text[: max(0, limit - len(CUT))] + CUT


def slack_escaped(text: str, limit: int) -> str:
    """Make one line harmless in Slack's markup; the result has at most `limit` characters, never half an entity."""
    calm = _EMOJI.sub(": ", text).replace("```", "'''")
    pieces = [_ENTITIES.get(mark, mark) for mark in calm]
    if sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    room, kept = limit - len(CUT), []
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept) + CUT


@dataclass(frozen=True, slots=True)
class Voice:
    """One door's way to speak."""

    prefix: str
    """What a command line begins with: `/deploy`, `./shipmate`."""
    mention: Callable[[str], str]
    """Names a person by id, so that they are called where the door can do that."""
    harmless: Callable[[str, int], str]
    """Escapes one line of foreign text, cut to a limit."""
    code: Callable[[str], str]
    """Sets harmless text apart as something to type or to compare."""
    moment: Callable[[datetime], str]
    people: frozenset[str] = frozenset()
    """Ids of people whom the configuration names."""

    @property
    def unmarked(self) -> "Voice":
        """Speak inside a fence, where every mark would be shown as it is."""
        return replace(self, code=str)

    def naming(self, harmless: str) -> str:
        """Name people of the configuration in a text of ours that holds their bare ids."""
        return _ID.sub(lambda found: self.mention(found[0]) if found[0] in self.people else found[0], harmless)

    def foreign(self, text: object, limit: int = LONGEST_VALUE) -> str:
        """Show foreign text on one line, made harmless."""
        raw = str(text)
        known = raw if len(raw) <= LONGEST_RAW else raw[:LONGEST_RAW] + CUT
        return self.harmless(flat(known), limit)

    def called(self, people: Sequence[str]) -> str:
        """Name people one after the other; more than a few are counted."""
        more = f" and {len(people) - MOST_NAMED} more" if len(people) > MOST_NAMED else ""
        return (", ".join(self.mention(person) for person in people[:MOST_NAMED]) or "nobody") + more

    def say(self, template: str, /, **values: object) -> str:
        """Fill a sentence.

        `{x}` is foreign text, `{x:code}` the same set apart, `{x:80}` cut to 80 characters,
        `{x:who}` a person's id, `{x:when}` a moment, `{x:ours}` text that was made by this voice.
        """
        return template.format(**{name: _Value(value, self) for name, value in values.items()})


Say = Callable[[Any, Voice], str]
"""How one kind of event is told at a door."""


@dataclass(frozen=True, slots=True)
class _Value:
    content: object
    voice: Voice

    def __format__(self, spec: str) -> str:
        voice, text = self.voice, str(self.content)
        if spec == "ours":
            return text
        if spec == "who":
            return voice.mention(text)
        if spec == "when":
            return _when(text, voice)
        if spec == "code":
            return voice.code(voice.foreign(text.replace("`", "'")))
        return _unstyled(text, int(spec) if spec else LONGEST_VALUE, voice)


def _unstyled(text: str, limit: int, voice: Voice) -> str:
    """Set names such as `__init__.py` apart where there is room: Slack would take their marks for markup."""
    shown = voice.foreign(text, limit)
    apart = _DUNDER.sub(lambda name: voice.code(name[0]), shown)
    return apart if len(apart) <= limit else shown


def _when(text: str, voice: Voice) -> str:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return voice.foreign(text)
    return voice.moment(when if when.tzinfo else when.replace(tzinfo=UTC))


def slack_voice(prefix: str = "/deploy", people: Iterable[str] = ()) -> Voice:
    """Speak in Slack: mentions call people, moments are shown in the reader's own time zone."""
    return Voice(prefix, slack_mention, slack_escaped, _slack_code, _slack_moment, frozenset(people))


def terminal_voice(prefix: str = "./shipmate") -> Voice:
    """Speak in a terminal: plain text."""
    return Voice(prefix, terminal_mention, cut, str, figures.moment)


def slack_mention(person: str) -> str:
    """Call a Slack user or user group; name everybody else."""
    if _SLACK_PERSON.fullmatch(person):
        return f"<@{person}>"
    if _SLACK_GROUP.fullmatch(person):
        return f"<!subteam^{person}>"
    return slack_escaped(terminal_mention(person), 80)


def terminal_mention(person: str) -> str:
    """Name a person in plain text."""
    short = person[:LONGEST_VALUE]
    if person == "github":
        return "somebody on GitHub"
    place, _, name = short.partition(":")
    return cut(flat(f"{name} ({_PLACES[place]})" if place in _PLACES and name else short), 80)


def _slack_code(text: str) -> str:
    return f"`{text}`" if text else ""


def _slack_moment(when: datetime) -> str:
    return f"<!date^{int(when.timestamp())}^{{date_short_pretty}} {{time}}|{figures.moment(when)}>"
