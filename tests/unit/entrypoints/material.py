"""Releases and events to tell stories with."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from agents import events
from agents.entrypoints.view import ReleaseView
from agents.entrypoints.voice import slack_voice, terminal_voice
from agents.events import Event
from guardrails.plan import (
    Intended,
    Plan,
    PlannedComponent,
    PlannedStep,
    WayBack,
    digest,
    to_json,
)
from guardrails.plan_targets import ComposePlan, PlannedMount, PlannedService, Running
from guardrails.verdict import Finding, Level
from tools.history.releases import Outcome, Release, Status

SLACK, TERMINAL = slack_voice(), terminal_voice()
NOON = datetime(2026, 2, 6, 12, 0, tzinfo=UTC)
COMMIT, FORMER = "a1b2c3d" + "0" * 33, "e4f5a6b" + "0" * 33
IMAGE = "ghcr.io/acme/observer"
QUESTION = "20260206-120000-abcdef0/1"


def release(**changes: Any) -> Release:
    """A release of observer that has just begun."""
    plain = Release(
        id="20260206-120000-abcdef0",
        request="test/1",
        kind="deploy",
        service="observer",
        environment="production",
        version="v1.2.3",
        trigger="manual",
        requested_by="U0ANA",
        origin={"channel": "C0REL", "thread": ""},
        requested_at=NOON,
        status=Status.RUNNING,
        stage="",
        finished_at=None,
        outcome=None,
        cause="",
        commit="",
        from_version="",
        cancelled_by=None,
    )
    return replace(plain, **changes)


def plan(**changes: Any) -> Plan:
    """A plan for one component on one host."""
    before = Running(IMAGE, "sha256:" + "1" * 64, "sha256:" + "2" * 64, "v1.2.2", "services: {}", "c0ffee")
    plain = Plan(
        service="observer",
        environment="production",
        version="v1.2.3",
        commit=COMMIT,
        components=(PlannedComponent("observer", IMAGE, "v1.2.3", "sha256:" + "3" * 64, 48_100_000, 46_900_000),),
        target=ComposePlan(
            services=(PlannedService("observer", "observer"),),
            compose_text="services: {}",
            environment_names=("KIS_API_KEY",),
            mounts=(PlannedMount("observer", "bind", "./data", "/app/data/observer"),),
            hosts=("alpha",),
            directory="/srv/observer",
            project="observer",
        ),
        strategy="recreate",
        steps=(PlannedStep("observer", "alpha", before, Intended(IMAGE, "v1.2.3", "sha256:" + "3" * 64)),),
        ways_back=(WayBack("alpha", possible=True),),
        expected_downtime=timedelta(seconds=4),
    )
    return replace(plain, **changes)


ANALYZED = events.Analyzed(
    COMMIT,
    "v1.2.2",
    FORMER,
    {"backend": ("src/observer/main.py",), "database": ("migrations/0007.sql",)},
    (events.DecisionLine("skip_performance_test", "Only backend (src/observer/main.py) changed."),),
    (events.CommitLine(COMMIT, "Read prices faster", "Hana", 41),),
    ("database migration: migrations/0007.sql",),
)
UNIT = events.SuiteRan("unit", "unit", "passed", 42, (), 87.5, 12.3)
SKIPPED_SUITE = events.SuiteRan("performance", "performance", "skipped", 0, (), None, 0.0, "Only backend changed.")
BUILT = events.Built("observer", f"{IMAGE}:v1.2.3", "sha256:" + "3" * 64, 48_100_000, 46_900_000, 31.0)
GATE = (events.ConditionLine("tests", True, "All critical tests passed."), events.ConditionLine("disk", True, "alpha"))
REMARK = Finding("volume-anonymous", "observer", "A volume has no name.", "Name it.", Level.WARNING, "compose.yml:7")


def planned(drawn: Plan | None = None, **changes: Any) -> events.Planned:
    """The plan event of a plan."""
    drawn = drawn or plan()
    plain = events.Planned(
        digest(drawn),
        to_json(drawn),
        GATE,
        (REMARK,),
        ("environment: + KIS_RETRY", "image: v1.2.2 -> v1.2.3"),
        {"text": "Prices are read faster.", "author": "model", "flagged": ("twice as fast",)},
    )
    return replace(plain, **changes)


def asked(drawn: Plan | None = None, question: str = QUESTION) -> events.Asked:
    """The question about a plan."""
    expires = (NOON + timedelta(minutes=30)).isoformat()
    return events.Asked(question, digest(drawn or plan()), 1, ("U0HANA", "U0MAX"), expires)


def stage(name: str, status: str = "passed", seconds: float = 2.0, cause: str = "") -> tuple[Event, Event]:
    """A step that began and ended."""
    return events.Entered(name), events.Left(name, status, seconds, cause)


UNTIL_PLANNED: tuple[Event, ...] = (
    events.Opened("deploy", "observer", "production", "v1.2.3", "U0ANA"),
    *stage("analyze"),
    ANALYZED,
    *stage("test"),
    UNIT,
    SKIPPED_SUITE,
    *stage("build"),
    BUILT,
    events.Entered("plan"),
    planned(),
    events.Left("plan", "passed", 1.0),
)
UNTIL_ASKED: tuple[Event, ...] = (*UNTIL_PLANNED, asked(), events.Entered("approve"))
APPROVED = events.Decided(QUESTION, "approved", "U0HANA")
UNTIL_DONE: tuple[Event, ...] = (
    *UNTIL_ASKED,
    APPROVED,
    events.Left("approve", "passed", 60.0),
    events.Entered("deploy"),
    events.Moved("observer", "alpha", f"{IMAGE}:v1.2.2", f"{IMAGE}:v1.2.3", 3.1),
    events.Settled("observer", "alpha", healthy=True, seconds=4.0),
    events.Left("deploy", "passed", 7.1),
    events.Entered("verify"),
    events.Checked((events.ConditionLine("GET /health", True, "200 in 12 ms"),)),
    events.Watched(6, 12.0, 13.0, ()),
    events.Left("verify", "passed", 30.0),
    events.Finished("succeeded", "", 130.0),
)
REPORT = {
    "stage": "verify",
    "cause": "observer on alpha answered 500",
    "last_good": "v1.2.2",
    "log": "line one\nTraceback (most recent call last):\nValueError: no",
    "failures": [
        {"release": "20260206-110000-aaaaaaa", "version": "v1.2.1", "stage": "deploy", "cause": "unhealthy"},
        {"release": "20260206-120000-abcdef0", "version": "v1.2.3", "stage": "verify", "cause": "500"},
    ],
    "comparison": "v1.2.1 and v1.2.3 failed first in deploy, then in verify.",
    "locked_at": NOON.isoformat(),
    "checklist": {"restarts": 0, "disk": "12 GB free"},
    "analysis": "The handler raises for empty prices.",
}
LOCKED = events.Escalated("locked", 3, REPORT)


def view(happened: Iterable[Event], **changes: Any) -> ReleaseView:
    """A release after some events."""
    return ReleaseView(release(**changes), {event.key: event for event in happened})


def ended(outcome: Outcome, cause: str = "") -> dict[str, Any]:
    """The columns of a release that has ended."""
    return {
        "status": Status.FINISHED,
        "outcome": outcome,
        "cause": cause,
        "finished_at": NOON + timedelta(seconds=130),
    }
