"""Block Kit's limits: what Slack refuses although the Python SDK sends it."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
Rule = Callable[["Inspection", Json, str], None]

MESSAGE_BLOCKS = 50
MODAL_BLOCKS = 100
MESSAGE_CHARACTERS = 13_200  # undocumented; seen in slackapi/bolt-js issue 2509
MARKDOWN_CHARACTERS = 12_000
TABLE_ROWS = 100
TABLE_CELLS = 20
TASK_STATUSES = ("pending", "in_progress", "complete", "error")
TEXT_KINDS = ("plain_text", "mrkdwn")
TEXT_KEYS = ("text", "alt_text", "title")


class Inspection:
    """Collects objections, each with the JSON pointer of the offending value."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def object_to(self, what: str, where: str) -> None:
        """Record one objection."""
        self.errors.append(f"{what} [json-pointer:{where}]")

    def string(self, holder: Json, key: str, limit: int, where: str, *, required: bool = True) -> None:
        """Hold a string to its length."""
        value = holder.get(key)
        if value is None:
            if required:
                self.object_to(f"missing required field: {key}", where)
        elif not isinstance(value, str):
            self.object_to("must provide a string", f"{where}/{key}")
        elif not value and required:
            self.object_to("must be more than 0 characters", f"{where}/{key}")
        elif len(value) > limit:
            self.object_to(f"must be less than {limit + 1} characters", f"{where}/{key}")

    def text(self, holder: Json, key: str, limit: int, where: str, *, plain: bool = False) -> None:
        """Hold a text object to its kind and length."""
        value = holder.get(key)
        if not isinstance(value, dict):
            self.object_to(f"missing required field: {key}", where)
        elif value.get("type") not in (("plain_text",) if plain else TEXT_KINDS):
            self.object_to("must be a valid text type", f"{where}/{key}/type")
        else:
            self.string(value, "text", limit, f"{where}/{key}")

    def items(self, holder: Json, key: str, limit: int, where: str) -> Iterator[tuple[Any, str]]:
        """Yield a list's items with their pointers, after holding the list to its length."""
        value = holder.get(key)
        if not isinstance(value, (list, tuple)) or not value:
            self.object_to(f"must provide at least 1 item in {key}", where)
            return
        if len(value) > limit:
            self.object_to(f"no more than {limit} items allowed", f"{where}/{key}")
        for index, item in enumerate(value):
            yield item, f"{where}/{key}/{index}"

    def one_of(self, value: Any, allowed: tuple[str, ...], where: str) -> None:
        """Hold a value to a closed list."""
        if value not in allowed:
            self.object_to(f"must be one of {', '.join(allowed)}", where)


def block_errors(blocks: Any, surface: str = "message") -> list[str]:
    """List what Slack would refuse about blocks shown on a surface (message, modal or home)."""
    inspection = Inspection()
    if not isinstance(blocks, (list, tuple)):
        return ["must provide an array [json-pointer:/blocks]"]
    limit = MESSAGE_BLOCKS if surface == "message" else MODAL_BLOCKS
    if len(blocks) > limit:
        inspection.object_to(f"no more than {limit} items allowed", "/blocks")
    for index, block in enumerate(blocks):
        _inspect_block(inspection, block, f"/blocks/{index}", surface)
    _inspect_together(inspection, [block for block in blocks if isinstance(block, dict)])
    return inspection.errors


def too_long(blocks: Any) -> bool:
    """Tell whether the blocks hold more text in all than one message may."""
    return sum(len(text) for text in texts(blocks)) > MESSAGE_CHARACTERS


def texts(value: Any) -> Iterator[str]:
    """Yield every string that people would read."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in TEXT_KEYS and isinstance(inner, str):
                yield inner
            else:
                yield from texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from texts(inner)


def interactive_elements(block: Json) -> list[Json]:
    """Return the buttons, menus and inputs of a block."""
    found = [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]
    if block.get("type") in ("actions", "context_actions"):
        found += [element for element in block.get("elements", ()) if isinstance(element, dict)]
    return found


def _inspect_block(inspection: Inspection, block: Any, where: str, surface: str) -> None:
    kind = block.get("type") if isinstance(block, dict) else None
    if kind == "alert" and surface == "message":
        inspection.object_to("unsupported type: alert", where)
    elif kind not in BLOCKS:
        inspection.object_to(f"unsupported type: {kind}", where)
    else:
        inspection.string(block, "block_id", 255, where, required=False)
        BLOCKS[kind](inspection, block, where)
        _inspect_action_ids(inspection, block, where)


def _inspect_action_ids(inspection: Inspection, block: Json, where: str) -> None:
    ids = Counter(element["action_id"] for element in interactive_elements(block) if element.get("action_id"))
    for action_id, count in ids.items():
        if count > 1:
            inspection.object_to(f'`action_id` "{action_id}" already exists for another element of this block', where)


def _inspect_together(inspection: Inspection, blocks: list[Json]) -> None:
    kinds = Counter(block.get("type") for block in blocks)
    if kinds["table"] > 1:
        inspection.object_to("only_one_table_allowed", "/blocks")
    if kinds["plan"] and kinds["task_card"]:
        inspection.object_to("plan and task_card blocks exclude each other", "/blocks")
    if sum(len(block.get("text", "")) for block in blocks if block.get("type") == "markdown") > MARKDOWN_CHARACTERS:
        inspection.object_to(f"markdown blocks must be less than {MARKDOWN_CHARACTERS + 1} characters", "/blocks")
    for block_id, count in Counter(block["block_id"] for block in blocks if block.get("block_id")).items():
        if count > 1:
            inspection.object_to(f'`block_id` "{block_id}" already exists', "/blocks")


def _section(inspection: Inspection, block: Json, where: str) -> None:
    if "text" in block or "fields" not in block:
        inspection.text(block, "text", 3000, where)
    if "fields" in block:
        for field, place in inspection.items(block, "fields", 10, where):
            inspection.text({"field": field}, "field", 2000, place)
    if "accessory" in block:
        _element(inspection, block["accessory"], f"{where}/accessory")


def _actions(inspection: Inspection, block: Json, where: str) -> None:
    for element, place in inspection.items(block, "elements", 25, where):
        _element(inspection, element, place)


def _context(inspection: Inspection, block: Json, where: str) -> None:
    for element, place in inspection.items(block, "elements", 10, where):
        if not isinstance(element, dict) or element.get("type") != "image":
            inspection.text({"element": element}, "element", 3000, place)


def _table(inspection: Inspection, block: Json, where: str) -> None:
    for row, place in inspection.items(block, "rows", TABLE_ROWS, where):
        if not isinstance(row, (list, tuple)) or len(row) > TABLE_CELLS:
            inspection.object_to(f"no more than {TABLE_CELLS} items allowed", place)


def _plan(inspection: Inspection, block: Json, where: str) -> None:
    inspection.string(block, "title", 255, where)
    for task, place in inspection.items(block, "tasks", 50, where):
        _task_card(inspection, task, place)


def _task_card(inspection: Inspection, block: Json, where: str) -> None:
    inspection.string(block, "task_id", 255, where)
    inspection.string(block, "title", 255, where)
    if "status" in block:
        inspection.one_of(block["status"], TASK_STATUSES, f"{where}/status")


def _input(inspection: Inspection, block: Json, where: str) -> None:
    inspection.text(block, "label", 2000, where, plain=True)
    _element(inspection, block.get("element"), f"{where}/element")


def _element(inspection: Inspection, element: Any, where: str) -> None:
    kind = element.get("type") if isinstance(element, dict) else None
    if kind not in ELEMENTS:
        inspection.object_to(f"unsupported type: {kind}", where)
        return
    inspection.string(element, "action_id", 255, where, required=False)
    if "confirm" in element:
        _confirm(inspection, element["confirm"], f"{where}/confirm")
    ELEMENTS[kind](inspection, element, where)


def _confirm(inspection: Inspection, confirm: Json, where: str) -> None:
    for key, limit in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        inspection.text(confirm, key, limit, where, plain=key != "text")


def _button(inspection: Inspection, element: Json, where: str) -> None:
    inspection.text(element, "text", 75, where, plain=True)
    inspection.string(element, "value", 2000, where, required=False)
    inspection.string(element, "url", 3000, where, required=False)
    if "style" in element:
        inspection.one_of(element["style"], ("primary", "danger"), f"{where}/style")


def _options(limit: int) -> Rule:
    def inspect(inspection: Inspection, element: Json, where: str) -> None:
        for option, place in inspection.items(element, "options", limit, where):
            inspection.text(option, "text", 75, place)
            inspection.string(option, "value", 150, place)

    return inspect


def _nothing(_inspection: Inspection, _block: Json, _where: str) -> None:
    """Accept: the SDK's own models cover it, or nothing is limited."""


BLOCKS: dict[str, Rule] = {
    "section": _section,
    "header": lambda inspection, block, where: inspection.text(block, "text", 150, where, plain=True),
    "actions": _actions,
    "context": _context,
    "table": _table,
    "plan": _plan,
    "task_card": _task_card,
    "input": _input,
    "markdown": lambda inspection, block, where: inspection.string(block, "text", MARKDOWN_CHARACTERS, where),
    "image": lambda inspection, block, where: inspection.string(block, "alt_text", 2000, where),
} | dict.fromkeys(("divider", "rich_text", "context_actions", "file", "video", "alert"), _nothing)

ELEMENTS: dict[str, Rule] = {
    "button": _button,
    "static_select": _options(100),
    "multi_static_select": _options(100),
    "overflow": _options(5),
    "radio_buttons": _options(10),
    "checkboxes": _options(10),
} | dict.fromkeys(
    ("image", "plain_text_input", "users_select", "multi_users_select", "datepicker", "channels_select"), _nothing
)
