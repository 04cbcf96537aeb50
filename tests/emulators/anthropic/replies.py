"""The replies that a model and its service can give, good and bad."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.anthropic.requests import Request
from tests.emulators.loopback import FOR_EVER, SIGN_IN_PAGE

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer; a message gets its id, model and usage from the server."""

    body: Json | str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    delay: float = 0.0


Writer = Callable[[Request], Reply]


def message(*content: Json, stop_reason: str = "end_turn", **more: Any) -> Reply:
    """Answer with content blocks."""
    return Reply({"content": list(content), "stop_reason": stop_reason} | more)


def text(words: str, stop_reason: str = "end_turn") -> Reply:
    """Answer with words."""
    return message({"type": "text", "text": words}, stop_reason=stop_reason)


def structured(value: Any) -> Reply:
    """Answer with JSON, as an output schema asks for."""
    return text(json.dumps(value))


def tool_use(name: str, arguments: Json | None = None) -> Reply:
    """Ask for a tool."""
    block = {"type": "tool_use", "id": f"toolu_{name}", "name": name, "input": arguments or {}}
    return message(block, stop_reason="tool_use")


def refusal(category: str = "cyber", words: str = "I can't help with that.") -> Reply:
    """Refuse, with words where a careless reader expects the answer."""
    block = {"type": "text", "text": words}
    details = {"type": "refusal", "category": category, "explanation": None}
    return message(block, stop_reason="refusal", stop_details=details)


def truncated(words: str = '{"summary": "The release cha') -> Reply:
    """Stop in the middle because the token budget ran out."""
    return text(words, "max_tokens")


def prose(words: str = "Sure! Here is the JSON you asked for: it is all fine.") -> Reply:
    """Answer in prose although JSON was asked for."""
    return text(words)


def broken_json() -> Reply:
    """Answer 200 with half a body."""
    return Reply('{"id": "msg_', 200)


def foreign_json() -> Reply:
    """Answer 200 with JSON of somebody else."""
    return Reply('{"hello": "world"}', 200)


def web_page() -> Reply:
    """Answer 200 with HTML, as a captive portal does."""
    return Reply(SIGN_IN_PAGE, 200, content_type="text/html")


def error(status: int, kind: str, words: str = "Something went wrong", **headers: str) -> Reply:
    """Answer with an API error; underscores in header names become hyphens."""
    body = {"type": "error", "error": {"type": kind, "message": words}}
    return Reply(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


def overloaded() -> Reply:
    """Answer 529, retried at once so that tests need not wait."""
    return error(529, "overloaded_error", "Overloaded", retry_after_ms="1")


def rate_limited(retry_after: int = 3600) -> Reply:
    """Answer 429 and ask for patience."""
    return error(429, "rate_limit_error", "Slow down", retry_after=str(retry_after))


def unauthorized() -> Reply:
    """Answer 401."""
    return error(401, "authentication_error", "invalid bearer token")


def hang() -> Reply:
    """Never answer."""
    return Reply("{}", delay=FOR_EVER)


FAILURES: Mapping[str, Callable[[], Reply]] = {
    "refusal": refusal,
    "truncated": truncated,
    "prose": prose,
    "broken JSON": broken_json,
    "foreign JSON": foreign_json,
    "web page": web_page,
    "overloaded": overloaded,
    "rate limited": rate_limited,
    "unauthorized": unauthorized,
    "hang": hang,
}
"""Every way in which no usable answer comes; the same outcome is expected of all."""
