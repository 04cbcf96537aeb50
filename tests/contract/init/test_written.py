"""Everything that `init` writes, for every kind of repository, before our guardrails and other people's linters."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from agents.contents import judge_sources
from agents.entrypoints.check_config import check_config
from agents.entrypoints.init.service_file import service_file
from agents.entrypoints.init.texts import texts
from config.loading import load
from config.service import Service
from guardrails.dockerfile import dockerfile_sound
from guardrails.ignored import ignored_as_agreed
from guardrails.verdict import Finding
from tests.stage.stage import Stage
from tests.unit.entrypoints.init.samples import SAMPLES, found_in
from tools.scanner import Scanner

BIN = Path(sys.executable).parent
ALL = pytest.mark.parametrize("name", SAMPLES)


def written(name: str) -> Mapping[str, str]:
    return texts(found_in(*SAMPLES[name]))


def lay_out(name: str, directory: Path) -> Path:
    """Write the sample and what belongs to it, as a repository has it."""
    for path, text in {**SAMPLES[name][0], **written(name)}.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
    return directory


def bot(name: str, directory: Path) -> Path:
    """Write a bot's settings with the service's file beside it."""
    found = found_in(*SAMPLES[name])
    services = directory / "services"
    services.mkdir()
    (services / f"{found.name}.yaml").write_text(service_file(found, SAMPLES[name][1]))
    (directory / "shipmate.yaml").write_text("services: services\n")
    return directory / "shipmate.yaml"


def service_of(name: str, directory: Path) -> Service:
    (service,) = load(bot(name, directory), {}).services.values()
    return service


def schema(name: str) -> Any:
    vendored = files("check_jsonschema") / "builtin_schemas" / "vendor" / f"{name}.json"
    return json.loads(vendored.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Scanner:
    return Scanner(tmp_path_factory.getbasetemp() / "scanner")


@pytest.fixture
def compose_at_hand(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in stage.bot.env().items():
        monkeypatch.setitem(os.environ, key, value)


@ALL
def test_check_config_accepts_the_services_file(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_config(bot(name, tmp_path), {}, out=sys.stdout) == 0, capsys.readouterr().out


@ALL
@pytest.mark.usefixtures("compose_at_hand")
async def test_the_guardrails_of_a_release_find_nothing(name: str, tmp_path: Path, scanner: Scanner) -> None:
    service = service_of(name, tmp_path)
    shipped = {path: text.encode() for path, text in written(name).items()}
    verdict = await judge_sources(shipped, service, service.environments["production"], scanner)
    assert verdict.findings == ()


@ALL
def test_the_dockerfile_keeps_to_the_rules_that_stand_in_the_services_file(name: str, tmp_path: Path) -> None:
    service, shipped = service_of(name, tmp_path), written(name)
    found: list[Finding] = []
    for component in service.components.values():
        file, ignored = str(component.dockerfile), str(component.context / ".dockerignore")
        assert component.rules.user
        found += dockerfile_sound(file, shipped[file], component.rules).findings
        found += ignored_as_agreed(ignored, shipped[ignored], component.rules.ignore, SAMPLES[name][0]).findings
    assert found == []


@ALL
def test_hadolint_has_nothing_to_say(name: str) -> None:
    for path, text in written(name).items():
        if path.endswith("Dockerfile"):
            done = subprocess.run((BIN / "hadolint", "-"), input=text, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stdout + done.stderr) == (0, ""), text


@ALL
def test_the_schemas_accept_compose_file_and_workflows(name: str) -> None:
    shipped = written(name)
    workflows = [path for path in shipped if path.startswith(".github/workflows/")]
    assert len(workflows) == 3
    for path, kind in (("docker-compose.prod.yml", "compose-spec"), *((one, "github-workflows") for one in workflows)):
        # YAML 1.1 takes the key `on` for true; GitHub does not.
        document = {("on" if key is True else key): value for key, value in yaml.safe_load(shipped[path]).items()}
        # The compose schema names its draft by an address that is none; it is draft 7, as that of workflows.
        jsonschema.Draft7Validator(schema(kind)).validate(document)


@ALL
def test_zizmor_finds_nothing_even_where_it_is_pedantic(name: str, tmp_path: Path) -> None:
    lay_out(name, tmp_path)
    argv = (BIN / "zizmor", "--offline", "--persona=pedantic", "--no-progress", "--format=plain", ".github/workflows")
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@ALL
def test_compose_itself_accepts_the_file(name: str, stage: Stage, tmp_path: Path) -> None:
    lay_out(name, tmp_path)
    required = {one.name: "given" for component in found_in(*SAMPLES[name]).components for one in component.readings}
    told = stage.bot.docker(
        *("compose", "--project-directory", tmp_path, "--file", tmp_path / "docker-compose.prod.yml"),
        *("config", "--quiet"),
        variables={"IMAGE_TAG": "v1.0.0", **required},
    )
    assert told == ""
