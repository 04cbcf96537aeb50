"""Uploads as Slack wants them: announced, sent to an address, and then shared."""

import json
from typing import Any

from tests.emulators.slack.methods import Method, Refused, thread_of, writable_channel
from tests.emulators.slack.world import BOT_USER, File, Message, Version, Workspace

Json = dict[str, Any]
ALT_CHARACTERS = 1000


def upload_url(world: Workspace, args: Json) -> Json:
    """files.getUploadURLExternal."""
    name, length, alt = str(args.get("filename") or ""), int(args.get("length") or 0), str(args.get("alt_txt") or "")
    if not name or length <= 0:
        raise Refused("missing_argument")
    if len(alt) > ALT_CHARACTERS:
        raise Refused("alt_txt_too_large")
    file = File(world.serial("F"), name, length, alt)
    world.files[file.id] = file
    return {"upload_url": f"{world.address}/upload/v1/{file.id}", "file_id": file.id}


def received(world: Workspace, file_id: str, content: bytes) -> bool:
    """Take the bytes of an announced file, as many as were announced."""
    file = world.files.get(file_id)
    if file is None or len(content) != file.length:
        return False
    file.content = content
    return True


def complete_upload(world: Workspace, args: Json) -> Json:
    """files.completeUploadExternal: a file is shared once, as a message whose ts the answer does not tell."""
    wanted = json.loads(str(args.get("files") or "[]"))
    if not wanted:
        raise Refused("missing_argument")
    files = [_uploaded(world, one) for one in wanted]
    if args.get("channel_id"):
        channel = writable_channel(world, {"channel": args["channel_id"]})
        thread = thread_of(world, channel, args)
        said = [Version(str(args.get("initial_comment") or ""), ())]
        world.add(Message(world.next_ts(), channel.id, BOT_USER, said, thread_ts=thread, files=tuple(files)))
    for file in files:
        file.shared = True
    return {"files": [{"id": file.id, "title": file.title} for file in files]}


def _uploaded(world: Workspace, wanted: Json) -> File:
    file = world.files.get(str(wanted.get("id")))
    if file is None or file.content is None or file.shared:
        raise Refused("file_not_found")
    file.title = str(wanted.get("title") or file.name)
    return file


FILE_METHODS: dict[str, Method] = {
    "files.getUploadURLExternal": upload_url,
    "files.completeUploadExternal": complete_upload,
}
