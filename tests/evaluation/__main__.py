"""`./shipmate eval summaries [--json FILE]`: prints a table; exit code 1 where a bar is missed."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from config.nearest import did_you_mean
from tests.evaluation.evaluate import evaluate
from tests.evaluation.scoring import HEADING, Score, missed, row
from tests.evaluation.shapes import shapes

SUBJECTS = ("summaries",)


def main(arguments: Sequence[str]) -> int:
    """Evaluate what is named."""
    parser = argparse.ArgumentParser(
        "shipmate eval", description="Score what is written about changes, without network."
    )
    parser.add_argument("subject", type=_subject, help=f"what to score: {', '.join(SUBJECTS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the scores there, too")
    options = parser.parse_args(arguments)
    print(HEADING, flush=True)  # noqa: T201 - the person who started it reads this
    scores = [_told(asyncio.run(_scored(number))) for number in range(len(list(shapes())))]
    misses = missed(scores)
    print("\n".join(_end(scores, misses)))  # noqa: T201 - as above
    if options.json:
        document = {"scores": [score.document() for score in scores], "misses": list(misses)}
        options.json.write_text(json.dumps(document, indent=2) + "\n")
    return 1 if misses else 0


def _subject(word: str) -> str:
    if word not in SUBJECTS:
        raise argparse.ArgumentTypeError(f"there is nothing called '{word}'{did_you_mean(word, SUBJECTS)}")
    return word


async def _scored(number: int) -> Score:
    shape = list(shapes())[number]
    with TemporaryDirectory(prefix="shipmate-eval-") as directory:
        return await evaluate(shape, Path(directory))


def _told(score: Score) -> Score:
    print(row(score), flush=True)  # noqa: T201 - as above
    return score


def _end(scores: Sequence[Score], misses: Sequence[str]) -> list[str]:
    lies, unflagged = sum(one.lies for one in scores), sum(len(one.unflagged) for one in scores)
    truths = sum(one.truths for one in scores)
    flagged = [told for one in scores for told in one.truths_flagged]
    totals = f"{len(scores)} diffs; {lies} sentences without ground, {unflagged} of them not flagged;"
    return [
        f"{totals} {truths} true sentences, {len(flagged)} of them flagged.",
        *(f"flagged although true: {told}" for told in flagged),
        *(f"MISSED {miss}" for miss in misses),
        "Every bar is met." if not misses else f"{len(misses)} bars are missed.",
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
