from pathlib import Path, PurePosixPath

import pytest

from tools.compose_reading import env_files, literal, plain_command, resolved_command, unresolved, without_env_files

HERE = PurePosixPath("/srv/observer")


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("${A}", {}, {"A": "${A}"}),
        ("$A-x", {}, {"A": "${A}"}),
        ("${A:?needed}", {}, {"A": "${A}"}),
        ("${A:-x} $B", {}, {"B": "${B}"}),
        ("${A-x} ${A}", {}, {}),
        ("${A}", {"A": "1"}, {}),
        ("$$A and $$$B", {}, {"B": "${B}"}),
        ("no variable, 5$", {}, {}),
    ],
)
def test_a_variable_without_value_and_default_stands_for_itself(
    text: str, given: dict[str, str], expected: dict[str, str]
) -> None:
    assert unresolved(text, given) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a: ${PATH} $HOME", b"a: $${PATH} $$HOME"),
        (b"a: ${DOCKER_HOST:-x} ${COMPOSE_PROJECT_NAME}", b"a: $${DOCKER_HOST:-x} $${COMPOSE_PROJECT_NAME}"),
        (b"a: $${PATH} $$$PATH", b"a: $${PATH} $$$$PATH"),
        (b"a: ${PATHS} ${DOCKER_TAG} PATH", b"a: ${PATHS} ${DOCKER_TAG} PATH"),
    ],
)
def test_a_variable_that_docker_itself_obeys_stands_as_plain_text(content: bytes, expected: bytes) -> None:
    assert literal(content) == expected


def test_compose_reads_from_standard_input_without_any_env_file_of_this_machine() -> None:
    assert " ".join(plain_command(HERE)) == (
        "docker compose --env-file /dev/null --profile * --project-directory /srv/observer --file -"
        " config --no-interpolate --format json"
    )
    assert " ".join(resolved_command(HERE, Path("/tmp/o.yml"))) == (
        "docker compose --env-file /dev/null --profile * --project-directory /srv/observer --file -"
        " --file /tmp/o.yml config --format json"
    )


def test_env_files_are_taken_away_from_every_service() -> None:
    assert without_env_files(["web", "yes"]) == (
        "services:\n  web: {env_file: !reset null}\n  'yes': {env_file: !reset null}\n"
    )


def test_env_files_are_listed_by_service() -> None:
    answer = '{"services": {"a": {"env_file": [{"path": "/x", "required": false}, "/y"]}, "b": {}}}'
    assert env_files(answer) == {"a": ("/x", "/y"), "b": ()}
