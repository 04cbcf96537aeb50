import asyncio
import json
from datetime import timedelta

import pytest

from agents.entrypoints.checkup.check import Check, Group, State, missing, ok, optional, settled, unknown
from agents.entrypoints.checkup.report import closing, is_ready, json_report, text_report
from tools.errors import Denied
from tools.redaction import Redactor

GROUPS = (
    Group("Machine", (ok("git", "2.39.2"), missing("compose", "not installed", "apt-get install it"))),
    Group("Model", (optional("ANTHROPIC_API_KEY", "not set", "Set it."), unknown("the rest", "not looked at"))),
)
SECRET = "xoxb-" + "1234-abcdefghijkl"


def as_it_is(text: str) -> str:
    return text


def one(check: Check) -> tuple[Group]:
    return (Group("Group", (check,)),)


def test_lines_are_aligned_and_the_remedy_stands_below_what_is_missing() -> None:
    assert text_report(GROUPS, as_it_is) == (
        "Machine\n"
        "  ok        git                2.39.2\n"
        "  MISSING   compose            not installed\n"
        "                               -> apt-get install it\n"
        "\n"
        "Model\n"
        "  optional  ANTHROPIC_API_KEY  not set\n"
        "                               -> Set it.\n"
        "  unknown   the rest           not looked at\n"
        "\n"
        "1 thing is missing (1 optional thing left out, 1 thing could not be told): "
        "follow the arrows, then run `./shipmate doctor` again.\n"
    )


@pytest.mark.parametrize(
    ("check", "ready", "sentence"),
    [
        (ok("a"), True, "Everything that is required is there."),
        (optional("a", "no", "get it"), True, "Everything that is required is there (1 optional thing left out)."),
        (unknown("a", "?"), True, "Everything that is required is there (1 thing could not be told)."),
        (missing("a", "no", "get it"), False, "1 thing is missing: follow the arrows"),
    ],
)
def test_only_what_is_missing_keeps_the_bot_from_its_work(check: Check, ready: bool, sentence: str) -> None:
    assert is_ready(one(check)) is ready
    assert closing(one(check)).startswith(sentence)


def test_several_missing_things_are_counted() -> None:
    lacking = missing("a", "no", "get it")
    assert closing((Group("G", (lacking, lacking)),)).startswith("2 things are missing:")


def test_json_has_every_check_with_its_group() -> None:
    report = json.loads(json_report(GROUPS, as_it_is))
    assert report["ready"] is False
    assert report["checks"][1] == {
        "group": "Machine",
        "name": "compose",
        "state": "missing",
        "detail": "not installed",
        "remedy": "apt-get install it",
    }
    assert len(report["checks"]) == 4


@pytest.mark.parametrize("write", [text_report, json_report])
def test_a_secret_in_somebody_elses_words_is_masked(write: object) -> None:
    redactor = Redactor()
    redactor.register("SLACK_BOT_TOKEN", SECRET)
    groups = (Group(SECRET, (missing(SECRET, f"refused {SECRET}", f"try {SECRET}"),)),)
    written = write(groups, redactor.redact)  # type: ignore[operator] # both have the same signature
    assert SECRET not in written
    assert written.count("[redacted:SLACK_BOT_TOKEN]") == 4


def test_foreign_words_cannot_leave_their_line_or_steer_the_terminal() -> None:
    line = text_report(one(missing("a", "evil\n  ok  b\x1b[2Jx", "r")), as_it_is).splitlines()[1]
    assert line == "  MISSING   a  evil ok b [2Jx"


async def answered(check: Check) -> Check:
    return check


async def test_a_check_that_ends_in_time_is_taken_as_it_is() -> None:
    assert await settled("a", answered(ok("a", "fine"))) == ok("a", "fine")


async def test_a_check_without_an_answer_ends_at_its_limit() -> None:
    async def never() -> Check:
        await asyncio.Event().wait()
        return ok("a")

    found = await settled("a", never(), timedelta(milliseconds=20))
    assert (found.state, found.detail) == (State.MISSING, "no answer within 0.02 s")


async def test_a_tool_that_could_not_do_its_job_keeps_its_remedy() -> None:
    async def refused() -> Check:
        raise Denied("They said no.", standing="Nothing was sent.", remedy="Ask them.")

    assert await settled("a", refused()) == missing("a", "They said no. Nothing was sent.", "Ask them.")
    assert (await settled("a", refused(), at_worst=State.UNKNOWN)).state is State.UNKNOWN


async def test_a_broken_check_becomes_a_line_of_its_own() -> None:
    async def broken() -> Check:
        raise ZeroDivisionError("division by zero")

    found = await settled("a", broken())
    assert found.state is State.MISSING
    assert found.detail == "the check itself failed: ZeroDivisionError: division by zero"
