"""Cards as Slack messages: the board that the feed writes on, behind the client that `slack.py` hands in."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agents.entrypoints.cards import Card
from agents.entrypoints.posting import Pause, Place
from tools.errors import Denied

log = logging.getLogger(__name__)

MARKER = "shipmate_message"
SEARCHED_MESSAGES = 200
Json = Mapping[str, Any]
Call = Callable[[str, Awaitable[Any]], Awaitable[Json | Pause]]
_GONE = frozenset({"message_not_found", "edit_window_closed", "cant_update_message", "is_inactive"})
_UNSHOWABLE = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
_REMEDIES = {
    "not_in_channel": "Invite the bot into the channel.",
    "channel_not_found": "Invite the bot into the channel, or put the right channel id into config/shipmate.yaml.",
    "is_archived": "Put another channel id into config/shipmate.yaml.",
    "missing_scope": "Add the scope to the Slack app and install it again.",
}


class Refused(Denied):
    """Slack answered, and refused."""

    def __init__(self, method: str, error: str) -> None:
        remedy = _REMEDIES.get(error, "Look the error up in Slack's documentation of the method.")
        super().__init__(f"Slack refused {method}: {error}.", remedy=remedy)
        self.error = error


@dataclass(slots=True)
class SlackBoard:
    """Messages in channels and threads. Retries nothing by itself: whoever posts looks first."""

    client: Any
    """The SDK's client; only `slack.py` knows its type."""
    call: Call
    """Waits for a request and turns the SDK's errors into ours."""

    async def post(self, place: Place, card: Card, marker: str) -> str | Pause:
        """Post a message with a marker in its metadata; its text alone where Slack refuses the blocks."""
        how: dict[str, Any] = {
            "channel": place.channel,
            "thread_ts": place.thread or None,
            "metadata": {"event_type": MARKER, "event_payload": {"marker": marker}},
            "unfurl_links": False,
            "unfurl_media": False,
        }
        post = self.client.chat_postMessage
        try:
            sent = await self.call("chat.postMessage", post(**how, text=card.text, blocks=list(card.blocks)))
        except Refused as refused:
            _require_unshowable(refused)
            sent = await self.call("chat.postMessage", post(**how, text=card.text))
        return sent if isinstance(sent, Pause) else str(sent["ts"])

    async def edit(self, channel: str, ts: str, card: Card) -> bool | Pause:
        """Replace a message's text and blocks."""
        how = {"channel": channel, "ts": ts, "parse": "none"}
        update = self.client.chat_update
        try:
            sent = await self.call("chat.update", update(**how, text=card.text, blocks=list(card.blocks)))
        except Refused as refused:
            if refused.error in _GONE:
                return False
            _require_unshowable(refused)
            sent = await self.call("chat.update", update(**how, text=card.text, blocks=[]))
        return sent if isinstance(sent, Pause) else True

    async def find(self, place: Place, marker: str) -> str | Pause | None:
        """Search the newest messages of a channel, or a thread, for a marker."""
        how = {"channel": place.channel, "limit": SEARCHED_MESSAGES, "include_all_metadata": True}
        if place.thread:
            found = await self.call("conversations.replies", self.client.conversations_replies(**how, ts=place.thread))
        else:
            found = await self.call("conversations.history", self.client.conversations_history(**how))
        if isinstance(found, Pause):
            return found
        return next((str(one["ts"]) for one in found.get("messages", ()) if _marker(one) == marker), None)


def _require_unshowable(refused: Refused) -> None:
    """Let pass only that Slack dislikes the blocks: that is our fault, and must not hide a release."""
    if refused.error not in _UNSHOWABLE:
        raise refused
    log.error("Slack refuses these blocks (%s); their text is shown instead.", refused.error)


def _marker(message: Json) -> str:
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    return str(payload.get("marker", ""))
