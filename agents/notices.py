"""What is written at a pull request: a comment that knows what it is about, and a check run. Pure."""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agents.review import Review, annotations, conclusion
from agents.words.claims import Words
from agents.words.facts import ReleaseFacts
from agents.words.foreign import code, prose
from agents.words.summary import ROOM, markdown
from guardrails.verdict import Level
from tools.github_checks import LONGEST_SUMMARY, MOST_ANNOTATIONS, Check
from tools.github_pulls import Pull

NAME = "shipmate summary"
_STAMP = re.compile(r"<!-- of ([0-9a-f]{16}) by (\w+) as ([0-9a-f]{16}) -->\n")
Outgoing = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Looked:
    """What a pull request changes, and what the guardrails say to it."""

    pull: Pull
    facts: ReleaseFacts
    diff: str
    found: Review


@dataclass(frozen=True, slots=True)
class Sheet:
    """A comment before it is written: its facts, and notes that follow them."""

    looked: Looked
    notes: tuple[str, ...]

    @classmethod
    def of(cls, looked: Looked, notes: Sequence[str]) -> "Sheet":
        """Take what was found, and what could not be done."""
        before = looked.found.before
        older = f"{before} further finding{'s' * (before != 1)} had been there before this change."
        return cls(looked, (*looked.found.troubles, *notes, *([older] if before else [])))

    def text(self, words: Words | None) -> str:
        """Write the summary and the notes."""
        end = "".join(f"\n*{prose(note)}*\n" for note in self.notes)
        title = f"Pull request {self.looked.pull.about.number} at `{self.looked.facts.to_commit[:12]}`"
        return markdown(self.looked.facts, words, title=title, room=ROOM - len(end)) + end

    def written(self, words: Words | None, outgoing: Outgoing) -> str:
        """Write the comment, with a stamp by which it is known again."""
        body = outgoing(self.text(words))
        return f"<!-- of {self._facts} by {'model' if words else 'code'} as {_digest(body)} -->\n{body}"

    def is_told_by(self, comment: str, *, with_model: bool) -> bool:
        """Tell whether a comment is about these facts, and as it was written.

        One that was written while the model was away is not, where there is a model: it may be back.
        """
        stamp = _STAMP.match(comment)
        if stamp is None or stamp[1] != self._facts or stamp[3] != _digest(comment[stamp.end() :]):
            return False
        return stamp[2] == "model" or not with_model

    @property
    def _facts(self) -> str:
        return _digest(json.dumps([self.looked.facts.as_json(), self.notes], sort_keys=True))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check_of(looked: Looked, outgoing: Outgoing) -> Check:
    """Write the check run: findings and removals, by code alone."""
    facts, verdict = looked.facts, looked.found.verdict
    there = [file.path for file in facts.changed if file.status != "deleted"]
    remarks = annotations(verdict, facts.removed_protections, there)
    blocking = sum(finding.level is Level.BLOCKING for finding in verdict.findings)
    lines = [f"{f.rule}: {f.subject}: {f.message} {f.remedy}" for f in verdict.findings]
    lines += [f"taken away: {removal}" for removal in facts.removals]
    return Check(
        name=NAME,
        conclusion=conclusion(verdict, facts.removals),
        title=f"{_many(verdict.findings, 'finding')}, {blocking} blocking; {_many(facts.removals, 'removal')}",
        summary=outgoing(_fitting(lines, len(remarks))),
        annotations=tuple(replace(one, message=outgoing(one.message), title=outgoing(one.title)) for one in remarks),
    )


def _fitting(lines: Sequence[str], remarks: int) -> str:
    """Quote as many whole lines as GitHub takes, and say how many it does not."""
    shown = ["No finding, and nothing is taken away."] if not lines else []
    if remarks > MOST_ANNOTATIONS:
        shown.append(f"Of {remarks} remarks the first {MOST_ANNOTATIONS} stand on their lines.\n")
    room = LONGEST_SUMMARY - 1000
    for number, line in enumerate(lines):
        told = f"- {code(line, most=500)}"
        room -= len(told) + 1
        if room < 0:
            return "\n".join([*shown, f"- and {len(lines) - number} more"])
        shown.append(told)
    return "\n".join(shown)


def _many(things: Sequence[object], word: str) -> str:
    return f"{len(things)} {word}{'s' * (len(things) != 1)}"
