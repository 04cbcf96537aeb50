"""Plans as they were stored when servers were the only kind of target: a rollback still reads them."""

from collections.abc import Mapping
from typing import Any

_OF_TARGET = ("compose_text", "environment_names", "mounts", "hosts", "directory", "project")


def modern(data: Mapping[str, Any]) -> dict[str, Any]:
    """Give a stored plan today's form; whatever does not look like yesterday's stays as it is."""
    try:
        return dict(data) if "target" in data else _modern(data)
    except (KeyError, TypeError):
        return dict(data)


def _modern(data: Mapping[str, Any]) -> dict[str, Any]:
    target = {name: data[name] for name in _OF_TARGET}
    services = [{"component": one["name"], "compose_service": one["compose_service"]} for one in data["components"]]
    return {
        **{name: value for name, value in data.items() if name not in _OF_TARGET},
        "target": {**target, "services": services},
        "components": [_without(one, "compose_service") for one in data["components"]],
        "steps": [_placed(one) for one in data["steps"]],
        "ways_back": [_placed(one) for one in data["ways_back"]],
    }


def _placed(record: Mapping[str, Any]) -> dict[str, Any]:
    return {**_without(record, "host"), "place": record["host"]}


def _without(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != name}
