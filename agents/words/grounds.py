"""What a sentence about a change may rest on, and the reasons why it does not. Pure.

A sentence is accepted when its files changed, its quoted lines stand in their diffs, its names, numbers and
tests are found there, its direction is that of the lines, and it judges nothing that a diff does not show.
What it means beyond that, no code can tell; so its words stay labelled, and no gate reads them.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from agents.words.directions import direction_objection
from agents.words.excerpt import Excerpt
from agents.words.facts import ReleaseFacts
from agents.words.patch import FilePatch

_QUOTED = re.compile(r"`([^`]+)`")
_PATH = re.compile(
    r"(?<![\w:/])(?:[\w.@~+-]+/)+[\w.@~+-]*\w|\b[\w-]+\.(?:py|ya?ml|toml|json|sql|js|ts|tsx|go|sh|md|cfg|ini|lock)\b"
)
_IDENTIFIER = re.compile(
    r"\b(?:[A-Za-z]\w*_\w+|[a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*|[\w.]+(?=\(\))|\w+(?:\.\w+)+)|(?<!\S)--?[a-z][\w-]+"
)
_NUMBER = re.compile(r"(?<![\w#.])\d[\d,]*(?:\.\d+)*\b|(?<=[a-zA-Z])\d[\d.]*\b")
_COUNTS = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|half|twice|double[ds]?"
    r"|triple[ds]?)\b",
    re.IGNORECASE,
)
_JUDGED = re.compile(
    r"\b(?:safe(?:ly)?|harmless|risk[- ]?free|(?:low|lower|no|minimal|little|without) risks?|verified|reviewed"
    r"|approved?|approves|signed[- ]off|sign off|ready (?:for|to)|production[- ]ready"
    r"|(?:well|fully|thoroughly|un|manually)?[- ]?tested"
    r"|tests? (?:all )?(?:pass|green|succe)\w*|pass(?:es|ed|ing)|green|backwards?[- ]compatib\w+|fully compatible"
    r"|no (?:breaking|downtime|functional|behaviou?r\w*|impact|side)\b|guarantee\w*|bug[- ]free|trustworthy"
    r"|faster|slower|speeds?[- ]up|performance|more (?:secure|stable|reliable|robust|efficient)|securely"
    r"|(?:improv|increas|strengthen|harden)\w* (?:the )?(?:security|stability|reliability|performance|speed|quality)"
    r"|merge (?:it|this|now)|deploy (?:it|this|now)|ignore (?:all|any|previous))\b",
    re.IGNORECASE,
)
_TESTS = re.compile(r"\b(?:tests?|test cases?|test suites?|coverage|specs?)\b", re.IGNORECASE)
_NO_TESTS = re.compile(
    r"\b(?:no|without|lacks?|missing|not? any|lacking|never)\b[^.]{0,30}\btests?\b|\buntested\b", re.IGNORECASE
)
_WORD = re.compile(r"[A-Za-z]{3,}")
_EMPTY_WORDS = frozenset(
    re.findall(
        r"\w+",
        "the and for now are was not all its has can any new get set but out one two our you your who how why too "
        "adds added adding changes changed change updates updated update removes removed "
        "file files this that these those with from when which into only also "
        "more than they their there have been being will would service version "
        "code line lines release makes made used uses using other some such each "
        "every where while after before about over under ",
    )
)
_STEM = 5


@dataclass(frozen=True, slots=True)
class Grounds:
    """The files of a change, and of each what is shown of its lines."""

    paths: frozenset[str]
    patches: Mapping[str, FilePatch]
    statuses: Mapping[str, str]
    without_lines: frozenset[str]
    """Files in which no line changes: renamed or binary."""
    tests: Collection[str]
    known: str
    """Further text whose numbers and names may be repeated: titles, commit subjects, computed facts."""

    @classmethod
    def of(cls, facts: ReleaseFacts, shown: Excerpt) -> "Grounds":
        """Collect them."""
        pull = facts.pull_request
        told = (*facts.removals, *facts.risks, *map(str, (*facts.settings, *facts.differences, *facts.dependencies)))
        titles = (pull.title, f"#{pull.number}") if pull else ()
        return cls(
            paths=facts.paths,
            patches={patch.path: patch for patch in shown.patches},
            statuses={file.path: file.status for file in facts.changed},
            without_lines=frozenset(file.path for file in facts.changed if not file.added + file.deleted),
            tests=(*facts.tested.touched, *facts.tested.deleted),
            known="\n".join((*titles, *(commit.subject for commit in facts.commits), *told, *sorted(facts.paths))),
        )

    def objection(self, text: str, paths: Sequence[str], lines: Sequence[str] | None = None) -> str:
        """Say why a sentence is not backed by the change; empty where it is. Without `lines`, none are asked for."""
        checks: tuple[Callable[[], str], ...] = (
            lambda: self._about_paths(text, paths),
            lambda: _about_judgement(text),
            lambda: self._about_tests(text, paths),
            lambda: self._about_names(text, paths),
            lambda: self._about_numbers(text, paths),
            lambda: "" if lines is None else self._about_lines(paths, lines),
            lambda: direction_objection(text, self._shown(paths), lines or (), self._statuses(paths)),
            lambda: self._about_subject(text, paths),
        )
        return next((found for check in checks if (found := check())), "")

    def _about_paths(self, text: str, paths: Sequence[str]) -> str:
        if not paths:
            return "names no file"
        lines = self._lines(paths)
        mentioned = [path for path in _PATH.findall(text) if path not in lines]
        strange = [path for path in (*paths, *mentioned) if not self._changed(path)]
        return f"not in this change: {', '.join(dict.fromkeys(strange))}" if strange else ""

    def _changed(self, path: str) -> bool:
        """Tell whether a path, or a shorter way to write it in a sentence, is one of those that changed."""
        return path in self.paths or any(
            known.endswith(f"/{path}") or known.startswith(f"{path.rstrip('/')}/") for known in self.paths
        )

    def _about_tests(self, text: str, paths: Sequence[str]) -> str:
        if not _TESTS.search(text):
            return ""
        if _NO_TESTS.search(text):
            return f"tests are touched: {', '.join(list(self.tests)[:3])}" if self.tests else ""
        return "" if any(path in self.tests for path in paths) else "names no test that this change touches"

    def _about_names(self, text: str, paths: Sequence[str]) -> str:
        material = self._material(paths)
        names = [*_QUOTED.findall(text), *_IDENTIFIER.findall(_PATH.sub(" ", _QUOTED.sub(" ", text)))]
        absent = [name for name in names if name not in material]
        return f"does not occur in this change: {', '.join(dict.fromkeys(absent))}" if absent else ""

    def _about_numbers(self, text: str, paths: Sequence[str]) -> str:
        material = self._material(paths)
        plain = _PATH.sub(" ", _QUOTED.sub(" ", text))
        numbers = [number.rstrip(".,") for number in _NUMBER.findall(plain)]
        absent = [n for n in numbers if not re.search(rf"(?<![\d.]){re.escape(n)}(?![\d])", material)]
        absent += [word for word in _COUNTS.findall(plain) if not re.search(rf"(?i)\b{word}\b", material)]
        return f"number not in this change: {', '.join(dict.fromkeys(absent))}" if absent else ""

    def _about_lines(self, paths: Sequence[str], lines: Sequence[str]) -> str:
        shown = self._shown(paths)
        if not any(patch.removed or patch.added for patch in shown):
            return "" if shown or not self._has_lines(paths) else "rests on files that the model was not shown"
        if not any(line.strip("+- \t") for line in lines):
            return "quotes no line of the change"
        there = {f"+{line.strip()}" for patch in shown for line in patch.added}
        there |= {f"-{line.strip()}" for patch in shown for line in patch.removed}
        absent = [line for line in lines if line[:1] + line[1:].strip() not in there]
        return f"quotes a line that is not there: {absent[0][:80]}" if absent else ""

    def _has_lines(self, paths: Sequence[str]) -> bool:
        return any(_within(path, given) for path in self.paths - self.without_lines for given in paths)

    def _about_subject(self, text: str, paths: Sequence[str]) -> str:
        """Object where nothing that the sentence speaks of occurs in the files that it names."""
        if any(path.rpartition("/")[2] in text for path in paths):
            return ""
        stems = {word.lower()[:_STEM] for word in _WORD.findall(text) if word.lower() not in _EMPTY_WORDS}
        material = self._material(paths).lower()
        return "" if not stems or any(stem in material for stem in stems) else "nothing it speaks of occurs there"

    def _material(self, paths: Sequence[str]) -> str:
        return "\n".join((*paths, self._lines(paths), self.known))

    def _lines(self, paths: Sequence[str]) -> str:
        """Give what stands in the files: without headings, whose numbers say where, not what."""
        lines = (line for patch in self._shown(paths) for line in patch.text.partition("\n@@")[2].split("\n"))
        return "\n".join(line[1:] for line in lines if not line.startswith("@@"))

    def _shown(self, paths: Sequence[str]) -> tuple[FilePatch, ...]:
        if len(paths) >= len(self.paths):
            return tuple(self.patches.values())
        return tuple(patch for path, patch in self.patches.items() if any(_within(path, given) for given in paths))

    def _statuses(self, paths: Sequence[str]) -> frozenset[str]:
        return frozenset(status for path, status in self.statuses.items() if any(_within(path, p) for p in paths))


def _within(path: str, given: str) -> bool:
    return path == given or path.startswith(f"{given.rstrip('/')}/") or path.endswith(f"/{given}")


def _about_judgement(text: str) -> str:
    found = _JUDGED.search(text)
    return f"a judgement that no diff shows: {found[0]}" if found else ""
