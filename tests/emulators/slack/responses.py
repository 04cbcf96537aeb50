"""Response URLs: the app may answer a command or a click through one five times within thirty minutes."""

from dataclasses import dataclass
from typing import Any

from tests.emulators.slack.methods import POSTED_TEXT, Refused, checked_version
from tests.emulators.slack.world import BOT_USER, Message, Workspace

Json = dict[str, Any]

USES = 5
SECONDS = 30 * 60


@dataclass(slots=True)
class ResponseUrl:
    """Where it leads and what is left of it."""

    channel: str
    person: str
    issued_at: float
    message: Message | None = None
    """The message whose button was clicked."""
    uses: int = 0


class ResponseUrls:
    """All response URLs of the workspace, by their token."""

    def __init__(self, world: Workspace) -> None:
        self._world = world
        self._issued: dict[str, ResponseUrl] = {}

    def issue(self, channel: str, person: str, message: Message | None = None) -> str:
        """Create one and return its token."""
        token = self._world.serial("response-")
        self._issued[token] = ResponseUrl(channel, person, self._world.clock.monotonic(), message)
        return token

    def use(self, token: str, body: Json) -> None:
        """Do what an app posted to a response URL, or refuse."""
        url = self._issued.get(token)
        if url is None:
            raise Refused("no_such_url")
        if self._world.clock.monotonic() - url.issued_at > SECONDS:
            raise Refused("expired_url")
        if url.uses >= USES:
            raise Refused("used_url")
        url.uses += 1
        self.respond(url, body)

    def respond(self, url: ResponseUrl, body: Json) -> None:
        """Post, replace or delete."""
        if body.get("delete_original") and url.message:
            url.message.deleted = True
            self._world.touch()
            return
        version = checked_version(body, POSTED_TEXT)
        if url.message and body.get("replace_original", url.message.only_for is not None):
            self._world.edit(url.message, version)
            return
        only_for = None if body.get("response_type") == "in_channel" else url.person
        thread_ts = body.get("thread_ts") or (url.message.thread_ts if url.message and only_for else None)
        self._world.add(
            Message(self._world.next_ts(), url.channel, BOT_USER, [version], thread_ts=thread_ts, only_for=only_for)
        )

    def answered_with_ack(self, channel: str, person: str, body: Json) -> None:
        """Show what the app sent along with the ack of a command."""
        self.respond(ResponseUrl(channel, person, 0.0), body)
