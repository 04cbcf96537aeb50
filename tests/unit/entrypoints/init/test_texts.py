"""The written files, where a sentence about them says more than a linter."""

import json
from dataclasses import replace
from pathlib import PurePosixPath

import pytest
import yaml

from agents.entrypoints.init.filing import Fate, by_presence, fate_of
from agents.entrypoints.init.found import Origin, Wishes
from agents.entrypoints.init.rendering import render
from agents.entrypoints.init.service_file import service_file
from agents.entrypoints.init.texts import texts
from config.service import Service
from tests.unit.entrypoints.init import samples
from tests.unit.entrypoints.init.samples import SAMPLES, found_in

PLAIN_DOCKERFILE = """\
# sample, plain Python, made by `shipmate init`: nothing to install, so one stage is enough.
# The base can be taken from a mirror: --build-arg PYTHON_IMAGE=registry.example/python:3.11-slim
ARG PYTHON_IMAGE=python:3.11-slim
FROM ${PYTHON_IMAGE}
RUN useradd --system --no-log-init --user-group --uid 10001 --home-dir /app --shell /usr/sbin/nologin appuser
WORKDIR /app
COPY . .
ENV PYTHONUNBUFFERED=1 \\
    PYTHONDONTWRITEBYTECODE=1 \\
    PORT=8090 \\
    PYTHONPATH=/app/src
# appuser; by number, so that a host that does not know the name can tell that it is not root.
USER 10001
EXPOSE 8090
CMD ["python", "-m", "watcher"]
"""


def service_of(name: str) -> Service:
    files, wishes = SAMPLES[name]
    return Service.model_validate(yaml.safe_load(service_file(found_in(files, wishes), wishes)))


def test_a_dockerfile_reads_like_one_written_by_hand() -> None:
    assert texts(found_in(samples.PLAIN))["Dockerfile"] == PLAIN_DOCKERFILE


def test_a_required_variable_stops_compose_and_an_optional_one_is_passed_on() -> None:
    compose = texts(found_in(samples.FASTAPI))["docker-compose.prod.yml"]
    environment = yaml.safe_load(compose)["services"]["sample"]["environment"]
    assert environment == {
        "KODEX_OPENAI_API_KEY": "${KODEX_OPENAI_API_KEY:?KODEX_OPENAI_API_KEY required}",
        "KODEX_VOICE": None,
        "LOG_LEVEL": None,
    }
    assert service_of("fastapi-uv").environments["production"].variables.required == ("KODEX_OPENAI_API_KEY",)


def test_the_example_of_the_variables_has_names_and_no_values() -> None:
    example = texts(found_in(samples.FASTAPI))[".env.example"]
    assert [line for line in example.splitlines() if "=" in line] == [
        "KODEX_OPENAI_API_KEY=",
        "#KODEX_VOICE=",
        "#LOG_LEVEL=",
    ]


def test_a_program_that_reads_nothing_needs_no_env_file() -> None:
    assert service_of("plain").environments["production"].compose.env_file is None
    assert service_of("flask-requirements").environments["production"].compose.env_file == PurePosixPath(".env")


def test_the_checks_that_github_shows_are_the_evidence() -> None:
    names = {
        job["name"]
        for job in yaml.safe_load(texts(found_in(samples.MONOREPO))[".github/workflows/test.yml"])["jobs"].values()
    }
    suites = service_of("monorepo").suites
    assert {suite.check for suite in suites.values()} == {"Test batch", "Test core", "Test web"}
    assert {suite.check for suite in suites.values()} <= names


def test_without_tests_no_suite_is_made_up() -> None:
    assert service_of("express").suites == {}
    assert "test" not in yaml.safe_load(texts(found_in(samples.EXPRESS))[".github/workflows/test.yml"])["jobs"]


def test_a_component_of_several_is_built_only_when_something_below_it_changed() -> None:
    components = service_of("monorepo").components
    assert {name: (str(one.dockerfile), one.paths) for name, one in components.items()} == {
        "batch": ("batch/Dockerfile", ("batch/",)),
        "core": ("core/Dockerfile", ("core/",)),
        "web": ("web/Dockerfile", ("web/",)),
    }


def test_every_component_of_several_is_asked_after_the_deploy() -> None:
    environment = service_of("monorepo").environments["production"]
    assert environment.health.probe.url == "http://127.0.0.1:8000/healthz"
    assert [probe.url for probe in environment.smoke] == ["http://127.0.0.1:8001/health", "http://127.0.0.1:8080/"]


def test_without_approvers_the_file_says_that_every_release_is_refused() -> None:
    assert "Every release is refused until somebody stands here" in service_file(found_in(samples.PLAIN), Wishes())
    assert service_of("django-poetry").environments["production"].approval.approvers == ("U0HANA",)


def test_a_gpu_is_asked_for_where_the_mode_says_so() -> None:
    files = texts(found_in(*SAMPLES["fastapi-gpu"]))
    (device,) = yaml.safe_load(files["docker-compose.prod.yml"])["services"]["sample"]["deploy"]["resources"][
        "reservations"
    ]["devices"]
    assert device["capabilities"] == ["gpu"]
    assert "ARG CUDA_IMAGE=nvidia/cuda:12." in files["Dockerfile"]


@pytest.mark.parametrize("name", SAMPLES)
def test_weights_and_secrets_stay_out_of_the_image(name: str) -> None:
    for path, text in texts(found_in(*SAMPLES[name])).items():
        if path.endswith(".dockerignore"):
            assert {".git", "**/.env"} <= set(text.splitlines())
    assert "**/*.safetensors" in texts(found_in(samples.FASTAPI))[".dockerignore"].splitlines()


def test_a_branch_with_strange_signs_stays_one_text() -> None:
    found = replace(found_in(samples.PLAIN), origin=Origin("https://github.com/a/b.git", "a/b", 'x"], tags: ["v*'))
    document = yaml.safe_load(texts(found)[".github/workflows/test.yml"])
    assert document[True]["push"] == {"branches": ['x"], tags: ["v*']}
    assert yaml.safe_load(service_file(found, Wishes()))["repository"]["main"] == 'x"], tags: ["v*'


def test_a_registry_of_ones_own_is_logged_in_to_with_secrets_only() -> None:
    job = yaml.safe_load(texts(found_in(*SAMPLES["bare"]))[".github/workflows/build.yml"])["jobs"]["image"]
    assert job["permissions"] == {"contents": "read"}
    login = next(step["with"] for step in job["steps"] if "login-action" in step.get("uses", ""))
    assert login["registry"] == "registry.example:5000"
    assert login["password"] == "${{ secrets.REGISTRY_PASSWORD }}"


def test_a_value_that_a_template_does_not_know_is_a_fault() -> None:
    with pytest.raises(KeyError, match="nginx"):
        render("nginx.conf", port="8080", colour="red")
    with pytest.raises(KeyError, match="port"):
        render("nginx.conf")


@pytest.mark.parametrize(
    ("before", "force", "fate"),
    [(None, False, Fate.NEW), ("x", False, Fate.SAME), ("y", False, Fate.KEPT), ("y", True, Fate.REPLACED)],
)
def test_what_somebody_wrote_is_replaced_only_on_demand(before: str | None, force: bool, fate: Fate) -> None:
    assert fate_of("x", before, force=force) is fate
    present = {} if before is None else {"a": before == "x"}
    assert by_presence({"a": "x"}, present, force=force) == {"a": fate}


def test_commands_are_lists_that_no_shell_reads() -> None:
    for files, wishes in SAMPLES.values():
        for path, text in texts(found_in(files, wishes)).items():
            if path.endswith("Dockerfile"):
                commands = [line.removeprefix("CMD ") for line in text.splitlines() if line.startswith("CMD ")]
                assert all(isinstance(json.loads(command), list) for command in commands)
