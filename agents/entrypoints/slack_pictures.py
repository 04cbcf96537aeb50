"""Pictures in Slack's threads: uploaded first, which nobody sees, and shared then."""

from dataclasses import dataclass
from typing import Any

import aiohttp

from agents.entrypoints.pictures import Picture
from agents.entrypoints.posting import Pause, Place
from agents.entrypoints.slack_board import SEARCHED_MESSAGES, Call, Refused
from tools.errors import TimedOut, Unreachable

_GOOD, _SERVER_FAULT = 200, 500


@dataclass(slots=True)
class SlackPictures:
    """The wall that pictures are hung on. Retries nothing by itself: whoever shows looks first."""

    client: Any
    """The SDK's client, whose texts pass the redactor; only `slack.py` knows its type."""
    session: aiohttp.ClientSession
    call: Call

    async def upload(self, picture: Picture) -> str | Pause:
        """Bring a picture to Slack, with its words for those who do not see it; returns its id."""
        asked = self.client.files_getUploadURLExternal(
            filename=picture.name, length=len(picture.content), alt_txt=picture.alt
        )
        place = await self.call("files.getUploadURLExternal", asked)
        if isinstance(place, Pause):
            return place
        await self._send(str(place["upload_url"]), picture.content)
        return str(place["file_id"])

    async def share(self, place: Place, file: str, title: str) -> Pause | None:
        """Show an uploaded picture in a thread; from here on people see it."""
        asked = self.client.files_completeUploadExternal(
            files=[{"id": file, "title": title}], channel_id=place.channel, thread_ts=place.thread or None
        )
        shared = await self.call("files.completeUploadExternal", asked)
        return shared if isinstance(shared, Pause) else None

    async def shared(self, place: Place, name: str) -> bool | Pause:
        """Tell whether a picture of a name hangs in a thread; raises `Denied` where nobody may look."""
        asked = self.client.conversations_replies(channel=place.channel, ts=place.thread, limit=SEARCHED_MESSAGES)
        found = await self.call("conversations.replies", asked)
        if isinstance(found, Pause):
            return found
        return any(file.get("name") == name for one in found.get("messages", ()) for file in one.get("files", ()))

    async def _send(self, url: str, content: bytes) -> None:
        """Send the bytes where Slack wants them; the address itself is the permission, and no token goes there."""
        headers = {"Content-Type": "application/octet-stream"}
        try:
            async with self.session.post(url, data=content, headers=headers, proxy=self.client.proxy) as answer:
                if answer.status >= _SERVER_FAULT:
                    raise Unreachable(f"Slack has trouble with uploads ({answer.status}).")
                if answer.status != _GOOD:
                    raise Refused("the upload", str(answer.status))
        except TimeoutError as error:
            raise TimedOut("Slack did not take a picture in time.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(f"Slack's place for uploads cannot be reached ({type(error).__name__}).") from error
