"""What the model may look at while it explains a failure: evidence that was gathered before, read by name. Pure.

Every answer is a look-up in what is given here. No name that the model writes becomes a path, a command or an address.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_LINES = 200
LARGEST_ANSWER_BYTES = 6000
_SHORTENED = "\n[shortened]"


def _tool(name: str, description: str, **properties: Mapping[str, Any]) -> Mapping[str, Any]:
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {"name": name, "description": description, "input_schema": schema, "strict": True}


TOOLS = (
    _tool(
        "read_log",
        "Lines of one log of this release, the newest last.",
        service={
            "type": "string",
            "description": "`failure`: the failed step; component@host: what runs now.",
        },
        lines={"type": "integer", "description": f"How many, at most {MOST_LINES}."},
        grep={"type": "string", "description": "Only lines that hold this text, whatever its case; empty for all."},
    ),
    _tool(
        "show_diff",
        "What this release changes in one file, against the version before.",
        path={"type": "string", "description": "One of the changed files, as it is named in the evidence."},
    ),
    _tool("compare_failures", "The last failures in a row of this service here, and what the last two have in common."),
    _tool(
        "container_state",
        "Containers, restarts, mounts, disk, network and names of variables, as found after the failure.",
        service={"type": "string", "description": "Only lines about this component or host; empty for all."},
    ),
)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """All there is to be looked at."""

    logs: Mapping[str, str] = field(default_factory=dict)
    patches: Mapping[str, str] = field(default_factory=dict)
    """Changed file -> its part of the diff."""
    failures: Sequence[str] = ()
    comparison: str = ""
    state: Sequence[str] = ()
    largest_bytes: int = LARGEST_ANSWER_BYTES

    def answer(self, tool: str, arguments: Any) -> str:
        """Answer one call; whatever does not fit is told, never guessed."""
        known = {
            "read_log": self._log,
            "show_diff": self._diff,
            "compare_failures": self._compared,
            "container_state": self._state,
        }.get(tool)
        if known is None:
            return f"There is no such tool. There are: {', '.join(str(one['name']) for one in TOOLS)}."
        wanted = arguments if isinstance(arguments, Mapping) else {}
        return _short(known(wanted) or "Nothing.", self.largest_bytes)

    def _log(self, wanted: Mapping[str, Any]) -> str:
        log = self.logs.get(str(wanted.get("service", "")))
        if log is None:
            return f"There is no such log here. There are: {', '.join(sorted(self.logs)) or 'none'}."
        held = str(wanted.get("grep") or "").casefold()
        lines = [line for line in log.splitlines() if held in line.casefold()]
        return "\n".join(lines[-_count(wanted.get("lines")) :])

    def _diff(self, wanted: Mapping[str, Any]) -> str:
        return self.patches.get(str(wanted.get("path", ""))) or (
            f"That is not among the changed files that can be shown: {', '.join(sorted(self.patches)) or 'none'}."
        )

    def _compared(self, _wanted: Mapping[str, Any]) -> str:
        return "\n".join((*self.failures, self.comparison)).strip()

    def _state(self, wanted: Mapping[str, Any]) -> str:
        named = str(wanted.get("service") or "")
        return "\n".join(line for line in self.state if all(part in line for part in named.split("@")))


def _count(wanted: object) -> int:
    return min(max(wanted, 1), MOST_LINES) if isinstance(wanted, int) else MOST_LINES


def _short(text: str, most: int) -> str:
    encoded = text.encode()
    if len(encoded) <= most:
        return text
    return encoded[: most - len(_SHORTENED)].decode(errors="ignore") + _SHORTENED
