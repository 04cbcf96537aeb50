"""Sentences: every event has one, and people's decisions name people."""

from dataclasses import replace

import pytest

from agents import events
from agents.answers import Refusal
from agents.entrypoints.commands import Misread
from agents.entrypoints.headlines import headline, way_on
from agents.entrypoints.replies import help_text, misread, refused
from agents.entrypoints.voice import slack_voice
from agents.entrypoints.words import next_command, sentence
from agents.events import Event
from tests.unit.entrypoints.material import (
    APPROVED,
    LOCKED,
    QUESTION,
    REMARK,
    SLACK,
    TERMINAL,
    UNTIL_ASKED,
    UNTIL_DONE,
    ended,
    stage,
    view,
)
from tools.history.releases import Outcome

DIVERTED = events.Diverted("core", "ghcr.io/acme/core:a1", "spare.example/acme/core:a1", "ghcr.io is away.")
TAG_MISSED = events.TagMissed("core", "ghcr.io/acme/core:latest", "denied")
CAME = events.ArrivalLine("core", "alpha", "tunnel", "alpha may not pull it: denied.", 38_000)
SHIPPED = events.Shipped((CAME, events.ArrivalLine("core", "beta", "pull")), 1.5)
RESCUED = events.Rescued("observer", "alpha", "observer-1", 5, "/srv/observer/rescued/observer-1-ab.tar", 10_240)
SAVED = events.BackedUp(
    "alpha", "/srv/backups/r1", ("/app/data",), 10_240, 0.4, stopped=False, command="restore a b r1"
)
EVERY: tuple[Event, ...] = (
    *UNTIL_DONE,
    events.Queued("r1", "v1.2.2", 1),
    events.HeldBack("locked", "U0MAX", "the database moves", "2026-02-06T12:00:00+00:00"),
    events.TakenOver("", "r2", "2026-02-06T12:00:00+00:00", 7),
    events.ChecksAwaited("waiting", "1 of 3 has ended"),
    events.Objected("plan", (REMARK,)),
    DIVERTED,
    TAG_MISSED,
    SHIPPED,
    events.Compared(("alpha",), ("beta",), "no worse"),
    events.Voted(QUESTION, "U0MAX", "approved", 1, 2),
    events.CarriedOver(QUESTION, "U0MAX", "r0", "2026-02-06T12:00:00+00:00"),
    events.GlassBroken("U0MAX", "the shop is down"),
    events.Reviewed("U0HANA", "looked at the log, all well"),
    events.Synced("astrago-dev", "OutOfSync at 4f1c2d3e, Progressing", settled=False, seconds=1.2),
    RESCUED,
    events.RolledBack("observer", "alpha", "v1.2.2", healthy=True, seconds=3.0),
    events.Returned("observer", "alpha", "v1.2.2", healthy=True, seconds=3.0),
    SAVED,
    LOCKED,
    events.Acknowledged("U0MAX"),
    events.Unlocked("U0MAX"),
    events.Reminded(1, "U0HANA", "2026-02-06T12:00:00+00:00"),
    events.Resolved("unlocked", "U0HANA"),
    events.Published("v1.2.3", "https://github.com/acme/observer/releases/tag/v1.2.3"),
    events.Credited((events.CreditLine(7, "Expose counters", "ben", "U0BEN"),)),
)


def test_every_kind_of_event_has_a_sentence() -> None:
    assert {type(event) for event in EVERY} == set(Event.__args__)
    for event in EVERY:
        assert sentence(event, SLACK).strip()
        assert sentence(event, TERMINAL).strip()


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (
            DIVERTED,
            (
                "Warning: ghcr.io/acme/core:a1 was not taken by its registry, so it is spare.example/acme/core:a1 now, "
                "and deployed from there: ghcr.io is away."
            ),
        ),
        (
            TAG_MISSED,
            "Warning: the further tag ghcr.io/acme/core:latest was not pushed; nothing is deployed by it: denied",
        ),
        (
            events.Built("core", "ghcr.io/acme/core:a1", "sha256:" + "3" * 64, 1000, None, 0.0, reused=True),
            (
                "Image ghcr.io/acme/core:a1 taken over, since it was built from this commit before: 1.0 kB, "
                "digest 333333333333"
            ),
        ),
        (
            events.Opened("deploy", "observer", "staging", "0a1b2c3d4e5f", "github:ana", "push", "main"),
            "Set off by a push of ana (GitHub) to main: observer 0a1b2c3d4e5f in staging.",
        ),
        (
            events.Opened("deploy", "observer", "production", "v1.2.3", "github", "release"),
            "Set off by a release that somebody on GitHub published: observer v1.2.3 in production.",
        ),
        (events.ChecksAwaited("failed", "lint: failure"), "The checks of the commit have failed: lint: failure"),
        (
            events.Decided(QUESTION, "superseded", "r2", "0a1b2c3d4e5f (main) came after it"),
            "The plan was superseded by r2: 0a1b2c3d4e5f (main) came after it.",
        ),
        (APPROVED, "The plan was approved by U0HANA."),
        (events.Decided(QUESTION, "rejected", "U0MAX", "not today"), "The plan was rejected by U0MAX: not today."),
        (events.Decided(QUESTION, "expired", "time"), "Nobody decided in time; nothing was touched."),
        (
            events.Watched(6, 12.0, 31.0, ("latency: 258 %",)),
            "Watched 6 samples, median 31 ms (before: 12 ms): latency: 258 %",
        ),
        (
            events.Watched(6, 12.0, 13.0, (), component="web", host="alpha"),
            "Watched web on alpha, 6 samples, median 13 ms (before: 12 ms): no alarm.",
        ),
        (
            events.Watched(6, None, None, (), ("cpu 3 to 12 (limit 150)", "gpu not seen: kodex-1 has no nvidia-smi")),
            "Watched 6 samples: no alarm.\ncpu 3 to 12 (limit 150)\ngpu not seen: kodex-1 has no nvidia-smi",
        ),
        (
            events.Settled("observer", "alpha", healthy=False, seconds=60.2, cause="exited with 1", log_tail="a\nb"),
            "observer on alpha is NOT healthy after 1 min: exited with 1\nIts log:\na\nb",
        ),
        (
            events.RolledBack("observer", "alpha", "v1.2.2", healthy=False, seconds=3.0, detail="image gone"),
            "observer on alpha could NOT be brought back to v1.2.2. image gone",
        ),
        (
            events.Finished("rolled-back", "cancelled by U0ANA: wrong one", 62),
            "Ended: rolled back after 1 min 2 s: cancelled by U0ANA: wrong one",
        ),
    ],
)
def test_a_sentence_says_what_happened_to_whom(event: Event, told: str) -> None:
    assert sentence(event, TERMINAL) == told


@pytest.mark.parametrize("rests_on", [[], ["web-1: disk: 0.1 GiB free"]])
def test_a_likely_cause_says_once_that_it_is_likely(rests_on: list[str]) -> None:
    cause = "Likely: the host is not as it should be."
    told = sentence(events.Escalated("reported", 2, {"likely": [cause, *rests_on]}), SLACK)
    assert told.splitlines()[1:] == [cause, *(f"- {line}" for line in rests_on)]


def test_a_person_behind_an_end_is_called_by_name_and_nobody_else() -> None:
    told = sentence(events.Finished("cancelled", "cancelled by U0ANA: <!channel> U0MAX", 1), SLACK)
    assert "cancelled by <@U0ANA>: &lt;!channel&gt; U0MAX" in told


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Outcome.SUCCEEDED, "observer v1.2.3 in production runs"),
        (Outcome.ROLLED_BACK, "observer v1.2.3 in production: failed and was rolled back"),
        (Outcome.IN_DOUBT, "observer v1.2.3 in production: IN DOUBT, look at the hosts"),
    ],
)
def test_a_headline_says_how_it_ended(outcome: Outcome, told: str) -> None:
    assert headline(view((), **ended(outcome)), TERMINAL) == told


def test_every_outcome_has_a_headline_and_is_followed_by_its_cause() -> None:
    for outcome in Outcome:
        told = view((), **ended(outcome, "because of this"))
        assert "observer v1.2.3 in production" in headline(told, TERMINAL)
        assert "because of this" in way_on(told, TERMINAL)


def test_while_it_moves_the_headline_says_what_it_does() -> None:
    assert headline(view(UNTIL_ASKED), TERMINAL).endswith("waiting for approval")
    assert headline(view([events.Entered("verify")]), TERMINAL).endswith("verifying")
    assert headline(view(()), TERMINAL).endswith("starting")
    assert headline(view(stage("test")), TERMINAL).endswith("under way")
    assert headline(view((), kind="rollback"), TERMINAL).startswith("Rollback of observer to v1.2.3 in production")


def test_the_next_command_is_spelled_for_the_door_it_is_typed_at() -> None:
    assert next_command("deploy observer v1.2.3 to staging", SLACK) == "`/deploy observer v1.2.3 to staging`"
    assert next_command("deploy observer v1.2.3", TERMINAL) == "./shipmate deploy observer v1.2.3"
    assert next_command("check-config", SLACK) == "`./shipmate check-config`"
    assert next_command("Ask somebody else.", SLACK) == "Ask somebody else."


def test_a_refusal_has_its_code_how_things_stand_and_the_next_command() -> None:
    voice = slack_voice(people=["U0HANA"])
    told = refused(Refusal("not-an-approver", "Approvers: U0HANA, U0EVIL.", "status observer"), voice)
    assert told == "Not done (not-an-approver). Approvers: <@U0HANA>, U0EVIL.\nNext: `/deploy status observer`"


def test_a_misreading_offers_the_line_that_was_meant() -> None:
    told = misread(Misread("bad-version", "No <v>.", "Type it.", "/deploy observer v1.2.3"), SLACK)
    assert told == "I did not understand that (bad-version). No &lt;v&gt;.\nDid you mean `/deploy observer v1.2.3`?"


def test_help_says_what_can_be_typed() -> None:
    assert "`/deploy rollback SERVICE [to VERSION] [in ENV]`" in help_text(SLACK)


def test_the_way_of_each_image_is_told_once_with_what_it_weighed_and_why_it_was_taken() -> None:
    """P11: who reads it learns how the image came, and what kept the host from pulling."""
    told = sentence(SHIPPED, SLACK)
    assert "Shipped core: pulled by beta." in told
    assert (
        "Shipped core: pulled by alpha through the SSH connection, 38.0 kB sent, because alpha may not pull it" in told
    )


def test_p10_a_backup_says_how_far_it_is_of_one_moment_and_how_it_is_put_back() -> None:
    told = sentence(SAVED, TERMINAL)
    assert "Saved before anything was touched, and read back: /app/data on alpha, 10.2 kB" in told
    assert "may be from different moments" in told
    assert "./shipmate restore a b r1" in told
    assert "different moments" not in sentence(replace(SAVED, stopped=True), TERMINAL)
