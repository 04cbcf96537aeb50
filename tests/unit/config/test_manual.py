"""The YAML files under config/ are the manual: they load, name every key, and say what each is for."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import jsonschema
import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from config.loading import load
from config.schema import MODELS, schema_file, schema_text

ROOT = Path(__file__).parents[3]
SERVICES = sorted((ROOT / "config/services").glob("*.yaml"))
"""One for each kind of service; a key is explained where it first matters, most of them in observer.yaml."""
FILES = {"shipmate": (ROOT / "config/shipmate.yaml",), "service": SERVICES}


def sections(annotation: Any) -> Iterator[type[BaseModel]]:
    """Find the models that a key's value can be, inside lists, mappings and unions too."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Union, UnionType, Annotated, tuple, dict, list):
        for inner in get_args(annotation):
            yield from sections(inner)


def keys(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """List the keys of a model as people see them in a file, names of their own choice left out."""
    for name, field in model.model_fields.items():
        yield (*path, name)
        for section in sections(field.annotation):
            yield from keys(section, (*path, name))


def documented(text: str) -> dict[tuple[str, ...], bool]:
    """Tell for every key of a file, by its path, whether a comment stands beside it or right above it."""
    lines = text.splitlines()
    found: dict[tuple[str, ...], bool] = {}
    open_keys: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        match = re.match(r"(\s*(?:- )?)(?:# \S.*)?([\w./]+):(?:\s|$)", line)
        if line.lstrip().startswith("#") or not match:
            continue
        indent = len(match[1])
        open_keys = [(depth, key) for depth, key in open_keys if depth < indent]
        open_keys.append((indent, match[2]))
        above = lines[number - 1].lstrip().removeprefix("- ")
        commented = above.startswith("#") or "# " in line
        path = tuple(key for _, key in open_keys)
        found[path] = found.get(path, False) or commented
    return found


def without_chosen_names(path: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out what an operator names: the suite, the component, the environment."""
    chosen = {"suites", "components", "environments", "metrics", "routes"}
    return tuple(key for before, key in zip(("", *path), path, strict=False) if before not in chosen)


@pytest.mark.parametrize("name", FILES)
def test_every_key_is_in_the_manual_with_a_comment(name: str) -> None:
    explained: dict[tuple[str, ...], bool] = {}
    for file in FILES[name]:
        for path, commented in documented(file.read_text(encoding="utf-8")).items():
            short = without_chosen_names(path)
            explained[short] = explained.get(short, False) or commented
    # A probe's keys are explained once, where they first come up, and those of a freeze where an environment has one.
    wanted = {path for path in keys(MODELS[name]) if "smoke" not in path[:-1] and path[0:-1] != ("freezes",)}
    wanted -= {path for path in wanted if path[:3] == ("environments", "components", "health") and path[3:]}
    assert {path for path in wanted if not explained.get(path)} == set()


def test_both_files_load_together() -> None:
    loaded = load(FILES["shipmate"][0], {})
    assert list(loaded.services) == [file.stem for file in SERVICES]
    assert loaded.shipmate.workspace == ROOT / ".shipmate/work"


@pytest.mark.parametrize("name", MODELS)
def test_the_schemas_for_editors_are_those_of_the_models(name: str) -> None:
    assert schema_file(name).read_text(encoding="utf-8") == schema_text(MODELS[name]), "run: python -m config.schema"


@pytest.mark.parametrize(("name", "file"), [(name, file) for name, files in FILES.items() for file in files])
def test_the_files_are_right_by_their_own_schema(name: str, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert named
    schema = (file.parent / named[1]).resolve()
    assert schema == schema_file(name)
    jsonschema.validate(YAML(typ="safe", pure=True).load(text), json.loads(schema.read_text(encoding="utf-8")))


def test_the_default_values_of_the_bot_are_those_in_its_manual() -> None:
    default = MODELS["shipmate"].model_validate({}, context={"directory": FILES["shipmate"][0].parent})
    assert load(FILES["shipmate"][0], {}).shipmate.model_dump(exclude={"database"}) == default.model_dump(
        exclude={"database"}
    )


def test_the_slack_manifest_keeps_within_slack_s_limits_and_offers_the_command() -> None:
    manifest = YAML(typ="safe", pure=True).load((ROOT / "config/slack-manifest.yaml").read_text(encoding="utf-8"))
    (command,) = manifest["features"]["slash_commands"]
    assert command["command"] == load(FILES["shipmate"][0], {}).shipmate.slack.command
    assert len(manifest["display_information"]["name"]) <= 35
    assert len(manifest["display_information"]["description"]) <= 140
    assert len(command["usage_hint"]) <= 1000
    assert manifest["settings"]["socket_mode_enabled"] is True
