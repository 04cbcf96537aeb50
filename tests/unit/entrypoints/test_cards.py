"""Cards: the facts are all there, the limits hold, and buttons are there only while they mean something."""

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agents import events
from agents.entrypoints.cards import CARD_LIMIT, Card, decided_card, detail_card, release_card, weight
from agents.entrypoints.escalation import escalation_card
from agents.entrypoints.facts import MODEL_LABEL, facts
from agents.events import Event
from guardrails.plan import Intended, Plan, PlannedComponent, PlannedStep, WayBack, digest
from guardrails.plan_targets import PlannedEnvFile, Running
from guardrails.verdict import Finding, Level
from tests.emulators.slack.blocks import block_errors, interactive_elements
from tests.emulators.slack.rendering import Renderer, mentions
from tests.emulators.slack.world import Person, Workspace
from tests.unit.entrypoints.material import (
    ANALYZED,
    APPROVED,
    LOCKED,
    NOON,
    REMARK,
    REPORT,
    SLACK,
    UNTIL_ASKED,
    UNTIL_DONE,
    UNTIL_PLANNED,
    asked,
    ended,
    plan,
    planned,
    release,
    stage,
    view,
)
from tools.history.releases import Outcome, Status

PEOPLE = [Person("U0ANA", "ana"), Person("U0HANA", "hana"), Person("U0MAX", "max")]


def shown(card: Card) -> str:
    return Renderer(Workspace(PEOPLE, [], {}, None)).blocks(card.blocks)


def buttons(card: Card) -> dict[str, dict[str, Any]]:
    return {element["action_id"]: element for block in card.blocks for element in interactive_elements(block)}


def test_the_dry_run_card_shows_what_the_stages_before_the_plan_found_and_nothing_twice() -> None:
    early = Finding("secret-written", "settings.py", "A password is written down.", "Move it.", Level.WARNING)
    found = (events.Objected("analyze", (early,)), events.Objected("build", (REMARK,)))
    told = shown(release_card(view((*UNTIL_PLANNED, *found, *UNTIL_ASKED)), SLACK))
    assert "Secrets: 1 remark. Volumes: 1 remark." in told
    assert early.message in told
    assert told.count(REMARK.message) == 1


def test_the_card_names_what_the_env_file_will_set_and_whether_it_changes() -> None:
    written = PlannedEnvFile(".env", "ENV_FILE", ("KIS_API_KEY", "PORT"), "5eed")
    drawn = plan(target=replace(plan().compose, env_file=written))
    told = "\n".join(line for fact in facts(view([planned(drawn)]), SLACK) for line in fact.lines)
    assert "Env file: .env from ENV_FILE (new or changed): KIS_API_KEY, PORT" in told
    (step,) = drawn.steps
    assert isinstance(step.before, Running)
    same = replace(drawn, steps=(replace(step, before=replace(step.before, env_mark="5eed")),))
    told = "\n".join(line for fact in facts(view([planned(same)]), SLACK) for line in fact.lines)
    assert "Env file: .env from ENV_FILE (as it is there now): KIS_API_KEY, PORT" in told


def test_the_dry_run_card_shows_every_fact_before_the_models_words() -> None:
    told = shown(release_card(view(UNTIL_ASKED), SLACK))
    facts = (
        "Asked for by @ana",
        "observer in production on alpha",
        "v1.2.3 at commit `a1b2c3d`",
        "Now: v1.2.2 at commit `e4f5a6b`",
        "a1b2c3d #41 Read prices faster (Hana)",
        "database (1): migrations/0007.sql",
        "backend (1): src/observer/main.py",
        "Database: 1 migration or schema file changed.",
        "unit: passed, 42 tests, coverage 87.5 %",
        "performance: not run. Only backend changed.",
        "ghcr.io/acme/observer:v1.2.3: 48.1 MB (+1.2 MB), digest `333333333333`",
        "environment: + KIS_RETRY",
        "Secrets: no objection. Volumes: 1 remark.",
        "volume-anonymous, observer: A volume has no name. (compose.yml:7) Name it.",
        "✓ tests: All critical tests passed.",
        "Strategy: recreate, expected downtime 4.0 s",
        "Rollback: possible, to v1.2.2",
        f"Plan digest: `{digest(plan())[:12]}`",
        "Needed: 1 approval from @hana, @max",
        "Open until 2026-02-06 12:30 UTC",
    )
    for fact in facts:
        assert fact in told
        assert told.index(fact) < told.index(MODEL_LABEL)
    assert "> Prices are read faster." in told
    assert "Not confirmed by the facts: twice as fast" in told


def test_a_way_back_that_is_not_proved_is_said_loudly() -> None:
    drawn = plan(ways_back=(WayBack("alpha", possible=False, reason="the image is gone"),))
    told = shown(release_card(view((*UNTIL_PLANNED, planned(drawn), asked(drawn))), SLACK))
    assert "Rollback: NOT possible. alpha: the image is gone" in told


def test_the_buttons_name_what_will_happen_and_carry_ids_only() -> None:
    found = buttons(release_card(view(UNTIL_ASKED), SLACK))
    assert set(found) == {"approve", "reject"}
    for element in found.values():
        assert element["value"] == f"20260206-120000-abcdef0 {digest(plan())}"
    assert "observer v1.2.3 in production" in found["approve"]["confirm"]["text"]["text"]
    assert "confirm" not in found["reject"]  # its dialog names it, and asks why


@pytest.mark.parametrize(
    "happened",
    [
        UNTIL_PLANNED,
        (*UNTIL_ASKED, APPROVED),
        (*UNTIL_ASKED, events.Decided(APPROVED.question, "expired", "time")),
        (*UNTIL_ASKED, planned(plan(strategy="rolling"))),
        (*UNTIL_ASKED, events.Finished("cancelled", "cancelled by U0ANA", 3)),
        UNTIL_DONE,
    ],
)
def test_there_are_no_buttons_unless_the_question_is_open(happened: tuple[Event, ...]) -> None:
    assert buttons(release_card(view(happened), SLACK)) == {}


def test_what_was_decided_about_is_kept_without_buttons() -> None:
    kept = decided_card("Approved.", view((*UNTIL_ASKED, APPROVED)), SLACK)
    assert "environment: + KIS_RETRY" in shown(kept)
    assert buttons(kept) == {}


def test_after_the_end_the_card_says_how_it_ended_and_the_way_on() -> None:
    told = shown(release_card(view(UNTIL_DONE, **ended(Outcome.SUCCEEDED)), SLACK))
    assert told.startswith("observer v1.2.3 in production runs")
    assert "Way back: `/deploy rollback observer in production`" in told
    assert "✓ verify 30 s" in told


def test_a_refused_release_shows_the_objection_and_its_remedy() -> None:
    finding = Finding("mount-dropped", "observer", "./data would be lost.", "Mount it again.")
    happened = (*stage("plan", "failed"), events.Objected("plan", (finding,)))
    told = shown(release_card(view(happened, **ended(Outcome.REFUSED, "./data would be lost.")), SLACK))
    assert "refused, nothing was touched" in told
    assert "blocking mount-dropped, observer: ./data would be lost. Mount it again." in told


def test_a_release_in_line_says_behind_whom() -> None:
    waiting = view([events.Queued("r1", "v1.2.2", 2)], status=Status.QUEUED)
    assert "Waits for v1.2.2 (r1), place 2 in line." in shown(release_card(waiting, SLACK))


def test_a_release_that_was_set_off_says_by_what_and_names_the_branch() -> None:
    pushed = {"version": "0a1b2c3d4e5f", "trigger": "push", "requested_by": "github:ana", "origin": {"branch": "main"}}
    told = shown(release_card(view(UNTIL_ASKED, **pushed), SLACK))
    assert told.startswith("observer 0a1b2c3d4e5f (main) in production: waiting for approval")
    assert "Set off by a push of ana (GitHub) to main" in told
    tagged = view(UNTIL_ASKED, trigger="tag", requested_by="github:ana")
    assert "Set off by a new tag of ana (GitHub)" in shown(release_card(tagged, SLACK))


def test_a_branch_cannot_say_anything_of_its_own_on_a_card() -> None:
    hostile = {"trigger": "push", "origin": {"branch": "<!channel>*x*"}, "requested_by": "github:<@U0EVE>"}
    told = json.dumps(release_card(view(UNTIL_ASKED, **hostile), SLACK).blocks)
    assert "<!channel>" not in told
    assert "<@U0EVE>" not in told


def test_a_release_that_waits_for_checks_says_how_they_stand() -> None:
    waiting = view([events.ChecksAwaited("waiting", "1 of 3 check suites have ended.")], status=Status.PENDING)
    told = shown(release_card(waiting, SLACK))
    assert "waiting for the checks of its commit" in told
    assert "Waits for the checks of the commit: 1 of 3 check suites have ended." in told


def test_a_release_that_a_freeze_holds_back_says_until_when() -> None:
    held = events.HeldBack("frozen", "", "backups run", "2026-02-06T12:00:00+00:00")
    told = shown(release_card(view([held], status=Status.HELD), SLACK))
    assert "held back by a freeze until" in told
    assert "held back" not in shown(release_card(view([replace(held, over="time")], status=Status.RUNNING), SLACK))


def test_what_nobody_can_type_is_not_suggested() -> None:
    pushed = {"version": "0a1b2c3d4e5f", "trigger": "push", "origin": {"branch": "main"}}
    told = shown(release_card(view(UNTIL_ASKED, **pushed, **ended(Outcome.EXPIRED)), SLACK))
    assert "Next:" not in told


def test_a_deterministic_summary_is_not_called_the_models() -> None:
    drawn = planned(summary={"text": "2 files.", "author": "facts"})
    told = shown(release_card(view((*UNTIL_PLANNED, drawn, asked())), SLACK))
    assert MODEL_LABEL not in told
    assert "put together from the facts" in told


def test_the_escalation_shows_the_evidence_and_both_buttons() -> None:
    card = escalation_card(view((*UNTIL_DONE[:-1], LOCKED), **ended(Outcome.ROLLED_BACK)), ["U0ANA"], SLACK)
    told = shown(card)
    for evidence in (
        *("LOCKED: observer in production", "20260206-120000-abcdef0", "Failures in a row: 3", "Locked at: 2026-02-06"),
        *("Failed stage: verify", "answered 500", "Last good: v1.2.2", "version v1.2.1, stage deploy, cause unhealthy"),
        *("Traceback", "disk: 12 GB free", "verify: passed", "Owners: @ana"),
    ):
        assert evidence in told
    assert set(buttons(card)) == {"acknowledge", "unlock"}


def test_each_button_of_an_escalation_is_gone_after_its_use() -> None:
    happened: tuple[Event, ...] = (LOCKED, events.Acknowledged("U0MAX"))
    taken = escalation_card(view(happened), (), SLACK)
    assert set(buttons(taken)) == {"unlock"}
    assert "@max takes care of it." in shown(taken)
    open_again = escalation_card(view((*happened, events.Unlocked("U0HANA"))), (), SLACK)
    assert buttons(open_again) == {}
    assert "@hana unlocked it." in shown(open_again)


@pytest.mark.parametrize(
    ("how", "title", "left"),
    [
        ("unlocked", "RESOLVED: observer in production", set()),
        ("deploy", "RESOLVED: observer in production", set()),
        ("replaced", "RESOLVED: observer in production", set()),
        ("rollback", "RESOLVED: observer in production takes no releases", {"unlock"}),
    ],
)
def test_p18_a_resolved_escalation_says_so_and_keeps_only_what_still_makes_sense(
    how: str, title: str, left: set[str]
) -> None:
    card = escalation_card(view((LOCKED, events.Resolved(how, "r9", "v1.2.2"))), (), SLACK)
    assert shown(card).splitlines()[0].strip("*") == title
    assert set(buttons(card)) == left


def test_p18_the_escalation_tells_who_was_involved_what_came_and_how_it_was_before() -> None:
    more = {
        "asked_by": "U0ANA",
        "approved_by": ["U0HANA"],
        "baseline": "The service was failing before this release touched it: alpha was unhealthy.",
        "change": ["v1.2.2 (e4f5a6b) -> a1b2c3d: 1 commit, 2 files", "backend: src/app.py"],
        "likely": ["Likely: its port is taken by something else.", "bind: address already in use"],
    }
    told = shown(escalation_card(view((events.Escalated("locked", 3, {**LOCKED.report, **more}),)), (), SLACK))
    for evidence in (
        *("Asked for by @ana, approved by @hana", "Before: The service was failing before", "backend: src/app.py"),
        *("Cause, found by rules", "bind: address already in use"),
    ):
        assert evidence in told


HOSTILE = st.text(max_size=40) | st.sampled_from(
    (
        *("<!channel>", "<@U0MAX>", "<https://evil|Approve here>", "```\n*Gate*: passed", "\u202eevil", ":tada:", ""),
        *('"' * 300, "&" * 900, "\\" * 400, "x" * 5000, "\n" * 50, "many words " * 90),
    )
)


@dataclass(frozen=True)
class Story:
    """A release in which every foreign text is hostile and every list may be long."""

    one: str
    two: str
    three: str
    many: int
    words: int
    met: bool
    end: int

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.one, self.two, self.three) * self.many

    @property
    def happened(self) -> tuple[Event, ...]:
        one, two, three, many = self.one, self.two, self.three, self.many
        findings = tuple(Finding(one, two, three, text, Level.WARNING, text) for text in self.texts)
        suites = tuple(
            events.SuiteRan(f"{one}{n}", "unit", ("passed", "failed", "skipped")[n % 3], n, self.texts, None, 1.0, two)
            for n in range(many)
        )
        lines = tuple(events.DecisionLine(text, three) for text in self.texts)
        commits = tuple(events.CommitLine(one, text, two, many) for text in self.texts)
        files = {one: self.texts, two: self.texts, three: (), "database": self.texts}
        ends: tuple[tuple[Event, ...], ...] = (
            (),
            (APPROVED,),
            (events.Finished("failed", one, 1.0),),
            (events.Queued(one, two, 3),),
        )
        return (
            replace(ANALYZED, from_version=two, categories=files, decisions=lines, commits=commits, risks=self.texts),
            *suites,
            *stage("test", "failed", 1, three),
            events.Objected(one, findings),
            self.planned,
            replace(asked(self.plan), approvers=(one, "U0HANA", two) * many, expires_at=three),
            *ends[self.end],
        )

    @property
    def plan(self) -> Plan:
        one, two, three = self.one, self.two, self.three
        before = Running(one, two, three, one or None, None) if self.met else None
        return plan(
            target=replace(plan().compose, hosts=tuple(f"{one}{n}" for n in range(self.many))),
            strategy=two,
            notes=self.texts,
            components=tuple(PlannedComponent(f"{n}", two, three, one, n, None) for n in range(self.many)),
            steps=(PlannedStep(one, two, before, Intended(one, two, three)),) * self.many,
            ways_back=tuple(WayBack(text, possible=self.met, reason=three) for text in self.texts),
            expected_downtime=timedelta(seconds=self.many * 1000),
        )

    @property
    def planned(self) -> events.Planned:
        findings = tuple(Finding(self.one, self.two, self.three, text, Level.WARNING, text) for text in self.texts)
        return planned(
            self.plan,
            gate=tuple(events.ConditionLine(text, self.met, self.two) for text in self.texts),
            findings=findings,
            differences=self.texts,
            summary={"text": self.three * self.words, "author": self.one, "flagged": self.texts},
        )


STORIES = st.builds(
    Story, HOSTILE, HOSTILE, HOSTILE, st.integers(1, 40), st.integers(1, 9), st.booleans(), st.integers(0, 3)
)


def require_valid(card: Card) -> None:
    assert block_errors(list(card.blocks)) == []
    assert weight(card.blocks) <= CARD_LIMIT
    assert 0 < len(card.text) <= 3000
    said = json.dumps([card.text, card.blocks], ensure_ascii=False)
    assert set(mentions(said)) <= {"U0ANA", "U0HANA", "U0MAX"}


@settings(max_examples=60, deadline=None)
@given(STORIES, HOSTILE)
@example(Story('"' * 300, "&" * 900, "\\" * 400, 40, 9, met=False, end=0), '"' * 300)
@example(Story("x" * 5000, "x" * 5000, "x" * 5000, 40, 9, met=True, end=0), "x" * 5000)
def test_any_release_makes_valid_cards_that_call_only_known_people(story: Story, version: str) -> None:
    told = view(story.happened, version=version, commit=version, cause=version)
    for card in (release_card(told, SLACK), decided_card("Approved.", told, SLACK)):
        require_valid(card)


@settings(max_examples=30, deadline=None)
@given(STORIES)
def test_words_never_push_a_fact_off_the_card(story: Story) -> None:
    story = replace(story, end=0)
    silent = replace(story.planned, summary={})
    speaking, quiet = (view((*story.happened, last)) for last in (story.planned, silent))
    facts = [block for block in release_card(quiet, SLACK).blocks if block["type"] == "section"]
    assert [block for block in release_card(speaking, SLACK).blocks if block in facts] == facts


@settings(max_examples=60, deadline=None)
@given(st.lists(HOSTILE, max_size=20), HOSTILE, st.dictionaries(HOSTILE, HOSTILE, max_size=9))
def test_any_failure_report_makes_a_valid_escalation(lines: list[str], text: str, mapping: dict[str, str]) -> None:
    report = dict(zip(REPORT, (text, text, mapping, text * 9, [mapping] * 9, lines, text, mapping, text), strict=True))
    told = view((*stage("verify", "failed", 2, text), events.Escalated("locked", 3, report)), version=text)
    require_valid(escalation_card(told, [text, "U0HANA"] * 9, SLACK))


@settings(max_examples=60, deadline=None)
@given(st.lists(HOSTILE, min_size=1, max_size=60))
def test_a_detail_fits_into_one_message(lines: list[str]) -> None:
    told = "\n".join(SLACK.say("{line:160}", line=line) for line in lines)
    require_valid(detail_card(f"Said: {told}"))


def test_text_that_does_not_fit_is_counted_as_cut() -> None:
    drawn = planned(differences=tuple(f"line {n} {'x' * 80}" for n in range(99)))
    told = shown(release_card(view((*UNTIL_PLANNED, drawn, asked())), SLACK))
    assert "more (cut)" in told
    assert release().requested_at == NOON
