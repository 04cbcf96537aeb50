"""The sample's versions on a real engine: the good one keeps its contract, the traps spring as they should."""

import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from urllib.error import HTTPError

import pytest

from tests.stage.commands import StageError
from tests.stage.observer.site import ObserverSite
from tests.stage.stage import Stage


@pytest.fixture(scope="module")
def site(stage: Stage) -> Iterator[ObserverSite]:
    one = ObserverSite(stage, stage.scratch("sample"))
    one.prepare(running="v1.2.8")
    yield one
    one.compose("down", "--timeout", "1", version="v1.2.8")


def container(site: ObserverSite) -> str:
    return site.stage.server.docker("ps", "--all", "--quiet", "--filter", "name=observer-observer").strip()


def inspected(site: ObserverSite, form: str) -> str:
    return site.stage.server.docker("inspect", "--format", form, container(site)).strip()


def answered(site: ObserverSite, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{site.port}{path}", timeout=5) as reply:
            return int(reply.status)
    except HTTPError as error:
        error.close()
        return error.code


def soon(true: Callable[[], bool]) -> bool:
    for _ in range(150):
        if true():
            return True
        time.sleep(0.1)
    return False


def test_the_good_version_runs_as_its_contract_says(site: ObserverSite) -> None:
    assert inspected(site, "{{.State.Health.Status}}") == "healthy"
    assert inspected(site, "{{.Config.User}}") == "qts"
    assert [answered(site, path) for path in ("/health", "/", "/metrics")] == [200, 200, 200]
    assert re.search(r"observer v1\.2\.8 started", site.stage.server.docker("logs", container(site)))
    limits = json.loads(inspected(site, "{{json .HostConfig}}"))
    assert (limits["NanoCpus"], limits["Memory"]) == (1_000_000_000, 512 * 1024**2)
    assert (site.server_directory / "config/observer/state.json").is_file()
    assert (site.server_directory / "data/observer.jsonl").stat().st_size > 0
    assert site.stage.server.docker("diff", container(site)).strip() == ""


def test_the_unhealthy_version_turns_unhealthy(site: ObserverSite) -> None:
    with pytest.raises(StageError, match="unhealthy"):
        site.start_by_hand("v1.2.4")
    assert answered(site, "/health") == 503


def test_the_crashing_version_is_restarted_again_and_again(site: ObserverSite) -> None:
    with pytest.raises(StageError):
        site.start_by_hand("v1.2.7")
    assert soon(lambda: int(inspected(site, "{{.RestartCount}}")) >= 2)


def test_the_version_that_writes_outside_its_volumes_shows_in_the_container(site: ObserverSite) -> None:
    journal = site.server_directory / "data/observer.jsonl"
    site.start_by_hand("v1.3.2")
    before = journal.stat().st_mtime_ns
    assert soon(lambda: "/app/store/observer/observer.jsonl" in site.stage.server.docker("diff", container(site)))
    assert journal.stat().st_mtime_ns == before


def test_the_version_with_the_useless_check_is_healthy_whatever_happens(site: ObserverSite) -> None:
    site.start_by_hand("v1.3.4")
    assert "sys.exit(0)" in inspected(site, "{{json .Config.Healthcheck.Test}}")
