"""What people can do: type, click, choose and submit. Each becomes the payload Slack would send."""

import json
from collections.abc import Iterator
from typing import Any

from tests.emulators.slack.blocks import interactive_elements
from tests.emulators.slack.methods import checked_version
from tests.emulators.slack.rendering import Renderer
from tests.emulators.slack.responses import ResponseUrls
from tests.emulators.slack.sockets import Delivery, Sockets
from tests.emulators.slack.views import Triggers, view_payload
from tests.emulators.slack.world import APP, BOT_USER, TEAM, Message, View, Workspace, payload_of

Json = dict[str, Any]


class People:
    """The hands of everybody in the workspace."""

    def __init__(self, world: Workspace, sockets: Sockets, triggers: Triggers, responses: ResponseUrls) -> None:
        self.base_url = ""
        self._world = world
        self._sockets = sockets
        self._triggers = triggers
        self._responses = responses
        self._render = Renderer(world)

    def command(self, person: str, channel: str, text: str) -> Delivery:
        """Type a slash command."""
        name, _, rest = text.partition(" ")
        self._world.note(channel, f"{self._world.name_of(person)}> {text}")
        payload = {
            "command": name,
            "text": rest.strip(),
            "channel_id": channel,
            "channel_name": self._world.channels[channel].name,
            "user_id": person,
            "user_name": self._world.name_of(person),
            "team_id": self._world.people[person].team,
            "team_domain": "acme",
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": self._response_url(channel, person),
            "trigger_id": self._triggers.issue(person),
        }
        return self._sockets.deliver("slash_commands", payload)

    def says(self, person: str, channel: str, text: str, thread_ts: str | None = None) -> Delivery | None:
        """Post a message; where it mentions the app, the app hears of it."""
        version = checked_version({"text": text}, 40_000)
        message = Message(self._world.next_ts(), channel, person, [version], thread_ts=thread_ts)
        self._world.add(message)
        if f"<@{BOT_USER}>" not in text:
            return None
        event = payload_of(message) | {"type": "app_mention", "channel": channel, "event_ts": message.ts}
        event["team"] = self._world.people[person].team
        return self._sockets.deliver("events_api", self._event(event))

    def clicks(self, person: str, button: str, message: Message, *, confirm: bool, stale: bool) -> Delivery | None:
        """Press a button of a message, by its label or action id; `stale` also finds buttons of earlier versions."""
        self._must_see(person, message)
        block, element = self._button(button, message, stale=stale)
        label = self._render.text(element.get("text"))
        name = self._world.name_of(person)
        if "confirm" in element and not confirm:
            self._world.note(message.channel, f"{name} clicks [{label}], and then cancels", message.root)
            return None
        self._world.note(message.channel, f"{name} clicks [{label}]", message.root)
        action = {"type": "button", "value": element.get("value", ""), "text": element.get("text")}
        return self._sockets.deliver("interactive", self._action(person, message, block, element, action))

    def chooses(self, person: str, action_id: str, option: str, message: Message) -> Delivery:
        """Pick an option of a menu, by its label or value."""
        self._must_see(person, message)
        block, element = self._button(action_id, message, stale=False)
        options = {self._render.text(one["text"]): one for one in element.get("options", ())}
        picked = options.get(option) or next(one for one in options.values() if one["value"] == option)
        self._world.note(message.channel, f"{self._world.name_of(person)} chooses {option}", message.root)
        action = {"type": element["type"], "selected_option": picked}
        return self._sockets.deliver("interactive", self._action(person, message, block, element, action))

    def submits(self, person: str, view: View, values: dict[str, Any]) -> Delivery:
        """Fill in a dialog by block ids and send it."""
        state: Json = {}
        for block in view.definition["blocks"]:
            if block["type"] == "input" and block.get("block_id") in values:
                element = block["element"]
                typed = _typed(element["type"], values[block["block_id"]])
                state[block["block_id"]] = {element.get("action_id", "input"): typed}
        payload = self._common(person, "view_submission")
        return self._sockets.deliver(
            "interactive", payload | {"view": view_payload(view) | {"state": {"values": state}}}
        )

    def _must_see(self, person: str, message: Message) -> None:
        members = self._world.channels[message.channel].members
        assert message.only_for in (None, person), f"{person} cannot see a message shown only to {message.only_for}"
        assert members is None or person in members, f"{person} is not in {message.channel}"
        assert not message.deleted, "The message was deleted"

    def _button(self, wanted: str, message: Message, *, stale: bool) -> tuple[Json, Json]:
        versions = message.versions[::-1] if stale else message.versions[-1:]
        found = [pair for version in versions for pair in _elements(version.blocks)]
        for block, element in found:
            if wanted in (element.get("action_id"), self._render.text(element.get("text"))):
                return block, element
        labels = [self._render.text(element.get("text")) for _, element in found]
        raise AssertionError(f"No {wanted!r} to click, only {labels}, in:\n{self._render.message(message)}")

    def _action(self, person: str, message: Message, block: Json, element: Json, action: Json) -> Json:
        ids = {"action_id": element.get("action_id", ""), "block_id": block.get("block_id", "")}
        ephemeral = message.only_for is not None
        common = self._common(person, "block_actions")
        return common | {
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": message.channel,
                "is_ephemeral": ephemeral,
            }
            | ({"thread_ts": message.thread_ts} if message.thread_ts else {}),
            "channel": {"id": message.channel, "name": self._world.channels[message.channel].name},
            "message": payload_of(message),
            "state": {"values": {}},
            "response_url": self._response_url(message.channel, person, message),
            "actions": [{**ids, **action, "action_ts": self._world.next_ts()}],
        }

    def _common(self, person: str, kind: str) -> Json:
        team = self._world.people[person].team
        name = self._world.name_of(person)
        return {
            "type": kind,
            "team": {"id": TEAM, "domain": "acme"},
            "user": {"id": person, "username": name, "name": name, "team_id": team},
            "api_app_id": APP,
            "trigger_id": self._triggers.issue(person),
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _event(self, event: Json) -> Json:
        authorization = {"enterprise_id": None, "team_id": TEAM, "user_id": BOT_USER, "is_bot": True}
        return {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": APP,
            "event": event,
            "event_id": self._world.serial("Ev"),
            "event_time": int(self._world.clock.now().timestamp()),
            "authorizations": [authorization | {"is_enterprise_install": False}],
        }

    def _response_url(self, channel: str, person: str, message: Message | None = None) -> str:
        return f"{self.base_url}/responses/{self._responses.issue(channel, person, message)}"


def _elements(blocks: tuple[Json, ...]) -> Iterator[tuple[Json, Json]]:
    return ((block, element) for block in blocks for element in interactive_elements(block))


def _typed(kind: str, value: Any) -> Json:
    if kind == "plain_text_input":
        return {"type": kind, "value": value}
    if kind == "static_select":
        option = {"text": {"type": "plain_text", "text": str(value)}, "value": str(value)}
        return {"type": kind, "selected_option": option}
    return {"type": kind, "value": json.loads(json.dumps(value))}
