"""The evaluation of summaries can fail: a lie that passes, a lost file and a missing removal are told."""

from pathlib import Path

import pytest

from tests.evaluation.accounting import accounted
from tests.evaluation.evaluate import evaluate
from tests.evaluation.scoring import Score, missed
from tests.evaluation.shapes import Shape, Told, shapes
from tools.changes import ChangedFile

SHAPES = {shape.name: shape for shape in shapes()}
GOOD = Score("s", 2, 2, 1, 1, 1, 5, (), 10, (), 4000, 0.1)


@pytest.mark.parametrize("name", ["health check removed", "renames only", "hostile words"])
async def test_p19_a_diff_of_a_real_shape_meets_every_bar(name: str, tmp_path: Path) -> None:
    score = await evaluate(SHAPES[name], tmp_path)
    assert missed([score]) == ()
    assert score.lies > 30


async def test_a_lie_that_passes_and_a_removal_that_is_not_there_are_told(tmp_path: Path) -> None:
    small = SHAPES["small fix"]
    path, line = "src/api/client.py", "+    raise Unanswered(url)"
    seems_a_lie = Told("An unanswered url is an error.", (path,), (line,))
    shape = Shape("s", small.before, small.after, taken=("something",), lies=(seems_a_lie,))
    told = "\n".join(missed([await evaluate(shape, tmp_path)]))
    assert "not flagged: An unanswered url is an error." in told
    assert "1 removals are missing" in told


MISSES = [
    ({"accounted": 1}, "files are not accounted for"),
    ({"taken_found": 0}, "removals are missing"),
    ({"taken_shown": 0}, "not shown to the model"),
    ({"unflagged": ("x",)}, "not flagged: x"),
    ({"longest": 70_000}, "more than GitHub takes"),
    ({"truths_flagged": ("x", "y")}, "true sentences are flagged"),
]


@pytest.mark.parametrize(("fields", "told"), MISSES)
def test_each_bar_can_be_missed(fields: dict[str, object], told: str) -> None:
    assert missed([GOOD]) == ()
    changed = {name: getattr(GOOD, name) for name in Score.__dataclass_fields__} | fields
    assert told in "\n".join(missed([Score(**changed)]))


FILES = [ChangedFile("a/b.py", "modified", None, 1, 1), ChangedFile("c.py", "added", None, 1)]
SECTIONS = {
    "**backend: 2 files**\n\n- `modified a/b.py +1 -1`\n- `added c.py +1 -0`\n": 2,
    "<details><summary>backend: 2 files</summary>\n\n- `a/` 1 file\n- added `c.py`\n\n</details>": 2,
    "- backend: 2 files": 2,
    "**backend: 2 files**\n\n- `modified a/b.py +1 -1`\n": 0,
    "**backend: 2 files**\n\n- `modified a/b.py +1 -1`\n- `added invented.py +1 -0`\n": -1,
}


@pytest.mark.parametrize(("section", "expected"), SECTIONS.items())
def test_files_are_counted_as_a_reader_would(section: str, expected: int) -> None:
    assert accounted(section, FILES) == expected
