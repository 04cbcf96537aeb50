import pytest

from tools.local import LocalHost


async def test_what_runs_on_the_bots_own_machine_sees_none_of_the_bots_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("SLACK_BOT_TOKEN", "ENV_FILE", "DOCKER_AUTH_CONFIG", "COMPOSE_FILE"):
        monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("DOCKER_HOST", "unix:///own.sock")
    answer = await LocalHost("here", {"DOCKER_CONFIG": "/etc/docker", "KIS_API_KEY": "canary"}).run(("env",))
    assert "canary" not in answer.stdout
    assert "DOCKER_HOST=unix:///own.sock" in answer.stdout
    assert "DOCKER_CONFIG=/etc/docker" in answer.stdout
    assert "PATH=" in answer.stdout
