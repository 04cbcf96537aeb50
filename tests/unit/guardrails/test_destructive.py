"""P15 no script of a release may delete volumes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.destructive import no_volume_deleted
from guardrails.verdict import Level

DESTROYING = [
    "docker compose down -v",
    "docker compose down --volumes",
    "docker-compose -f docker-compose.server.yml down --remove-orphans -v",
    "docker compose -p observer down -t 5 -v || true",
    "cd /srv/observer && docker compose down -v",
    "sudo docker compose --file a.yml down --volumes=true",
    "run: docker compose down -v --rmi all",
    'ssh host "docker compose down -v"',
    'CMD ["docker", "compose", "down", "--volumes"]',
    "docker compose down \\\n    --volumes",
    "docker compose rm -fsv observer",
    "docker volume rm observer_data",
    "docker volume remove observer_data",
    "docker --host ssh://x volume prune --force",
    "docker system prune --all --volumes",
    "docker compose up -d -V",
    "docker compose up --renew-anon-volumes --detach",
    "$(DC) down -v",
    "@${COMPOSE} down --volumes",
    "$DOCKER_COMPOSE -f a.yml down -t 1 -v",
    "$(DOCKER) compose down -v",
    "$docker volume rm observer_data",
    "podman compose down -v",
    "podman-compose down --volumes",
    "podman volume prune -f",
    "nerdctl compose down -v",
    "docker.exe compose down -v",
    "docker compose down -v|| true",
    "docker compose down -v&",
    "(docker compose down -v)",
    "docker compose up -dV",
    "docker compose create --renew-anon-volumes",
    "docker volume ls -q | xargs docker volume rm",
    "docker volume ls -q | xargs -r docker volume rm -f",
    "docker -H ssh://x volume rm observer_data",
    "docker 'volume' \"rm\" observer_data",
    "echo bye; docker compose down -v",
    "echo 'docker compose down -v' | sh",
    "docker compose `\n  down -v",
    "client.volumes.prune()",
]
HARMLESS = [
    "docker compose down",
    "docker compose down --remove-orphans; ls -v",
    "docker compose -f a.yml down && rsync -av a b",
    "docker compose up -d --no-deps observer",
    "docker compose version -v",
    "docker compose up -d # never down -v",
    "# docker compose down -v",
    "docker volume ls",
    "docker volume create observer_data",
    "docker run -v /srv/observer/data:/data observer",
    "docker system prune --all",
    "docker rm -f observer",
    "echo scale down -v",
    "// docker compose down -v",
    "* docker compose down -v",
    "echo 'Never run docker compose down -v here'",
    "@echo docker volume rm is for people >&2",
    "docker compose down | grep -v warning",
    "docker compose rm -fs observer",
    "docker rm observer | grep -v x",
    "docker rm -fv observer",
    "docker run --rm -v data:/data observer",
    "docker compose run --rm -v ./x:/x observer",
    "docker exec observer rm -v /tmp/x",
    "docker compose exec observer rm -v /tmp/x",
    "docker compose up -d --volumes-from x",
    "$FEED down -v",
    "docker image prune --all",
]


@pytest.mark.parametrize("command", DESTROYING)
def test_p15_a_command_that_deletes_volumes_is_found_with_its_line(command: str) -> None:
    verdict = no_volume_deleted({"scripts/deploy.sh": f"#!/bin/sh\nset -e\n{command}\n"})
    assert verdict.blocks
    assert [finding.place for finding in verdict.findings] == ["scripts/deploy.sh:3"]
    assert "backup" in verdict.findings[0].remedy


@pytest.mark.parametrize("command", HARMLESS)
def test_commands_that_keep_volumes_pass(command: str) -> None:
    assert not no_volume_deleted({"scripts/deploy.sh": f"set -e\n{command}\n"}).findings


FOLDED = """
jobs:
  deploy:
    steps:
      - run: >-
          docker compose
          down -v
"""
LISTED = """
jobs:
  deploy:
    command:
      - docker
      - compose
      - "down"
      - -v
"""
PYTHON = """
subprocess.run(
    ["docker", "compose",
     "down", "-v"],
    check=True,
)
"""
SPREAD = """
const stop = [
  "docker",
  "compose",
  "down",
  "--volumes",
];
"""


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        (".github/workflows/deploy.yml", FOLDED, 5),
        (".github/workflows/deploy.yaml", LISTED, 5),
        ("tools/stop.py", PYTHON, 3),
        ("tools/stop.js", SPREAD, 2),
        ("Makefile", "stop:\n\t$(COMPOSE) \\\n\t  down \\\n\t  -v\n", 2),
        ("package.json", '{"scripts": {"stop": "docker compose down -v"}}', 1),
    ],
)
def test_p15_a_command_on_several_lines_is_found_where_it_begins(path: str, text: str, line: int) -> None:
    verdict = no_volume_deleted({path: text})
    assert verdict.blocks
    assert {finding.place for finding in verdict.findings} == {f"{path}:{line}"}


@pytest.mark.parametrize(
    ("path", "level"),
    [
        ("deploy.sh", Level.BLOCKING),
        ("Makefile", Level.BLOCKING),
        (".github/workflows/ci.yml", Level.BLOCKING),
        ("contest/run.sh", Level.BLOCKING),
        ("README.md", Level.WARNING),
        ("docs/RUNBOOK.rst", Level.WARNING),
        ("tests/conftest.py", Level.WARNING),
        ("src/__tests__/stop.ts", Level.WARNING),
        ("app/stop.test.ts", Level.WARNING),
        ("app/test_stop.py", Level.WARNING),
    ],
)
def test_prose_and_tests_are_told_and_do_not_block(path: str, level: Level) -> None:
    assert no_volume_deleted({path: "docker compose down -v\n"}).level is level


def test_lines_that_have_nothing_to_do_with_each_other_are_not_put_together() -> None:
    text = '- "docker compose down"\n- "ls -v"\nsteps:\n  - docker\n  - run: down\n  - ls -v\n'
    assert not no_volume_deleted({"a.yml": text}).findings


@given(st.text(max_size=200), st.sampled_from(["a.yml", "a.sh", "a.py"]))
def test_nothing_that_anybody_writes_breaks_the_search(text: str, path: str) -> None:
    no_volume_deleted({path: f"{text} volume"})
