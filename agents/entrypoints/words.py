"""What the bot says about what happened: one sentence per event, evidence below it. Numbers first, no praise."""

from collections.abc import Mapping

from agents.entrypoints.commands import VERBS, spelled
from agents.entrypoints.sentences import comparison, decision, ending, line, move, proof
from agents.entrypoints.voice import Say, Voice
from agents.events import Event

_TERMINAL_ONLY = frozenset({"check-config", "doctor", "serve", "export"})
_SENTENCES: Mapping[type, Say] = {
    **line.SENTENCES,
    **proof.SENTENCES,
    **decision.SENTENCES,
    **move.SENTENCES,
    **comparison.SENTENCES,
    **ending.SENTENCES,
}


def sentence(event: Event, voice: Voice) -> str:
    """Say what happened; a sentence, and lines of evidence below it where there are any."""
    return _SENTENCES[type(event)](event, voice)


def next_command(typed: str, voice: Voice) -> str:
    """Write a command as it is typed at this door; a sentence stays a sentence."""
    first, *rest = typed.split() or [""]
    if first in VERBS:
        return voice.say("{typed:code}", typed=spelled(voice.prefix, first, *rest))
    if first in _TERMINAL_ONLY:
        return voice.say("{typed:code}", typed=" ".join(("./shipmate", first, *rest)))
    return voice.say("{typed}", typed=typed)
