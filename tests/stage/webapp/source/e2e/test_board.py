import json
from pathlib import Path

from e2e.browser import Browser

LONGEST = json.loads(Path("shared/limits.json").read_text())["note"]["longest"]
NOTE = "<b>Water the plants</b>"
REFUSED = """
const done = arguments[0], left = document.getElementById("left");
const look = () => left.textContent.startsWith("A note") ? done(left.textContent) : setTimeout(look, 20);
look();
"""


def test_what_is_typed_and_pinned_stands_on_the_board(board: Browser) -> None:
    board.types("#text", NOTE)
    assert board.text("#left") == f"{LONGEST - len(NOTE)} left"
    board.clicks("button")
    assert board.text("li").startswith(NOTE)


def test_an_empty_note_is_refused_with_a_reason(board: Browser) -> None:
    board.clicks("button")
    assert board.runs(REFUSED) == f"A note has 1 to {LONGEST} characters."
