"""P4: every refusal has a reason code, how things stand, and the next command to type. Held for each that is written.

The refusals are read from the sources (`tests/refusals.py`), so a new one is held to this without being named here.
"""

import inspect
import re
from collections.abc import Iterator
from itertools import chain
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.answers import Refusal
from agents.entrypoints import replies
from agents.entrypoints.commandline import COMMANDS
from agents.entrypoints.commands import VERBS, Catalog, Known, Misread, parse, usages
from agents.entrypoints.voice import Voice, slack_voice, terminal_voice
from tests.refusals import Made, Texts, literals, made
from tools import errors

ANSWERS = MappingProxyType({"Refusal": ("code", "standing", "next_step"), "Misread": ("code", "standing", "next_step")})
JUDGEMENTS = MappingProxyType({"Refusal": ("code", "message", "standing", "next_step")})
PASSED_ON = frozenset({"guarded", "_refusal", "_call", "_misread", "_nothing"})
"""Functions that hand on what another refusal says."""
SAMPLES = MappingProxyType({"service": "observer", "environment": "production", "version": "v1.2.3"})
CATALOG = Known(("production", "staging"), "production", re.compile(r"v\d+\.\d+\.\d+"))
EVERYBODY = frozenset({"deploy", "rollback", "status", "history", "stats", "help", "cancel"})
"""Verbs that nobody needs a right for, or that say themselves whose right it is."""
ENTITLED = MappingProxyType({"already-locked": "unlock"})
"""Where whoever is refused was found to have the right before."""
SHOWN_BELOW = frozenset({"_shown"})
"""The plan follows, and ends with the commands that decide about it."""
FOG = re.compile(
    r"(?i)\b(oops|sorry|please|invalid|illegal|forbidden|unable|unexpected|an error|exception|traceback|null|"
    r"something went wrong|failed to|not permitted|kindly)\b"
)
VOICES = (slack_voice("/deploy"), terminal_voice())


def is_judgement(one: Made) -> bool:
    return one.place.startswith("guardrails/")


REFUSALS = [
    *(one for one in made(ANSWERS) if not is_judgement(one)),
    *(one for one in made(JUDGEMENTS) if is_judgement(one)),
]


def filled(text: str) -> str:
    """Put a sample in place of every placeholder."""
    return re.sub(r"\{(\w+)\}", lambda name: SAMPLES.get(name[1], name[1]), text)


def catalog(voice: Voice) -> Catalog:
    return Catalog({"observer": CATALOG}, voice.prefix)


def known(texts: Texts) -> tuple[str, ...]:
    return tuple(map(filled, texts or ()))


def test_refusals_are_found() -> None:
    codes = set(chain.from_iterable(known(one.texts.get("code")) for one in REFUSALS))
    assert {"not-an-approver", "self-approval", "no-policy", "expired", "unknown-command", "not-locked"} <= codes
    assert len(codes) > 30


def test_a_refusal_can_be_read_here_or_hands_on_another_one() -> None:
    unread = [
        f"{one}: write its {name} so that it can be followed"
        for one in REFUSALS
        for name in {"code", "next_step"} & one.texts.keys()
        if one.texts[name] is None and one.function not in PASSED_ON
    ]
    assert unread == []


def test_a_reason_code_is_a_word_to_search_for() -> None:
    codes = {code: one for one in REFUSALS for code in known(one.texts.get("code"))}
    assert [code for code in codes if not re.fullmatch(r"[a-z]+(-[a-z]+){0,4}", code)] == []


def test_a_refusal_says_what_happened_and_how_things_stand_in_whole_sentences() -> None:
    told = [(one, text) for one in REFUSALS for name in ("message", "standing") for text in one.texts.get(name) or ()]
    odd = [f"{one}: {text}" for one, text in told if FOG.search(text) or (text and text.rstrip()[-1] not in ".?:}")]
    assert odd == []


def steps(one: Made) -> Iterator[tuple[str, str]]:
    """Yield the next steps that a refusal may name, each with each code."""
    for code in known(one.texts.get("code")) or ("",):
        for step in known(one.texts.get("next_step")):
            yield code, step


@pytest.mark.parametrize("voice", VOICES, ids=["slack", "terminal"])
def test_the_next_step_can_be_typed_where_the_person_is_and_by_that_person(voice: Voice) -> None:
    """A command parses with the real parser, and needs no right that was refused; what is none is a sentence."""
    found = [
        f"{one} ({code}): {trouble}"
        for one in REFUSALS
        if one.kind == "Refusal" and one.function not in SHOWN_BELOW
        for code, step in steps(one)
        if (trouble := dead_end(code, step, voice))
    ]
    assert found == []


def dead_end(code: str, step: str, voice: Voice) -> str:
    """Say why somebody who was refused gets nowhere by the next step; empty where they do."""
    verb = step.partition(" ")[0]
    if verb not in {*VERBS, *COMMANDS}:
        return "" if re.fullmatch(r"[A-Z].*\.", step) else f"{step!r} is neither a command nor a sentence"
    line = replies.refused(Refusal(code or "code", "How it stands.", step), voice).partition("\nNext: ")[2].strip("`")
    if not line.startswith(f"{voice.prefix} "):
        return f"{line!r} cannot be typed at {voice.prefix}"
    read = parse(line.removeprefix(voice.prefix), catalog(voice))
    if isinstance(read, Misread):
        return f"{line!r}: {read.standing}"
    corrects = code.startswith("bad-") or code.endswith("-missing")
    return "" if corrects or verb in EVERYBODY or ENTITLED.get(code) == verb else f"who may not {verb} is told to"


@pytest.mark.parametrize(
    ("code", "step"),
    [
        ("no-policy", "check-config"),
        ("not-locked", "status nothing"),
        ("locked", "unlock observer production"),
        ("locked", "try again"),
        ("locked", ""),
    ],
)
def test_a_next_step_that_leads_nowhere_is_seen(code: str, step: str) -> None:
    assert dead_end(code, step, VOICES[0])


WORDS = st.sampled_from([*VERBS, "observer", "obsrver", "to", "in", "production", "prod", "v1.2.3", "1.2", "--x", "no"])


@given(st.lists(WORDS, max_size=6), st.sampled_from(VOICES))
def test_whatever_is_misread_is_answered_with_a_line_that_can_be_typed_or_with_the_usage(
    words: list[str], voice: Voice
) -> None:
    read = parse(" ".join(words), catalog(voice))
    if not isinstance(read, Misread):
        return
    assert read.standing.endswith(".")
    if read.did_you_mean:
        assert not isinstance(parse(read.did_you_mean.removeprefix(voice.prefix), catalog(voice)), Misread)
    else:
        named = read.next_step.partition("`")[2].partition("`")[0]
        assert named in usages(voice.prefix) or named == f"{voice.prefix} help"


def test_every_failure_of_a_tool_has_a_next_step_also_where_nobody_named_one() -> None:
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, errors.ToolError)]
    assert len(kinds) > 7
    for kind in kinds:
        assert re.fullmatch(r"[A-Z].+(\.|\./shipmate [a-z]+)", kind("It happened.").next_step), kind
        assert kind("It happened.", remedy="Do this.").next_step == "Do this."


def test_failures_of_tools_and_refusals_do_not_share_a_code() -> None:
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, errors.ToolError)]
    failures = {kind.code for kind in kinds}
    refusals = set(chain.from_iterable(known(one.texts.get("code")) for one in REFUSALS))
    assert failures & refusals <= {"superseded"}, (
        "that one means the same: a newer plan, or a newer run, took its place"
    )


def test_a_finding_carries_its_remedy() -> None:
    findings = made({"Finding": ("rule", "subject", "message", "remedy")})
    assert len(findings) > 40
    bare = [str(one) for one in findings if "remedy" not in one.texts or "" in (one.texts["remedy"] or ())]
    assert bare == []


def test_a_command_that_a_text_names_exists() -> None:
    named = re.compile(r"\./shipmate ([a-z][a-z-]*)")
    mentioned = {(place, verb) for place, text in literals() for verb in named.findall(text)}
    assert len(mentioned) > 10
    assert [f"{place}: there is no ./shipmate {verb}" for place, verb in mentioned if verb not in COMMANDS] == []
