"""Dialogs: views.open, views.update, views.push, views.publish, and the trigger ids they need."""

from typing import Any

from tests.emulators.slack.blocks import block_errors
from tests.emulators.slack.methods import Method, Refused
from tests.emulators.slack.world import TEAM, View, Workspace

Json = dict[str, Any]

TRIGGER_SECONDS = 3.0
TITLE_CHARACTERS = 24
PRIVATE_METADATA_CHARACTERS = 3000


class Triggers:
    """Permissions to open one dialog: each works once, within three seconds."""

    def __init__(self, world: Workspace) -> None:
        self._world = world
        self._issued: dict[str, tuple[str, float]] = {}
        self._used: set[str] = set()

    def issue(self, person: str) -> str:
        """Let the app open a dialog for a person."""
        trigger = f"{self._world.serial('')}.{TEAM}"
        self._issued[trigger] = (person, self._world.clock.monotonic())
        return trigger

    def redeem(self, trigger: Any) -> str:
        """Return the person a trigger id stands for, once."""
        if trigger not in self._issued:
            raise Refused("invalid_arguments", ["missing or unknown trigger_id"])
        person, issued_at = self._issued[trigger]
        if trigger in self._used:
            raise Refused("exchanged_trigger_id")
        if self._world.clock.monotonic() - issued_at > TRIGGER_SECONDS:
            raise Refused("expired_trigger_id")
        self._used.add(trigger)
        return person


def view_methods(triggers: Triggers) -> dict[str, Method]:
    """Build the methods that open and change dialogs."""

    def open_view(world: Workspace, args: Json) -> Json:
        definition = checked_view(args)
        return _shown(world, triggers.redeem(args.get("trigger_id")), definition)

    return {"views.open": open_view, "views.push": open_view, "views.update": _update, "views.publish": _publish}


def checked_view(args: Json) -> Json:
    """Return the definition of a view, or refuse what Slack would not show."""
    view = args.get("view")
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        raise Refused("invalid_arguments", ["view must be an object of type modal or home"])
    errors = block_errors(view.get("blocks"), view["type"])
    if view["type"] == "modal" and not 0 < len(view.get("title", {}).get("text", "")) <= TITLE_CHARACTERS:
        errors.append(f"must be between 1 and {TITLE_CHARACTERS} characters [json-pointer:/view/title/text]")
    if len(view.get("private_metadata", "")) > PRIVATE_METADATA_CHARACTERS:
        errors.append(
            f"must be less than {PRIVATE_METADATA_CHARACTERS + 1} characters [json-pointer:/view/private_metadata]"
        )
    if errors:
        raise Refused("invalid_arguments", errors)
    return view


def view_payload(view: View) -> Json:
    """Give a view the shape in which the API returns it."""
    defaults = {"private_metadata": "", "callback_id": "", "state": {"values": {}}}
    return defaults | view.definition | {"id": view.id, "hash": view.hash, "team_id": TEAM, "root_view_id": view.id}


def replace(world: Workspace, view: View, definition: Json) -> None:
    """Show something else in an open dialog."""
    view.definition, view.hash, view.errors = definition, world.serial("hash."), {}
    world.touch()


def _shown(world: Workspace, person: str, definition: Json) -> Json:
    view = View(world.serial("V"), person, definition, world.serial("hash."))
    world.views.append(view)
    world.touch()
    return {"view": view_payload(view)}


def _update(world: Workspace, args: Json) -> Json:
    definition = checked_view(args)
    view = next((view for view in world.views if view.open and _matches(view, args)), None)
    if view is None:
        raise Refused("not_found")
    if args.get("hash") and args["hash"] != view.hash:
        raise Refused("hash_conflict")
    replace(world, view, definition)
    return {"view": view_payload(view)}


def _matches(view: View, args: Json) -> bool:
    if args.get("view_id"):
        return bool(view.id == args["view_id"])
    return bool(args.get("external_id")) and view.definition.get("external_id") == args["external_id"]


def _publish(world: Workspace, args: Json) -> Json:
    return _shown(world, str(args.get("user_id", "")), checked_view(args))
