"""Pydantic's objections in words for whoever writes YAML."""

import json
import re
from typing import Any

from pydantic_core import ErrorDetails

from config.settings import (
    ABSOLUTE_PATH,
    GITHUB_NAME,
    MAIL_ADDRESS,
    NAME,
    TAG_PATTERN,
    VARIABLE_NAME,
    WEB_ADDRESS,
    WEB_PATH,
)

SECTION = "should be a section with keys of its own"
PATTERNS = {
    GITHUB_NAME: "should be owner/name",
    MAIL_ADDRESS: "should be a mail address alone, such as oncall@example.com",
    WEB_ADDRESS: "should be an address that starts with https:// or http://",
    NAME: "should be small letters, digits and hyphens, a letter first, 40 at most: such as observer-2",
    VARIABLE_NAME: "should be a variable's name: letters, digits and underscores, such as IMAGE_TAG",
    TAG_PATTERN: "should be a tag, or a pattern such as {component}-{sha:8}",
    ABSOLUTE_PATH: "should be a path in the container that starts with /, such as /app/data",
    WEB_PATH: "should be a path of letters, digits, - and / that starts with /, such as /github",
}
"""What each pattern of a key asks for."""
TYPES = {
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), SECTION),
    **dict.fromkeys(("float_type", "float_parsing"), "should be a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "should be true or false"),
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
        "should be a day such as 2026-12-31",
    ),
    **dict.fromkeys(("too_short", "string_too_short"), "should not be empty"),
    "string_too_long": "should have {max_length} characters or fewer",
    "path_type": "should be a path",
    "string_type": "should be text; put a number in quotes",
}


def plainly(detail: ErrorDetails, key: str) -> str:
    """Say what a value should be."""
    context: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "value_error":
            return str(context.get("error", detail["msg"]))
        case "tuple_type" | "list_type":
            return f"should be a list{_as_list(detail['input'])}"
        case "int_type" | "int_parsing" | "int_from_float":
            return f"should be a whole number{' of bytes' if key.endswith('_bytes') else ''}"
        case "string_pattern_mismatch":
            return PATTERNS.get(str(context.get("pattern")), f"should match {context.get('pattern')}")
        case other:
            return TYPES[other].format_map(context) if other in TYPES else detail["msg"].removeprefix("Input ")


def _as_list(value: Any) -> str:
    """Show a short word as the list that was probably meant; anything else may be a secret or a mess."""
    if not isinstance(value, str) or not re.fullmatch(r"[\w./*:-]{1,24}", value, re.ASCII):
        return ""
    return f", such as [{json.dumps(value) if '*' in value else value}]"
