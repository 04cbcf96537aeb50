"""Why something ended, in one sentence."""

import re

from agents.entrypoints.voice import Voice

_DECIDED = re.compile(r"(?s)(approved|rejected|expired|cancelled|superseded|void) by (\S+?)(?:: (.*))?")


def cause(text: str, voice: Voice) -> str:
    """Say why; where a person decided, name the person."""
    decided = _DECIDED.fullmatch(text)
    if decided is None:
        return voice.say("{text}", text=text)
    reason = voice.say(": {reason}", reason=decided[3]) if decided[3] else ""
    person = "" if decided[2] == "time" else f" by {voice.mention(decided[2])}"
    return f"{decided[1]}{person}{reason}"
