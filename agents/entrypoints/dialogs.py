"""Dialogs in Slack: what is asked before a click counts. Pure."""

from collections.abc import Mapping
from typing import Any

from agents.entrypoints.cards import Block, section
from agents.entrypoints.gestures import REASON, REJECT, Pressed
from agents.entrypoints.voice import Voice
from tools.history.releases import Release

LONGEST_REASON = 300


def rejection(release: Release, pressed: Pressed, voice: Voice) -> Mapping[str, Any]:
    """Ask why a plan is rejected, naming what will not be released."""
    what = voice.say(
        "Reject *{service:60} {version:80}* in *{environment:60}*?\nNothing is touched, and the release ends.",
        service=release.service,
        version=release.named,
        environment=release.environment,
    )
    return {
        "type": "modal",
        "callback_id": REJECT,
        "title": _plain("Reject"),
        "submit": _plain("Reject"),
        "close": _plain("Cancel"),
        "private_metadata": f"{pressed.release} {pressed.digest} {pressed.origin.channel} {pressed.message_ts}",
        "blocks": [section(what), _reason()],
    }


def _reason() -> Block:
    return {
        "type": "input",
        "block_id": REASON,
        "optional": True,
        "label": _plain("Why? Everybody who sees the card reads it."),
        "element": {
            "type": "plain_text_input",
            "action_id": REASON,
            "multiline": True,
            "max_length": LONGEST_REASON,
        },
    }


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}
