"""P10 the way back is proved first: tried out on every host, told before anybody approves, and measured."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents.destinations.compose.expectation import measured
from agents.destinations.compose.rehearsal import former, obstacles, rehearsed
from agents.destinations.compose.survey import Found, Surveyed
from agents.entrypoints.voice import terminal_voice
from agents.entrypoints.way_back import rollback_line, way_back_lines
from agents.toolbox import Server, Toolbox
from guardrails.gate import HostFacts, gate
from tests.unit.agents.test_draft import HOSTS, SERVICE, drawn, found, host
from tools.compose import Compose
from tools.errors import TimedOut
from tools.history.journal import Entry
from tools.inspection import ContainerMount
from tools.redaction import Redactor
from tools.rehearsal import Rehearsed, rehearsal, rehearsed_in

VOICE = terminal_voice()


def with_mounts(part: Found, *mounts: ContainerMount) -> Found:
    assert part.container
    return replace(part, container=replace(part.container, mounts=mounts))


def test_p10_what_is_tried_out_is_what_the_running_containers_need() -> None:
    compose = Compose(cast("Any", None), PurePosixPath("/srv"), PurePosixPath("deploy/compose.yml"), "observer")
    parts = [
        with_mounts(found("api"), ContainerMount("bind", "/srv/data", "/data"), ContainerMount("tmpfs", "", "/tmp")),
        with_mounts(found("worker", kept=False), ContainerMount("volume", "kept", "/kept")),
    ]
    needed = former(cast("Server", SimpleNamespace(compose=compose)), parts, "IMAGE_TAG")
    assert (needed.images, needed.volumes, needed.paths) == (("sha256:old-api",), ("kept",), ("/srv/data",))
    assert needed.reading[:2] == ("env", "IMAGE_TAG=v1.2.2")
    assert needed.reading[-4:] == ("--file", "/srv/compose.yml", "config", "--quiet")
    assert rehearsal(needed)[4:10] == ("1", "sha256:old-api", "1", "kept", "1", "/srv/data")


def test_p10_the_answer_of_a_rehearsal_is_read_and_half_an_answer_is_none() -> None:
    seen = rehearsed_in(
        "image\ta\t\nimage\tb\tno such layer\ngone\tkept\t\ncompose\t\tfailed: X is\trequired\ndone\t\t\n"
    )
    assert seen == Rehearsed({"b": "no such layer"}, ("kept",), "X is\trequired")
    assert rehearsed_in("image\ta\t\ncompose\t\t\ndone\t\t\n") == Rehearsed()
    with pytest.raises(Exception, match="could not be tried out"):
        rehearsed_in("image\ta\t\n")


def test_p10_each_thing_that_going_back_would_fail_of_is_said() -> None:
    seen = Rehearsed({"sha256:old-api": "no such layer"}, ("kept",), "no .env")
    assert list(obstacles(seen, [found("api")])) == [
        "no container can be made from registry.example.com/api:v1.2.2: no such layer",
        "the compose file there cannot be read: no .env",
        "mounted and not there any more: kept",
    ]


async def test_p10_a_host_on_which_nothing_can_be_tried_out_has_no_proved_way_back() -> None:
    async def fails(*_: object, **__: object) -> None:
        raise TimedOut("It took too long.")

    reading = SimpleNamespace(reading=lambda *_: ("true",))
    server = SimpleNamespace(name="web-1", host=SimpleNamespace(run=fails), compose=reading)
    tools = SimpleNamespace(
        servers={"web-1": server, "web-2": None},
        service=SERVICE,
        environment=SERVICE.environments["production"],
        redactor=Redactor(),
    )
    nothing = Surveyed("web-2", components={"api": Found(None, None, image_kept=False)})
    tried, untouched = await rehearsed(cast("Toolbox", tools), [HOSTS[0], nothing])
    assert tried.obstacles == ("it could not be tried out: It took too long.",)
    assert untouched == nothing


def test_p10_what_was_tried_out_decides_about_the_way_back() -> None:
    tried = replace(HOSTS[0], rehearsed=True)
    assert "tried out" in drawn(hosts=(tried, HOSTS[1])).ways_back[0].reason
    broken = replace(tried, obstacles=("the compose file there cannot be read: no .env",))
    plan = drawn(hosts=(broken, HOSTS[1]))
    assert [way.possible for way in plan.ways_back] == [False, True]
    assert rollback_line(plan, VOICE).startswith("Rollback: NOT possible. web-1: the compose file there cannot be read")


def test_p10_an_archive_is_a_second_source_of_an_image_that_is_gone() -> None:
    gone = found("api", kept=False)
    archived = host("web-1", api=replace(gone, archived=True), worker=found("worker"))
    way = drawn(hosts=(archived, HOSTS[1])).ways_back[0]
    assert (way.possible, "is gone, and an archive of it is" in way.reason) == (True, True)


def test_p10_an_obstacle_on_one_host_closes_the_gate() -> None:
    facts = HostFacts("web-1", reachable=True, free_bytes=10**12, first_deploy=False, previous_kept=True)
    for broken in (False, True):
        one = replace(facts, obstacles=("it is broken",) if broken else ())
        weighed = gate(critical_passed=True, images={"a": True}, hosts=[one], minimum_free_bytes=1)
        assert weighed.open is not broken
    assert "web-1: going back would fail: it is broken" in weighed.conditions[2].detail


def test_p10_the_card_tells_what_going_back_takes_and_does_not_bring_back() -> None:
    lost = ("data written meanwhile, which stays as the new version wrote it", "1.sql: it drops table a")
    ways = [replace(way, takes=timedelta(seconds=3.2), lost=lost, reason="tried out") for way in drawn().ways_back]
    assert list(way_back_lines(replace(drawn(), ways_back=tuple(ways)), VOICE)) == [
        "web-1, web-2: tried out; expected to take 3.2 s",
        "Not undone: data written meanwhile, which stays as the new version wrote it",
        "Not undone: 1.sql: it drops table a",
    ]


def entry(release: str, kind: str, seconds: float, place: str = "web-1", *, healthy: bool = True) -> Entry:
    body = {"host": place, "seconds": seconds, "healthy": healthy}
    return Entry(0, release, f"{kind}{seconds}", kind, body, datetime(2026, 1, 1, tzinfo=UTC))


def test_p10_how_long_it_takes_is_measured_from_earlier_ways_back_or_else_from_the_last_way_forward() -> None:
    forward = [entry("r1", "moved", 9), entry("r2", "moved", 2), entry("r2", "settled", 1.5)]
    assert measured(forward) == {"web-1": timedelta(seconds=3.5)}
    back = [entry(f"r{n}", "rolled-back", float(n)) for n in (3, 4, 9)]
    failed = [entry("r9", "rolled-back", 60, healthy=False), entry("r2", "moved", 7, "web-2")]
    assert measured([*forward, *back, *failed]) == {"web-1": timedelta(seconds=4), "web-2": timedelta(seconds=7)}
    assert measured([]) == {}
