from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from config.contracts import Health, Probe, Watch
from tests.contract.tools.web import Site
from tools.clock import SystemClock
from tools.containers import Containers
from tools.former import baseline
from tools.health import Settled, probe, settle
from tools.hosts import Host
from tools.watch import Sample, observe

Make = Callable[..., Site]
CLOCK = SystemClock()
QUICK = {"interval": "1s", "timeout": "1s", "retries": 1, "start_period": "0s"}


async def _settled(host: Host, place: Site, path: str = "/health", *, limit: float = 10, retries: int = 0) -> Settled:
    request = Probe(url=place.url.removesuffix("/health") + path)
    health = Health(probe=request, timeout=timedelta(seconds=limit), retries=retries)
    return await settle(host, Containers(host), place.project, "web", health, CLOCK)


def _shell(script: str) -> dict[str, object]:
    return {"command": ["sh", "-c", script]}


async def test_a_service_that_answers_settles(host: Host, site: Make) -> None:
    place = site()
    await place.start(host)
    settled = await _settled(host, place)
    assert (settled.healthy, settled.cause, settled.log_tail) == (True, "", "")
    assert settled.answer
    assert (settled.answer.status, settled.answer.body) == (200, "fine\n")


async def test_a_health_check_of_the_container_is_waited_for(host: Host, site: Make) -> None:
    place = site(healthcheck={**QUICK, "test": "test -e /www/health"})
    await place.start(host)
    settled = await _settled(host, place)
    assert settled.healthy
    assert settled.container
    assert settled.container.health == "healthy"


async def test_an_unhealthy_container_fails_at_once(host: Host, site: Make) -> None:
    place = site(healthcheck={**QUICK, "test": "false"})
    await place.start(host)
    settled = await _settled(host, place, limit=30)
    assert settled.cause == "the container's health check reports unhealthy"
    assert settled.waited < timedelta(seconds=15)


async def test_a_container_that_exits_fails_at_once_with_its_code_and_log(host: Host, site: Make) -> None:
    place = site(**_shell("echo last words; exit 4"))
    await place.start(host)
    settled = await _settled(host, place, limit=30)
    assert (settled.healthy, settled.cause) == (False, "the container exited with code 4")
    assert settled.log_tail == "last words\n"


async def test_a_crash_loop_fails_at_once(host: Host, site: Make) -> None:
    place = site(restart="always", **_shell("sleep 0.3; exit 9"))
    await place.start(host)
    settled = await _settled(host, place, limit=30)
    assert settled.cause.startswith("the container keeps restarting")
    assert settled.waited < timedelta(seconds=15)


async def test_a_wrong_answer_fails_once_every_attempt_is_used_up(host: Host, site: Make) -> None:
    place = site()
    await place.start(host)
    settled = await _settled(host, place, "/absent", limit=0.5, retries=1)
    assert settled.cause == f"GET {place.url.removesuffix('/health')}/absent answered 404 instead of 200"
    assert settled.waited >= timedelta(seconds=1)


async def test_a_service_that_listens_late_is_waited_for(host: Host, site: Make) -> None:
    place = site(**_shell("sleep 1; mkdir -p /www; echo fine > /www/health; exec httpd -f -p 8080 -h /www"))
    await place.start(host)
    assert (await _settled(host, place)).healthy


async def test_where_no_container_ever_comes_the_wait_ends(host: Host, site: Make) -> None:
    assert (await _settled(host, site(), limit=0.3)).cause == "there is no container"


async def test_an_answer_that_takes_too_long_is_none(host: Host, site: Make) -> None:
    slow = "mkdir -p /www/cgi-bin; printf '#!/bin/sh\\nsleep 5\\n' > /www/cgi-bin/slow; chmod +x /www/cgi-bin/slow; "
    place = site(**_shell(slow.replace("chmod", "busybox chmod") + "exec httpd -f -p 8080 -h /www"))
    await place.start(host)
    assert await _answers(host, place)
    request = Probe(url=place.url.replace("/health", "/cgi-bin/slow"), within=timedelta(milliseconds=300))
    answer = await probe(host, request)
    assert (answer.status, answer.error) == (None, "no answer within 0.3 s")
    assert answer.latency < timedelta(seconds=3)


async def _answers(host: Host, place: Site) -> bool:
    return (await _settled(host, place, "/absent", limit=1)).answer is not None


async def test_a_port_where_nobody_listens_is_no_answer(host: Host, site: Make) -> None:
    answer = await probe(host, Probe(url=site().url))
    assert answer.status is None
    assert answer.error.startswith("no answer")


async def test_an_address_beyond_the_host_is_not_asked(host: Host) -> None:
    assert "loopback" in (await probe(host, Probe(url="http://192.0.2.1/"))).error


async def test_a_quiet_watch_sees_good_answers_and_nothing_else(host: Host, site: Make) -> None:
    place = site()
    await place.start(host)
    assert (await _settled(host, place)).healthy
    before = await baseline(host, Probe(url=place.url), CLOCK)
    samples = await _watch(host, place)
    assert before
    assert before.answers == 20
    assert before.slow
    assert {len(sample.latencies) for sample in samples} == {3}
    assert len(samples) == 4
    assert {(sample.status, sample.restarts, sample.error_lines, sample.running) for sample in samples} == {
        (200, 0, 0, True)
    }


async def test_error_lines_count_from_the_beginning_of_the_watch(host: Host, site: Make) -> None:
    before = "for i in 1 2 3 4 5 6 7 8 9; do echo ERROR before; echo ERROR before; done; mkdir /www; sleep 0.1; "
    place = site(**_shell(before + "(while sleep 1; do echo ERROR again; done) & exec httpd -f -p 8080 -h /www"))
    await place.start(host)
    assert await _answers(host, place)
    samples = await _watch(host, place)
    counts = [sample.error_lines for sample in samples]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1] < 18


async def test_a_watch_ends_early_once_it_has_seen_enough(host: Host, site: Make) -> None:
    place = site()
    await place.start(host)
    assert len(await _watch(host, place, lambda samples: len(samples) == 2)) == 2


async def test_a_container_that_was_replaced_counts_as_gone(host: Host, site: Make) -> None:
    place = site()
    await place.start(host)
    old = place.containers()[0]
    place.stage.server.docker("rm", "--force", old)
    assert [sample.running for sample in await _watch(host, place, container=old)] == [False] * 4


async def test_before_a_first_deploy_there_is_no_baseline(host: Host, site: Make) -> None:
    assert await baseline(host, Probe(url=site().url), CLOCK, probes=2) is None


async def _watch(
    host: Host,
    place: Site,
    enough: Callable[[Sequence[Sample]], bool] = lambda _: False,
    container: str = "",
) -> tuple[Sample, ...]:
    watch = Watch(window=timedelta(milliseconds=1500), every=timedelta(milliseconds=500))
    request = Probe(url=place.url)
    container = container or place.containers()[0]
    return await observe(Containers(host), container, [request], watch, CLOCK, enough=enough)


pytestmark = pytest.mark.usefixtures("stage")
