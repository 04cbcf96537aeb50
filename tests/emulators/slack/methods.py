"""The Web API: each method is a function from the workspace and its arguments to an answer or a refusal."""

from collections.abc import Callable
from typing import Any

from tests.emulators.slack.blocks import block_errors, too_long
from tests.emulators.slack.world import APP, BOT, BOT_USER, TEAM, Channel, Message, Version, Workspace, payload_of

Json = dict[str, Any]
Method = Callable[[Workspace, Json], Json]

POSTED_TEXT = 40_000
UPDATED_TEXT = 4_000
METADATA_CHARACTERS = 8_000


class Refused(Exception):
    """Slack said `ok: false`."""

    def __init__(self, error: str, messages: list[str] | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.messages = messages or []

    def answer(self) -> Json:
        """Give the refusal the shape of an answer."""
        answer: Json = {"ok": False, "error": self.error}
        if self.messages:
            answer |= {
                "errors": self.messages,
                "response_metadata": {"messages": [f"[ERROR] {one}" for one in self.messages]},
            }
        return answer


def channel_of(world: Workspace, args: Json) -> Channel:
    """Find the channel an argument names, by id only."""
    channel = world.channels.get(str(args.get("channel", "")))
    if channel is None:
        raise Refused("channel_not_found")
    return channel


def writable_channel(world: Workspace, args: Json) -> Channel:
    """Find a channel that the app may write in."""
    channel = channel_of(world, args)
    if channel.archived:
        raise Refused("is_archived")
    if not channel.has_app:
        raise Refused("not_in_channel")
    return channel


def checked_version(args: Json, limit: int) -> Version:
    """Build what a message will say, or refuse what Slack would not show."""
    text, blocks = str(args.get("text") or ""), args.get("blocks") or []
    if not text and not blocks and not args.get("attachments"):
        raise Refused("no_text")
    if len(text) > limit:
        raise Refused("msg_too_long")
    if errors := block_errors(blocks):
        raise Refused("invalid_blocks", errors)
    if too_long(blocks):
        raise Refused("msg_blocks_too_long")
    return Version(text, tuple(blocks))


def _checked_metadata(args: Json) -> Json | None:
    metadata = args.get("metadata")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or (metadata and {"event_type", "event_payload"} - metadata.keys()):
        raise Refused("invalid_metadata_format")
    if len(str(metadata)) > METADATA_CHARACTERS:
        raise Refused("metadata_too_large")
    return metadata


def thread_of(world: Workspace, channel: Channel, args: Json) -> str | None:
    """Find the thread that an argument names."""
    thread_ts = args.get("thread_ts")
    if thread_ts and world.find(channel.id, thread_ts) is None:
        raise Refused("thread_not_found")  # Slack itself may post into nowhere; a test should hear about it
    return thread_ts or None


def _new_message(world: Workspace, args: Json, only_for: str | None = None) -> Message:
    channel = writable_channel(world, args)
    message = Message(
        ts=world.next_ts(),
        channel=channel.id,
        author=BOT_USER,
        versions=[checked_version(args, POSTED_TEXT)],
        thread_ts=thread_of(world, channel, args),
        only_for=only_for,
        metadata=_checked_metadata(args),
    )
    return world.add(message)


def _own_message(world: Workspace, args: Json, refusal: str) -> Message:
    message = world.find(channel_of(world, args).id, str(args.get("ts", "")))
    if message is None:
        raise Refused("message_not_found")
    if message.author != BOT_USER:
        raise Refused(refusal)
    return message


def post(world: Workspace, args: Json) -> Json:
    """chat.postMessage."""
    message = _new_message(world, args)
    shown = payload_of(message) | ({"metadata": message.metadata} if message.metadata else {})
    return {"channel": message.channel, "ts": message.ts, "message": shown}


def post_ephemeral(world: Workspace, args: Json) -> Json:
    """chat.postEphemeral: no history, no update, gone when the client restarts."""
    channel = writable_channel(world, args)
    person = str(args.get("user", ""))
    if person not in world.people or (channel.members is not None and person not in channel.members):
        raise Refused("user_not_in_channel")
    return {"message_ts": _new_message(world, args, only_for=person).ts}


def update(world: Workspace, args: Json) -> Json:
    """chat.update: a text without blocks removes the blocks, blocks without a text keep the text."""
    message = _own_message(world, args, "cant_update_message")
    said = args if "text" in args or "blocks" in args else {"text": message.text, "blocks": list(message.blocks)}
    version = checked_version({"text": message.text, **said}, UPDATED_TEXT)
    metadata = _checked_metadata(args)
    if metadata is not None:
        message.metadata = metadata or None
    world.edit(message, version)
    return {"channel": message.channel, "ts": message.ts, "text": version.text, "message": payload_of(message)}


def delete(world: Workspace, args: Json) -> Json:
    """chat.delete."""
    message = _own_message(world, args, "cant_delete_message")
    message.deleted = True
    world.touch()
    return {"channel": message.channel, "ts": message.ts}


def permalink(world: Workspace, args: Json) -> Json:
    """chat.getPermalink."""
    message = world.find(channel_of(world, args).id, str(args.get("message_ts", "")))
    if message is None:
        raise Refused("message_not_found")
    path = f"{message.channel}/p{message.ts.replace('.', '')}"
    return {"channel": message.channel, "permalink": f"https://acme.slack.com/archives/{path}"}


def _listing(found: list[Message], args: Json) -> Json:
    limit = int(args.get("limit") or 100)
    start = int(args.get("cursor") or 0)
    page = found[start : start + limit]
    more = start + limit < len(found)
    with_metadata = str(args.get("include_all_metadata", "")).lower() in ("true", "1")
    messages = [payload_of(m) | ({"metadata": m.metadata} if with_metadata and m.metadata else {}) for m in page]
    return {
        "messages": messages,
        "has_more": more,
        "response_metadata": {"next_cursor": str(start + limit) if more else ""},
    }


def history(world: Workspace, args: Json) -> Json:
    """conversations.history: newest first, roots only, never ephemeral messages."""
    channel = writable_channel(world, args)
    oldest, latest = str(args.get("oldest") or "0"), str(args.get("latest") or "9" * 20)
    found = [
        m for m in world.visible(channel.id) if m.thread_ts is None and float(oldest) <= float(m.ts) <= float(latest)
    ]
    return _listing(found[::-1], args)


def replies(world: Workspace, args: Json) -> Json:
    """conversations.replies: the root first, then the thread, oldest first."""
    channel = writable_channel(world, args)
    root = str(args.get("ts", ""))
    found = [message for message in world.visible(channel.id) if message.root == root]
    if not found:
        raise Refused("thread_not_found")
    return _listing(found, args)


def conversation(world: Workspace, args: Json) -> Json:
    """conversations.info."""
    channel = channel_of(world, args)
    flags = {"is_channel": True, "is_archived": channel.archived, "is_member": channel.has_app}
    return {"channel": {"id": channel.id, "name": channel.name, **flags}}


def user(world: Workspace, args: Json) -> Json:
    """users.info."""
    person = world.people.get(str(args.get("user", "")))
    if person is None:
        raise Refused("user_not_found")
    zone = {"tz": person.tz, "tz_offset": person.tz_offset, "tz_label": person.tz}
    profile = {"real_name": person.name.title(), "display_name": person.name}
    identity = {"id": person.id, "team_id": person.team, "name": person.name, "real_name": person.name.title()}
    return {"user": identity | zone | {"deleted": False, "is_bot": False, "profile": profile}}


def group(world: Workspace, args: Json) -> Json:
    """usergroups.users.list."""
    members = world.groups.get(str(args.get("usergroup", "")))
    if members is None:
        raise Refused("no_such_subteam")
    return {"users": list(members)}


def react(world: Workspace, args: Json) -> Json:
    """reactions.add."""
    message = world.find(channel_of(world, args).id, str(args.get("timestamp", "")))
    if message is None:
        raise Refused("message_not_found")
    users = message.reactions.setdefault(str(args.get("name", "")), [])
    if BOT_USER in users:
        raise Refused("already_reacted")
    users.append(BOT_USER)
    world.touch()
    return {}


def who_am_i(_world: Workspace, _args: Json) -> Json:
    """auth.test."""
    names = {"url": "https://acme.slack.com/", "team": "acme", "user": "shipmate"}
    return names | {"team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT, "app_id": APP, "is_enterprise_install": False}


METHODS: dict[str, Method] = {
    "auth.test": who_am_i,
    "chat.postMessage": post,
    "chat.postEphemeral": post_ephemeral,
    "chat.update": update,
    "chat.delete": delete,
    "chat.getPermalink": permalink,
    "conversations.history": history,
    "conversations.replies": replies,
    "conversations.info": conversation,
    "users.info": user,
    "usergroups.users.list": group,
    "reactions.add": react,
}
