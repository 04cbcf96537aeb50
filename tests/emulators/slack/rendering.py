"""What a person sees: blocks and markup as plain text, and a conversation as a transcript."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from tests.emulators.slack.blocks import interactive_elements
from tests.emulators.slack.world import Message, Note, Workspace

Json = dict[str, Any]

EMOJI = {
    "white_check_mark": "✅",
    "heavy_check_mark": "✔",
    "x": "❌",
    "warning": "⚠",
    "rotating_light": "🚨",
    "lock": "🔒",
    "unlock": "🔓",
    "rocket": "🚀",
    "hourglass_flowing_sand": "⏳",
    "hourglass": "⌛",
    "arrows_counterclockwise": "🔄",
    "leftwards_arrow_with_hook": "↩",
    "no_entry": "⛔",
    "mag": "🔍",
    "robot_face": "🤖",
    "large_green_circle": "🟢",
    "red_circle": "🔴",
}
TASK_MARKS = {"pending": "○", "in_progress": "◐", "complete": "✓", "error": "✗"}
RULE = "-" * 40
_ANGLE = re.compile(r"<([^<>\n]+)>")
_EMPHASIS = re.compile(r"(?<![\w*_~])([*_~])(?=\S)([^\n]+?)(?<=\S)\1(?![\w*_~])")
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_EMOJI = re.compile(r":([a-z0-9_+-]+):")


def mentions(text: str) -> list[str]:
    """List whom a text would notify: `channel`, `here`, `everyone`, user ids and group ids."""
    marks = (mark.partition("|")[0] for mark in _ANGLE.findall(text))
    wide = ("!channel", "!here", "!everyone", "!subteam^", "@")
    return [mark.removeprefix("!subteam^").lstrip("!@") for mark in marks if mark.startswith(wide)]


class Renderer:
    """Renders with the names of one workspace."""

    def __init__(self, world: Workspace) -> None:
        self._world = world

    def markup(self, text: str) -> str:
        """Render mrkdwn: emphasis gone, mentions by name, links with their address, entities as characters."""
        parts = _CODE.split(text)
        shown = "".join(part if index % 2 else self._prose(part) for index, part in enumerate(parts))
        return unescaped(shown)

    def text(self, value: Any) -> str:
        """Render a text object: plain text stays as it is."""
        if not isinstance(value, dict):
            return str(value or "")
        shown = str(value.get("text", ""))
        return self.markup(shown) if value.get("type") == "mrkdwn" else _emoji(shown)

    def message(self, message: Message) -> str:
        """Render a message as of now; the fallback text only where there are no blocks."""
        if message.files:
            return "\n".join(f"(image: {file.alt or file.title})" for file in message.files)
        if not message.blocks:
            return self.markup(message.text)
        return self.blocks(message.blocks)

    def blocks(self, blocks: Iterable[Json]) -> str:
        """Render blocks one below the other."""
        return "\n".join(shown for shown in map(self.block, blocks) if shown)

    def block(self, block: Json) -> str:
        """Render one block; an unknown one by its name, so that nobody overlooks it."""
        draw = self._drawings().get(block["type"])
        return draw(block) if draw else f"({block['type']})"

    def _drawings(self) -> dict[str, Callable[[Json], str]]:
        return {
            "header": lambda block: f"# {self.text(block['text'])}",
            "section": self._section,
            "context": lambda block: "  ".join(self.text(element) for element in block["elements"]),
            "actions": lambda block: " ".join(self._element(element) for element in block["elements"]),
            "divider": lambda _: RULE,
            "markdown": lambda block: str(block["text"]),
            "image": lambda block: f"(image: {block['alt_text']})",
            "table": self._table,
            "plan": lambda block: "\n".join([block["title"], *map(self._task, block["tasks"])]),
            "task_card": self._task,
            "input": lambda block: f"{self.text(block['label'])}: {self._element(block['element'])}",
            "rich_text": _rich,
        }

    def _section(self, block: Json) -> str:
        lines = [self.text(block["text"])] if "text" in block else []
        lines += [self.text(field).replace("\n", ": ", 1) for field in block.get("fields", ())]
        lines += [self._element(element) for element in interactive_elements(block)]
        return "\n".join(lines)

    def _element(self, element: Json) -> str:
        label = self.text(element.get("text") or element.get("placeholder"))
        if element["type"] == "button":
            return f"[{label}]"
        choices = " | ".join(self.text(option["text"]) for option in element.get("options", ()))
        return f"[{label or choices or element['type']} v]" if choices else f"[{label or '____'}]"

    def _task(self, task: Json) -> str:
        mark = TASK_MARKS[task.get("status", "pending")]
        notes = [_rich(task[key]) for key in ("details", "output") if task.get(key)]
        return "\n".join([f"  {mark} {task['title']}", *(f"      {note}" for note in notes)])

    def _table(self, block: Json) -> str:
        rows = [
            [_rich(cell) if cell["type"] == "rich_text" else str(cell["text"]) for cell in row] for row in block["rows"]
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join(lines)

    def _prose(self, text: str) -> str:
        return _emoji(_ANGLE.sub(self._angle, _emphasis_gone(text)))

    def _angle(self, match: re.Match[str]) -> str:
        target, _, label = match.group(1).partition("|")
        if target.startswith("@"):
            return f"@{self._world.name_of(target[1:])}"
        if target.startswith("#"):
            channel = self._world.channels.get(target[1:])
            return f"#{label or (channel.name if channel else target[1:])}"
        if target.startswith("!"):
            return label or f"@{target[1:]}"
        return f"{label} ({target})" if label and label != target else target


def unescaped(text: str) -> str:
    """Turn Slack's three entities back into characters."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def transcript(world: Workspace, channels: Iterable[str]) -> str:
    """Show channels as a person with sight of everything would see them now, threads below their roots."""
    renderer = Renderer(world)
    return "\n\n".join(f"#{world.channels[id_].name}\n" + _channel(world, renderer, id_) for id_ in channels)


def _channel(world: Workspace, renderer: Renderer, channel: str) -> str:
    messages = [m for m in world.messages if m.channel == channel and not m.deleted]
    notes = [note for note in world.notes if note.channel == channel]
    roots = {message.ts for message in messages if message.thread_ts is None}
    top: list[Message | Note] = [m for m in messages if m.root not in roots or m.thread_ts is None]
    top += [note for note in notes if note.beneath not in roots]
    shown: list[str] = []
    for entry in sorted(top, key=lambda entry: entry.ts):
        shown.append(_entry(world, renderer, entry))
        below: list[Message | Note] = [m for m in messages if m.thread_ts == entry.ts]
        below += [note for note in notes if note.beneath == entry.ts]
        shown += [_indented(_entry(world, renderer, one), "    | ") for one in sorted(below, key=lambda one: one.ts)]
    return "\n".join(shown)


def _entry(world: Workspace, renderer: Renderer, entry: Message | Note) -> str:
    if isinstance(entry, Note):
        return entry.text
    sight = f" (only {world.name_of(entry.only_for)} sees this)" if entry.only_for else ""
    reactions = "".join(f" {_emoji(f':{name}:')}{len(users)}" for name, users in sorted(entry.reactions.items()))
    body = _indented(renderer.message(entry), "  ")
    return f"{world.name_of(entry.author)}{sight}:\n{body}" + (f"\n {reactions}" if reactions else "")


def _indented(text: str, by: str) -> str:
    return "\n".join(f"{by}{line}".rstrip() for line in text.splitlines())


def _emphasis_gone(text: str) -> str:
    while (bare := _EMPHASIS.sub(r"\2", text)) != text:
        text = bare
    return text


def _emoji(text: str) -> str:
    return _EMOJI.sub(lambda match: EMOJI.get(match.group(1), match.group(0)), text)


def _rich(value: Any) -> str:
    if isinstance(value, dict):
        own = str(value.get("text", "")) or str(value.get("url", ""))
        return own + "".join(_rich(element) for element in value.get("elements", ()))
    return str(value)
