"""What `host setup` tells before it could touch anything."""

import io
from pathlib import Path

import pytest

from agents.answers import Person
from agents.entrypoints.host_setup import Errand, set_up
from config.loading import load
from config.shipmate import Configuration
from tools.errors import NotFound

SETTINGS = Path(__file__).parents[3] / "config/shipmate.yaml"
HANA = Person("terminal:hana")


def local() -> Configuration:
    """The sample settings, with `kodex` on the bot's own machine."""
    loaded = load(SETTINGS, {})
    kodex = loaded.services["kodex"]
    production = kodex.environments["production"]
    here = production.compose.hosts[0].model_copy(update={"address": None})
    target = production.compose.model_copy(update={"hosts": (here,)})
    environments = {"production": production.model_copy(update={"target": target})}
    services = {**loaded.services, "kodex": kodex.model_copy(update={"environments": environments})}
    return loaded.model_copy(update={"services": services})


@pytest.mark.parametrize(
    ("service", "environment", "told"),
    [
        ("kodx", None, "There is no service kodx, did you mean 'kodex'?"),
        ("kodex", "prod", "There is no environment of kodex prod"),
        ("astrago", None, "has no `proxy` in its target"),
    ],
)
async def test_what_has_no_proxy_is_not_set_up(service: str, environment: str | None, told: str) -> None:
    with pytest.raises(NotFound) as refused:
        await set_up(Errand(service, environment, HANA), local(), io.StringIO())
    assert told in str(refused.value)


async def test_a_host_without_docker_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    out = io.StringIO()
    assert await set_up(Errand("kodex", "production", HANA, dry_run=True), local(), out) == 1
    happened, standing, remedy = out.getvalue().splitlines()
    assert happened == "kodex-1: Docker does not answer on kodex-1: docker: not found"
    assert standing == "  Nothing was changed."
    assert "usermod" in remedy
