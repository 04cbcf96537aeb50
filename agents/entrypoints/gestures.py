"""What somebody did in Slack, read from its payloads. Pure; ids only, never names, and nothing a text claims."""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from agents.answers import Origin, Person
from tools.errors import Garbled

P = ParamSpec("P")
T = TypeVar("T")

_LINKED = re.compile(r"<(?:https?|mailto)[^|<>]*\|([^<>]*)>")
_MENTION = re.compile(r"^\s*<@[UW][A-Z0-9]+(?:\|[^>]*)?>[\s:,]*")
REJECT, REASON = "reject", "reason"
"""The button and the dialog behind it, and what the dialog asks for."""
_ABOUT = re.compile(
    r"(?P<release>[A-Za-z0-9._-]{1,80}) (?P<digest>[0-9a-f]{16,64}) (?P<channel>[A-Z0-9]{1,20}) (?P<ts>[0-9.]{1,30})",
    re.ASCII,
)
_VALUE = re.compile(r"(?P<release>[A-Za-z0-9._-]{1,80})(?: (?P<digest>[0-9a-f]{16,64}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Said:
    """A command line that somebody typed."""

    person: Person
    origin: Origin
    text: str
    key: str
    """The same for every delivery of this one gesture."""
    response_url: str = ""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that somebody pressed; `digest` only where the button is about a plan."""

    person: Person
    origin: Origin
    action: str
    release: str
    digest: str
    message_ts: str
    key: str
    response_url: str = ""
    trigger: str = ""
    """Lets one dialog be opened, within three seconds."""
    reason: str = ""
    """What was typed into the dialog behind the button."""


def _or_garbled(read: Callable[P, T]) -> Callable[P, T]:
    """Let a payload in a form that Slack does not have be `Garbled`, and nothing else."""

    @wraps(read)
    def reading(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise Garbled("Slack told of a gesture in a form that is not known.") from error

    return reading


@_or_garbled
def command(body: Mapping[str, Any]) -> Said:
    """Read a slash command."""
    return Said(
        Person(str(body["user_id"]), str(body.get("team_id", ""))),
        Origin(str(body["channel_id"])),
        str(body.get("text", "")),
        f"slack/command/{body['trigger_id']}",
        str(body.get("response_url", "")),
    )


@_or_garbled
def mention(body: Mapping[str, Any]) -> Said:
    """Read a message that addresses the bot; links and entities that Slack made of the text are undone."""
    event = body["event"]
    team = event.get("user_team") or event.get("team") or body.get("team_id", "")
    team = "" if event.get("bot_id") else team  # a program is a member of no workspace
    return Said(
        Person(str(event["user"]), str(team)),
        Origin(str(event["channel"]), str(event.get("thread_ts") or event["ts"])),
        html.unescape(_LINKED.sub(r"\1", _MENTION.sub("", str(event.get("text", ""))))),
        f"slack/event/{body['event_id']}",
    )


@_or_garbled
def press(body: Mapping[str, Any]) -> Pressed | None:
    """Read a click; None where the button's value is none of ours."""
    action, container, user = body["actions"][0], body.get("container", {}), body["user"]
    value = _VALUE.fullmatch(str(action.get("value", "")))
    if value is None:
        return None
    channel = str(body.get("channel", {}).get("id", ""))
    ts = str(container.get("message_ts", ""))
    return Pressed(
        Person(str(user["id"]), str(user.get("team_id", ""))),
        Origin(channel, str(container.get("thread_ts", ""))),
        str(action.get("action_id", "")),
        value["release"],
        value["digest"] or "",
        ts,
        f"slack/click/{channel}/{ts}/{user['id']}/{action.get('action_ts', '')}",
        str(body.get("response_url", "")),
        str(body.get("trigger_id", "")),
    )


@_or_garbled
def submission(body: Mapping[str, Any]) -> Pressed | None:
    """Read a dialog that was sent off, as the click it belongs to; None where it is none of ours."""
    view, user = body["view"], body["user"]
    about = _ABOUT.fullmatch(str(view.get("private_metadata", "")))
    if about is None:
        return None
    typed = view["state"]["values"].get(REASON, {}).get(REASON, {}).get("value")
    return Pressed(
        Person(str(user["id"]), str(user.get("team_id", ""))),
        Origin(about["channel"]),
        str(view.get("callback_id", "")),
        about["release"],
        about["digest"],
        about["ts"],
        f"slack/dialog/{view['id']}/{user['id']}",
        reason=" ".join(str(typed or "").split()),
    )
