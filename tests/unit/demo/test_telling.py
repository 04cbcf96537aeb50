"""What the demo tells of a conversation: edits by what they changed, a verdict only from what was seen."""

import io
from datetime import UTC, datetime

from tests.demo.audience import Kind, Shown
from tests.demo.play import BROKEN_OFF, Played
from tests.demo.reading import Line, Lines, edited, posted
from tests.demo.scenes import SCENES
from tests.demo.screen import Screen


def lines(*texts: str) -> Lines:
    return tuple(map(Line, texts))


STARTED = lines("observer v1.2.3: testing", "Version: v1.2.3", "✓ analyze 1 s", "◐ test ...", "○ build")
ASKS = lines(
    "observer v1.2.3: waiting", "✓ analyze 1 s", "✓ test 2 s", "◐ approve ...", "Plan digest", "[Approve] [Reject]"
)
ENDED = lines("observer v1.2.3 runs", "Version: v1.2.3", "✓ analyze 1 s", "✓ verify 2 s", "Took 9 s.")


def test_of_a_new_card_only_what_has_happened_is_told() -> None:
    assert posted(STARTED) == STARTED[:3]
    assert posted(ASKS) == ASKS


def test_a_card_that_begins_to_ask_is_told_whole() -> None:
    assert edited(STARTED, ASKS) == ASKS


def test_of_an_edit_on_the_way_only_the_steps_that_ended_are_told() -> None:
    later = lines("observer v1.2.3: building", "Version: v1.2.3 at abc", "✓ analyze 1 s", "✓ test 2 s", "◐ build ...")
    assert edited(STARTED, later) == lines("✓ test 2 s")


def test_between_two_steps_a_card_has_nothing_new_to_tell() -> None:
    between = lines("observer v1.2.3: under way", "✓ analyze 1 s")
    assert edited(STARTED, between) == ()


def test_an_end_is_told_with_its_headline() -> None:
    assert edited(ASKS, ENDED) == lines("observer v1.2.3 runs", "Version: v1.2.3", "✓ verify 2 s", "Took 9 s.")


def test_an_edit_of_something_without_steps_is_told_by_its_new_lines() -> None:
    assert edited(lines("LOCKED", "[Unlock]"), lines("Unlocked", "hana unlocked it")) == lines(
        "Unlocked", "hana unlocked it"
    )


def test_a_scene_is_good_only_where_everything_expected_was_seen() -> None:
    scene = SCENES[0]
    assert Played(scene, dict(scene.expected), 1, ()).ok
    assert not Played(scene, {}, 1, ()).ok
    wrong = Played(scene, {**scene.expected, "last_good_tag": "v1.2.2"}, 1, ())
    assert not wrong.ok
    assert wrong.verdict == "NOT as it should be:\n- last_good_tag: v1.2.3 expected, v1.2.2 seen"


def test_a_scene_that_broke_off_says_why() -> None:
    assert Played(SCENES[0], {BROKEN_OFF: "The bot has gone."}, 1, ()).verdict.endswith("broken off: The bot has gone.")


def test_the_screen_is_plain_text_within_a_hundred_columns_and_repeats_no_card() -> None:
    out = io.StringIO()
    screen = Screen(out)
    card = (Line("waiting"), Line("Gate", title=True), Line("disk " * 40, indent=2), Line("[Approve]"))
    for _ in range(2):
        screen.show(Shown(Kind.ASKED, "releases", "shipmate", datetime.now(UTC), card))
    told = out.getvalue()
    assert max(map(len, told.splitlines())) <= 100
    assert "\x1b" not in told
    assert told.count("Gate") == 1
    assert "(and 2 lines as on the card before)" in told
    assert told.count("[Approve]") == 2
