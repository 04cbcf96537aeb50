"""A request as a writer sees it, and what the API itself refuses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Json = dict[str, Any]

REQUIRED = ("model", "max_tokens", "messages")
GONE = ("temperature", "top_p", "top_k")
UNSUPPORTED_KEYWORDS = ("minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "default")


@dataclass(frozen=True, slots=True)
class Request:
    """One call of the Messages API, with its headers in lower case."""

    body: Json
    headers: Mapping[str, str]

    @property
    def model(self) -> str:
        """Tell the model asked for."""
        return str(self.body.get("model", ""))

    @property
    def system(self) -> str:
        """Tell the system prompt."""
        return "\n".join(texts(self.body.get("system", "")))

    @property
    def prompt(self) -> str:
        """Tell everything that came from the caller's side, tool results included."""
        turns = (turn["content"] for turn in self.body["messages"] if turn["role"] == "user")
        return "\n".join(text for turn in turns for text in texts(turn))

    @property
    def schema(self) -> Json | None:
        """Tell the schema that the answer must satisfy, where one is asked for."""
        form = self.body.get("output_config", {}).get("format")
        return form["schema"] if form else None

    @property
    def tools(self) -> dict[str, Json]:
        """Tell the tools that may be called now, by name; none on a turn that forbids them."""
        if self.body.get("tool_choice", {}).get("type") == "none":
            return {}
        return {tool["name"]: tool for tool in self.body.get("tools", ())}

    @property
    def tools_called(self) -> list[str]:
        """List the tools that earlier turns of this conversation called."""
        turns = [turn["content"] for turn in self.body["messages"] if turn["role"] == "assistant"]
        blocks = [block for turn in turns if isinstance(turn, list) for block in turn]
        return [block["name"] for block in blocks if block.get("type") == "tool_use"]


def texts(content: Any) -> Iterator[str]:
    """Yield the texts of a content field: a string, blocks, or tool results with either."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        yield from texts(content.get("text") or content.get("content") or "")
    elif isinstance(content, list):
        for block in content:
            yield from texts(block)


def objections(body: Json) -> Iterator[str]:
    """Yield what the API answers 400 to."""
    yield from (f"{name}: Field required" for name in REQUIRED if not body.get(name))
    yield from (f"{name}: Extra inputs are not permitted" for name in GONE if name in body)
    if body.get("messages") and body["messages"][0]["role"] != "user":
        yield "messages: first message must use the user role"
    if body.get("tool_choice", {}).get("type") in ("any", "tool") and "sonnet-5-5" in str(body.get("model")):
        yield "tool_choice: forced tool use is not supported by this model"
    yield from _tool_objections(body)
    yield from _schema_objections(body.get("output_config", {}).get("format", {}).get("schema"), "schema")


def _tool_objections(body: Json) -> Iterator[str]:
    """Want every call answered in the very next turn, and nothing answered that was not asked."""
    turns = [*body.get("messages", ()), {"content": []}]
    for number, (turn, following) in enumerate(pairwise(turns)):
        asked = {block["id"] for block in _blocks(turn, "tool_use")}
        given = {block["tool_use_id"] for block in _blocks(following, "tool_result")}
        if asked - given:
            missing = ", ".join(sorted(asked - given))
            yield f"messages.{number}: `tool_use` ids without `tool_result` blocks immediately after: {missing}"
        if given - asked:
            yield f"messages.{number + 1}: unexpected `tool_use_id` found in `tool_result` blocks"
    if any(_blocks(turn, "tool_use") for turn in turns) and not body.get("tools"):
        yield "tools: required where messages hold tool blocks"


def _blocks(turn: Json, kind: str) -> list[Json]:
    content = turn.get("content")
    return [block for block in content if block.get("type") == kind] if isinstance(content, list) else []


def _schema_objections(schema: Any, where: str) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from _keyword_objections(schema, where)
    inside = schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    for key, inner in inside:
        yield from _schema_objections(inner, f"{where}.{key}")


def _keyword_objections(schema: Json, where: str) -> Iterator[str]:
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        yield f"output_config.format.{where}: For 'object' type, 'additionalProperties' must be set to false"
    if where.endswith("properties"):
        return  # here the keys are names, not keywords
    for keyword in UNSUPPORTED_KEYWORDS:
        if keyword in schema:
            yield f"output_config.format.{where}: property '{keyword}' is not supported"
