"""P12, P24: a release to fifty hosts tells how far it has come, in one card and a handful of messages."""

from dataclasses import replace

import pytest

from agents import events
from agents.entrypoints.cards import detail_card, release_card, weight
from agents.entrypoints.fleet import APART, Progress, progress, told
from agents.entrypoints.strategy import strategy_lines
from agents.entrypoints.view import ReleaseView
from agents.entrypoints.words import sentence
from agents.events import Event
from guardrails.plan import Plan
from tests.unit.entrypoints.material import SLACK, TERMINAL, UNTIL_ASKED, plan, planned, view

HOSTS = tuple(f"web-{number}" for number in range(50))
DEPLOYING: tuple[Event, ...] = (*UNTIL_ASKED, events.Left("approve", "passed", 1.0), events.Entered("deploy"))
ROLLING_BACK: tuple[Event, ...] = (events.Left("deploy", "failed", 9.0, "no"), events.Entered("roll_back"))


def fleet_of(hosts: tuple[str, ...], at_once: int = 1) -> Plan:
    (step,) = plan().steps
    target = replace(plan().compose, hosts=hosts, at_once=at_once)
    return replace(plan(), target=target, steps=tuple(replace(step, place=host) for host in hosts))


def seen(*happened: Event, hosts: tuple[str, ...] = HOSTS, at_once: int = 1) -> ReleaseView:
    return view((*DEPLOYING, planned(fleet_of(hosts, at_once)), *happened))


def moved(host: str, *, healthy: bool = True) -> tuple[Event, Event]:
    return (
        events.Moved("observer", host, "v1.2.2", "v1.2.3", 1.0),
        events.Settled("observer", host, healthy=healthy, seconds=2.0, cause="" if healthy else "answers 500"),
    )


def back(host: str, *, healthy: bool = True) -> Event:
    return events.RolledBack("observer", host, "v1.2.2", healthy, 1.0, "" if healthy else "is away")


@pytest.mark.parametrize(
    ("happened", "come"),
    [
        ((), Progress(0, 50)),
        ((*moved("web-0"), *moved("web-1"), *moved("web-2")), Progress(3, 50)),
        ((*moved("web-0"), *moved("web-1", healthy=False)), Progress(1, 50)),
        ((*moved("web-0"), *moved("web-1", healthy=False), *ROLLING_BACK), Progress(0, 2, back=True)),
        ((*moved("web-0"), *moved("web-1", healthy=False), *ROLLING_BACK, back("web-1")), Progress(1, 2, back=True)),
        ((*moved("web-0"), events.Left("deploy", "passed", 1.0), events.Entered("verify")), None),
    ],
)
def test_the_hosts_that_are_done_are_counted(happened: tuple[Event, ...], come: Progress | None) -> None:
    assert progress(seen(*happened)) == come


def test_what_was_touched_without_a_word_counts_with_its_batch() -> None:
    assert progress(seen(*moved("web-0"), *ROLLING_BACK, at_once=10)) == Progress(0, 10, back=True)


def test_one_host_is_not_counted() -> None:
    assert progress(seen(*moved("alpha"), hosts=("alpha",))) is None


def test_the_card_names_how_far_it_has_come() -> None:
    shown = release_card(seen(*moved("web-0"), *moved("web-1"), *moved("web-2")), SLACK)
    assert "deploy ... 3 of 50 hosts" in str(shown.blocks)


def told_of(shown: ReleaseView) -> dict[str, str]:
    kinds = (events.Settled, events.RolledBack, events.Rescued)
    happened = [one for one in shown.happened.values() if isinstance(one, kinds)]
    return {key: text for key, text, _ in told(shown, happened, TERMINAL)}


def test_p24_fifty_healthy_hosts_are_one_message_that_is_edited() -> None:
    shown = told_of(seen(*(event for host in HOSTS for event in moved(host))))
    assert shown == {"settled": "Healthy: observer on 50 hosts, the last web-49."}


def test_p24_of_many_that_fail_the_first_have_a_message_with_their_log_and_the_others_a_line() -> None:
    happened = [event for host in HOSTS[:30] for event in moved(host)]
    happened += [event for host in HOSTS[30:] for event in moved(host, healthy=False)]
    shown = told_of(seen(*happened))
    assert len(shown) == 1 + APART
    assert shown["settled:observer@web-30"].startswith("observer on web-30 is NOT healthy")
    first, *others = shown["settled"].splitlines()
    assert first == "Healthy: observer on 30 hosts, the last web-29."
    assert len(others) == 20 - APART
    assert others[-1] == "observer on web-49 is NOT healthy after 2.0 s: answers 500"
    assert weight(detail_card(shown["settled"]).blocks) < 4_000


def test_p24_a_host_that_could_not_be_put_back_is_named_beside_those_that_were() -> None:
    happened = [*(event for host in HOSTS[:7] for event in moved(host)), *ROLLING_BACK]
    shown = told_of(seen(*happened, *(back(host, healthy=host != "web-3") for host in HOSTS[:7])))
    assert shown["rolled-back"] == "Back and healthy: observer on 6 hosts, the last web-6."
    assert shown["rolled-back:observer@web-3"] == "observer on web-3 could NOT be brought back to v1.2.2. is away"


def test_a_few_hosts_are_told_one_by_one_as_ever() -> None:
    few = seen(*moved("web-0"), *moved("web-1"), hosts=HOSTS[:3])
    assert set(told_of(few)) == {"settled:observer@web-0", "settled:observer@web-1"}


def test_the_plan_tells_who_goes_first_and_how_many_side_by_side() -> None:
    def lines(drawn: Plan) -> list[str]:
        return [line for line in strategy_lines(drawn, TERMINAL) if line.startswith(("Canary", "Order"))]

    assert lines(plan()) == []
    assert lines(fleet_of(HOSTS)) == ["Order: 50 hosts, one by one; all or none"]
    drawn = fleet_of(HOSTS, at_once=10)
    canary, order = lines(replace(drawn, target=replace(drawn.compose, canaries=2)))
    assert canary.startswith("Canary: web-0, web-1 first; the others follow")
    assert order == "Order: 48 hosts, 10 side by side; all or none"


def test_p24_fifty_watches_are_one_message_and_an_alarm_is_told_apart() -> None:
    watched = [events.Watched(7, 12.0, 13.0, (), component="observer", host=host) for host in HOSTS[1:]]
    alarm = events.Watched(3, 12.0, 13.0, ("1 of 3 looks met a server error",), component="observer", host="web-0")
    told_all = list(told(seen(alarm, *watched), [alarm, *watched], TERMINAL))
    assert [text.partition("\n")[0] for _, text, _ in told_all] == [
        "Watched observer on web-0, 3 samples, median 13 ms (before: 12 ms): 1 of 3 looks met a server error",
        "Watched without an alarm: observer on 49 hosts, the last web-49.",
    ]


def test_of_the_checks_of_many_hosts_those_that_failed_are_told_first() -> None:
    checks = tuple(
        events.ConditionLine(f"observer on {host}: start", met=host != "web-44", detail="seen") for host in HOSTS
    )
    first, second, *others = sentence(events.Checked(checks), TERMINAL).splitlines()
    assert first == "1 of 50 checks failed:"
    assert second.startswith("✗ observer on web-44: start")
    assert others[-1] == "... and 38 more (cut)"
