"""P15 no script of a release may delete volumes."""

import pytest

from guardrails.destructive import no_volume_deleted

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
