"""Text to commands: what people type, mistype and paste."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.entrypoints.commands import (
    Approve,
    BreakGlass,
    Cancel,
    Catalog,
    Command,
    Deploy,
    Help,
    History,
    Known,
    Lock,
    Misread,
    Reject,
    Review,
    Rollback,
    Stats,
    Status,
    TakeOver,
    Unlock,
    parse,
    span_of,
    usages,
)
from agents.entrypoints.commands.grammar import REASON, SERVICE, SPAN, arranged

VERSION = re.compile(r"v\d+\.\d+\.\d+", re.ASCII)
CATALOG = Catalog(
    {
        "observer": Known(("production", "staging"), "production", VERSION),
        "astrago": Known(("production", "staging"), "staging", VERSION, commits=True),
        "kodex": Known(("stage",), "stage", re.compile(r"[0-9a-f]{7,40}|v\d+\.\d+\.\d+", re.ASCII)),
    }
)
WORDS = (
    *(
        "deploy",
        "status",
        "history",
        "stats",
        "rollback",
        "cancel",
        "break-glass",
        "review",
        "takeover",
        "lock",
        "unlock",
        "acknowledge",
        "approve",
        "reject",
        "help",
    ),
    *("observer", "kodex", "production", "staging", "stage", "to", "in", "v1.2.3", "1.2.3", "a1b2c3d", "obsever", "-f"),
)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("observer v1.2.3", Deploy("observer", "v1.2.3", "production")),
        ("observer v1.2.3 to staging", Deploy("observer", "v1.2.3", "staging")),
        ("deploy observer v1.2.3", Deploy("observer", "v1.2.3", "production")),
        ("  kodex\t a1b2c3d \n", Deploy("kodex", "a1b2c3d", "stage")),
        ("", Help()),
        ("help", Help()),
        ("status", Status()),
        ("status observer", Status("observer")),
        ("status observer staging", Status("observer", "staging")),
        ("history", History()),
        ("history observer production", History("observer", "production")),
        ("stats", Stats()),
        ("stats kodex", Stats("kodex")),
        ("rollback observer", Rollback("observer", "production")),
        ("rollback observer to v1.2.2", Rollback("observer", "production", "v1.2.2")),
        ("rollback observer in staging", Rollback("observer", "staging")),
        ("rollback observer to v1.2.2 in staging", Rollback("observer", "staging", "v1.2.2")),
        ("rollback astrago to 0a1b2c3d4e5f", Rollback("astrago", "staging", "0a1b2c3d4e5f")),
        ("rollback astrago to v1.2.2 in production", Rollback("astrago", "production", "v1.2.2")),
        ("cancel observer", Cancel("observer", "production")),
        ("cancel observer staging", Cancel("observer", "staging")),
        ("unlock observer", Unlock("observer", "production")),
        ("lock observer the database moves", Lock("observer", "production", "the database moves")),
        ("lock observer staging moving for 1d12h", Lock("observer", "staging", "moving", "1d12h")),
        ("lock observer moving for ana for 90m", Lock("observer", "production", "moving for ana", "90m")),
        ("lock observer moving for ana", Lock("observer", "production", "moving for ana")),
        ("takeover observer", TakeOver("observer", "production")),
        ("approve observer staging", Approve("observer", "staging")),
        ("approve observer staging 0a1b2c3", Approve("observer", "staging", "0a1b2c3")),
        ("break-glass observer v1.2.3 shop is down", BreakGlass("observer", "v1.2.3", "production", "shop is down")),
        ("break-glass observer v1.2.3 to staging down", BreakGlass("observer", "v1.2.3", "staging", "down")),
        ("break-glass observer v1.2.3 to staging", BreakGlass("observer", "v1.2.3", "staging")),
        ("observer v1.2.3 --dry-run", Deploy("observer", "v1.2.3", "production", "analyze")),
        ("observer v1.2.3 to staging --tests-only", Deploy("observer", "v1.2.3", "staging", "test")),
        ("deploy observer --skip-deploy v1.2.3 to staging", Deploy("observer", "v1.2.3", "staging", "build")),
        ("deploy --deploy-only observer v1.2.3", Deploy("observer", "v1.2.3", "production", "deploy")),
        ("observer v1.2.3 \u2014dry-run", Deploy("observer", "v1.2.3", "production", "analyze")),
        ("break-glass observer v1.2.3", BreakGlass("observer", "v1.2.3", "production")),
        ("review observer looked at the log", Review("observer", "production", "looked at the log")),
        ("review observer staging fine", Review("observer", "staging", "fine")),
        ("reject observer", Reject("observer", "production")),
        ("reject observer staging too risky on a Friday", Reject("observer", "staging", "too risky on a Friday")),
        ("reject observer läuft \u2013 nicht", Reject("observer", "production", "läuft \u2013 nicht")),
    ],
)
def test_a_well_formed_line_is_one_command(text: str, command: Command) -> None:
    assert parse(text, CATALOG) == command


@pytest.mark.parametrize(
    ("text", "code", "did_you_mean"),
    [
        ("obsever v1.2.3", "unknown-command", "/deploy observer v1.2.3"),
        (
            "break-glass observer v1.2.3 to stagin now",
            "unknown-environment",
            "/deploy break-glass observer v1.2.3 to staging now",
        ),
        ("break-glass observer v1.2.3 to staging --force", "option", ""),
        ("break-glass observer v1.2.3 to", "unknown-environment", ""),
        ("breakglass observer v1.2.3 now", "unknown-command", "/deploy break-glass observer v1.2.3 now"),
        ("review observer", "reason-missing", ""),
        ("review observer staging", "reason-missing", ""),
        ("Observer v1.2.3", "unknown-command", "/deploy observer v1.2.3"),
        ("observer 1.2.3", "bad-version", "/deploy observer v1.2.3"),
        ("observer V1.2.3", "bad-version", "/deploy observer v1.2.3"),
        ("observer v1.2.3 to prodution", "unknown-environment", "/deploy observer v1.2.3 to production"),
        ("observer v1.2.3 staging", "bad-form", "/deploy observer v1.2.3 to staging"),
        ("observer v1.2.3 in staging", "bad-form", "/deploy observer v1.2.3 to staging"),
        ("v1.2.3 observer", "unknown-command", "/deploy observer v1.2.3"),
        ("rolback observer v1.2.2", "unknown-command", "/deploy rollback observer to v1.2.2"),
        ("obsever 1.2.3 to stagng", "unknown-command", "/deploy observer v1.2.3 to staging"),
        ("statuss", "unknown-command", "/deploy status"),
        ("status obsever", "unknown-service", "/deploy status observer"),
        ("rollback observer to staging", "bad-version", ""),
        ("rollback observer to 0a1b2c3d4e5f", "bad-version", ""),
        ("rollback astrago to 0a1b2c3", "bad-version", ""),
        ("astrago 0a1b2c3d4e5f", "bad-version", ""),
        ("rollback observer v1.2.2", "bad-form", "/deploy rollback observer to v1.2.2"),
        ("rollback observer staging", "bad-form", "/deploy rollback observer in staging"),
        ("reject observer stagin", "unknown-environment", "/deploy reject observer staging"),
        ("observer", "version-missing", ""),
        ("approve observer staging 0a1b2c", "bad-digest", ""),
        ("approve observer stagin 0a1b2c3", "unknown-environment", "/deploy approve observer staging 0a1b2c3"),
        ("cancel", "bad-form", ""),
        ("lock observer", "reason-missing", ""),
        ("lock observer staging", "reason-missing", ""),
        ("lock observer for 2h", "reason-missing", ""),
        ("lock observer staging for 2h", "reason-missing", ""),
        ("lock observer moving for", "bad-time", ""),
        ("lock observer staging moving for 2 hours", "bad-time", ""),
        ("lock observer the database moves for 500d", "bad-time", ""),
        ("lock observer the database moves for 0m", "bad-time", ""),
        ("lock observer stagin moving for 2h", "unknown-environment", "/deploy lock observer staging moving for 2h"),
        ("lock obsever moving for 2h", "unknown-service", "/deploy lock observer moving for 2h"),
        ("reject", "bad-form", ""),
        ("help me", "bad-form", ""),
        ("observer v1.2.3 to moon", "unknown-environment", ""),
        ("observer --force", "option", ""),
        ("observer v1.2.3 --dryrun", "option", "/deploy observer v1.2.3 --dry-run"),
        ("observer 1.2.3 --dry-run", "bad-version", "/deploy observer v1.2.3 --dry-run"),
        ("obsever v1.2.3 --dry-run", "unknown-command", "/deploy observer v1.2.3 --dry-run"),
        ("observer v1.2.3 staging --tests-only", "bad-form", "/deploy observer v1.2.3 to staging --tests-only"),
        ("observer v1.2.3 --dry-run --deploy-only", "option", ""),
        ("observer v1.2.3 --dry-run --dry-run", "option", ""),
        ("rollback observer --dry-run", "bad-form", ""),
        ("observer --dry-run", "version-missing", ""),
        ("status -x", "option", ""),
        ("obs\u200berver v1.2.3", "hidden-character", ""),
        ("observer v1.2.3\u202e", "hidden-character", ""),
        ("status\x00", "hidden-character", ""),
        ("\uff4fbserver v1.2.3", "unknown-command", "/deploy observer v1.2.3"),
        ("observer v\uff11.2.3", "bad-version", "/deploy observer v1.2.3"),
        ("\u043ebserver v1.2.3", "unknown-command", "/deploy observer v1.2.3"),
        ("observer v1.2.٣", "bad-version", ""),
        ("x" * 601, "too-long", ""),
    ],
)
def test_a_mistake_is_named_with_the_line_that_was_meant(text: str, code: str, did_you_mean: str) -> None:
    misread = parse(text, CATALOG)
    assert isinstance(misread, Misread)
    assert (misread.code, misread.did_you_mean) == (code, did_you_mean)
    assert misread.standing
    assert misread.next_step


@pytest.mark.parametrize("word", ["500d", "0m", "10s", "2 hours"])
def test_a_time_that_no_lock_may_last_is_told_with_its_bounds_and_its_units(word: str) -> None:
    misread = parse(f"lock observer moving for {word}", CATALOG)
    assert isinstance(misread, Misread)
    assert "days, hours and minutes (no seconds)" in misread.standing
    assert "from 1m to 366d" in misread.standing


@pytest.mark.parametrize(
    ("text", "assumed"),
    [
        ("lock observer moon is full for 2h", True),
        ("lock observer staging down", False),
        ("review observer fine", True),
        ("review observer staging fine", False),
        ("reject observer risky", True),
        ("reject observer", False),
        ("break-glass observer v1.2.3 shop is down", True),
        ("break-glass observer v1.2.3 to staging down", False),
    ],
)
def test_an_environment_that_was_left_out_before_free_text_is_known_to_be_assumed(text: str, assumed: bool) -> None:
    assert getattr(parse(text, CATALOG), "assumed", None) is assumed


def test_in_a_terminal_the_corrected_line_is_one_for_the_terminal() -> None:
    misread = parse("deploy obsever v1.2.3", Catalog(CATALOG.services, "./shipmate"))
    assert isinstance(misread, Misread)
    assert misread.did_you_mean == "./shipmate deploy observer v1.2.3"


def test_help_lists_every_verb_with_its_grammar() -> None:
    options = "[--dry-run | --tests-only | --skip-deploy | --deploy-only]"
    assert f"/deploy SERVICE VERSION [to ENV] {options}" in usages("/deploy")
    assert f"./shipmate deploy SERVICE VERSION [to ENV] {options}" in usages("./shipmate")
    assert "/deploy rollback SERVICE [to VERSION] [in ENV]" in usages("/deploy")


@given(st.text(max_size=700) | st.lists(st.sampled_from(WORDS) | st.text(max_size=12), max_size=9).map(" ".join))
def test_any_text_is_a_command_or_a_misread_whose_correction_is_a_command(text: str) -> None:
    read = parse(text, CATALOG)
    if isinstance(read, Misread):
        assert read.code
        if read.did_you_mean:
            again = parse(read.did_you_mean.removeprefix("/deploy").strip(), CATALOG)
            assert not isinstance(again, Misread), read


@given(st.text(max_size=60))
def test_only_declared_names_ever_leave_the_parser(text: str) -> None:
    read = parse(text, CATALOG)
    if isinstance(read, Deploy):
        assert read.service in CATALOG.services
        assert read.environment in CATALOG.services[read.service].environments
        assert read.version.isascii()


@pytest.mark.parametrize(
    ("word", "hours"),
    [("2h", 2), ("90m", 1.5), ("1d12h", 36), ("366d", 8784), ("", 0), ("0h", 0), ("367d", 0), ("2 h", 0), ("h", 0)],
)
def test_how_long_a_lock_lasts_is_read_in_days_hours_and_minutes(word: str, hours: float) -> None:
    assert span_of(word) == (timedelta(hours=hours) if hours else None)


FREE = st.lists(st.from_regex(r"[a-z]{4,9}", fullmatch=True), min_size=1, max_size=6).map(" ".join)


@given(
    FREE,
    st.sampled_from(["reject observer staging", "review observer staging", "break-glass observer v1.2.3 to staging"]),
)
def test_free_text_keeps_every_word_of_it(text: str, begin: str) -> None:
    read = parse(f"{begin} {text}", CATALOG)
    assert not isinstance(read, Misread)
    assert (getattr(read, "reason", None), getattr(read, "environment", None)) == (text, "staging")


@pytest.mark.parametrize(
    "begin", ["reject observer", "review observer", "lock observer", "break-glass observer v1.2.3 to"]
)
def test_free_text_never_swallows_an_environment_that_was_mistyped(begin: str) -> None:
    read = parse(f"{begin} stagng too risky", CATALOG)
    assert isinstance(read, Misread)
    assert (read.code, read.did_you_mean) == ("unknown-environment", f"/deploy {begin} staging too risky")


@pytest.mark.parametrize("begin", ["reject observer", "lock observer staging", "break-glass observer v1.2.3"])
def test_free_text_does_not_begin_with_an_option(begin: str) -> None:
    read = parse(f"{begin} --force it", CATALOG)
    assert isinstance(read, Misread)
    assert read.code == "option"


@pytest.mark.parametrize(
    ("shape", "words", "laid"),
    [
        ((SERVICE, REASON), "a b c", ("a", "b c")),
        ((SERVICE, REASON, "for", SPAN), "a b c for 2h", ("a", "b c", "for", "2h")),
        ((SERVICE, REASON, "for", SPAN), "a for 2h", None),
        ((SERVICE, REASON), "a", None),
        ((SERVICE,), "a b", None),
        ((SERVICE, "to"), "a in", None),
        ((), "", ()),
    ],
)
def test_words_are_laid_into_a_shape(shape: tuple[str, ...], words: str, laid: tuple[str, ...] | None) -> None:
    assert arranged(shape, tuple(words.split())) == laid
