"""What a value should be is said in words of YAML, never of Python."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.duration import PATTERN
from config.schema import MODELS
from config.wording import PATTERNS
from tests.unit.config.test_loading import OBSERVER, faults, written

HEALTH = "    health:\n"
ENVIRONMENT = "environments.production"
SAID = {
    "a word for a list": (
        (HEALTH, f"    triggers: {{branches: main}}\n{HEALTH}"),
        f"19: {ENVIRONMENT}.triggers.branches: should be a list, such as [main]",
    ),
    "a glob for a list": (
        (HEALTH, f"    triggers: {{tags: 'v*'}}\n{HEALTH}"),
        f'19: {ENVIRONMENT}.triggers.tags: should be a list, such as ["v*"]',
    ),
    "a sentence for a list": (("command: [pytest]", "command: pytest -q"), "10: suites.unit.command: should be a list"),
    "a name without its owner": (
        ("  url: ..", "  github: observer\n  url: .."),
        "3: repository.github: should be owner/name",
    ),
    "a size for bytes": (
        ("acme/observer\n", "acme/observer\n    rules: {largest_file_bytes: 500MB}\n"),
        "7: components.observer.rules.largest_file_bytes: should be a whole number of bytes",
    ),
    "a word for a number": (
        (HEALTH, f"    watch: {{latency_ratio: twice}}\n{HEALTH}"),
        f"19: {ENVIRONMENT}.watch.latency_ratio: should be a number",
    ),
    "a word for a choice": (
        ("  url: ..", "  gate: maybe\n  url: .."),
        "3: repository.gate: should be true or false",
    ),
    "a number for text": (
        (HEALTH, f"    limits: {{cpus: 1.0}}\n{HEALTH}"),
        f"19: {ENVIRONMENT}.limits.cpus: should be text; put a number in quotes",
    ),
    "an address without its scheme": (
        ("http://127", "127"),
        f"21: {ENVIRONMENT}.health.probe.url: should be an address that starts with https:// or http://",
    ),
    "a name with capitals": (
        ("- name: one", "- name: One"),
        (
            f"16: {ENVIRONMENT}.target.hosts[0].name: should be small letters, digits and hyphens, a letter first, 40 "
            "at most: such as observer-2"
        ),
    ),
    "nothing for a section": (
        (OBSERVER[OBSERVER.index("  observer:\n    image") : OBSERVER.index("suites")], "  {}\n"),
        "4: components: should not be empty",
    ),
}


@pytest.mark.parametrize(("change", "fault"), SAID.values(), ids=SAID)
def test_a_value_of_the_wrong_kind_is_told_in_words(tmp_path: Path, change: tuple[str, str], fault: str) -> None:
    assert change[0] in OBSERVER
    assert faults(written(tmp_path, OBSERVER.replace(*change))) == [f"services/observer.yaml:{fault}"]


def patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from (value for key, value in schema.items() if key == "pattern" and isinstance(value, str))
        yield from (name for name in schema.get("patternProperties", {}))
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from patterns(inner)


@pytest.mark.parametrize("name", MODELS)
def test_every_pattern_is_put_in_words(name: str) -> None:
    schema = json.loads(json.dumps(MODELS[name].model_json_schema()))
    assert {*patterns(schema)} - {PATTERN} <= PATTERNS.keys()


def test_a_bot_whose_file_is_missing_is_told_once(tmp_path: Path) -> None:
    assert faults(tmp_path / "nope") == ["nope:1: there is no such file; name the right file with SHIPMATE_CONFIG"]
