"""The summary of a change: every section there, numbers computed, foreign words quoted, the model's labelled. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from agents.words.claims import Claim, Words
from agents.words.differences import Difference
from agents.words.facts import ImageFact, ReleaseFacts, SuiteFact
from agents.words.foreign import code, hides, one_line, prose
from agents.words.listing import grouped, listing, plain_listing
from agents.words.risky import weight
from agents.words.way_back import UNHINDERED
from guardrails.verdict import Finding
from tools.changes import Commit

ROOM = 65_000
"""Characters of a whole summary: GitHub takes 65,536 in one comment, and a marker comes before it."""
MOST_LINES = 60
"""Longer lists end with how many more there are; their total always stands above them."""
MOST_BULLETS = 5
_FEWER = (60, 30, 15, 8, 4)
_LEAST_FOR_FILES = 2_000


@dataclass(frozen=True, slots=True)
class Section:
    """One heading with its lines, as plain text without markup; foreign words in it are visible, not escaped."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Medium:
    """How foreign words are shown, and how long a list may get."""

    markdown: bool
    most: int = MOST_LINES

    def __call__(self, text: str) -> str:
        return code(text) if self.markdown else one_line(text)

    def prose(self, text: str) -> str:
        """Show sentences of other people: they read the same, and nothing in them acts."""
        return prose(text) if self.markdown else one_line(text)

    def about(self, text: str) -> str:
        """Show a sentence of ours that ends with names of others: `kind of thing: names`."""
        ours, colon, names = text.partition(": ")
        return f"{ours}: {names if names.isdigit() else self(names)}" if colon else self.prose(text)

    def listed(self, lines: Iterable[str], none: str) -> tuple[str, ...]:
        """List lines that are ready to be shown, and count those for which there is no room."""
        every = list(lines)
        shown = every[: self.most]
        more = [f"and {len(every) - self.most} more"] if len(every) > self.most else []
        return (*shown, *more) or (none,)


def plain(facts: ReleaseFacts) -> tuple[Section, ...]:
    """Write the summary as short plain sections, for a place that escapes by itself."""
    files = tuple(plain_listing(grouped(facts.files, facts.folded), MOST_LINES)) or ("None.",)
    return (*_sections(facts, None, _Medium(markdown=False)), Section("Files", files), _not_looked_at(facts, None))


def markdown(facts: ReleaseFacts, words: Words | None = None, room: int = ROOM, title: str = "") -> str:
    """Write the summary for GitHub in at most `room` characters; what it leaves out, it counts."""
    title = title or f"{facts.service or 'Change'} {code(facts.to_version)}"
    text = ""
    for most in _FEWER:
        text = f"## {title}\n\n" + _written(facts, words, most, room - len(title) - 5)
        if len(text) <= room:
            break
    return text


def headline(facts: ReleaseFacts, quoted: Callable[[str], str] = one_line) -> str:
    """Say in one sentence what changes."""
    files = facts.changed
    lines = f"+{sum(file.added for file in files)} -{sum(file.deleted for file in files)} lines"
    since = quoted(facts.from_version) if facts.from_version else "nothing"
    return (
        f"From {since} to {quoted(facts.to_version)}: {_count(facts.commits, 'commit')}, "
        f"{_count(files, 'file')}, {lines}, {_count(facts.removals, 'removal')}."
    )


def _written(facts: ReleaseFacts, words: Words | None, most: int, room: int) -> str:
    medium = _Medium(markdown=True, most=most)
    blocks = [_block(section) for section in _sections(facts, words, medium)]
    after = [_block(_not_looked_at(facts, words)), *_unbacked(words, most), _told_by(words)]
    used = len("\n\n".join([*blocks, "### Files\n", *after])) + 10
    files = listing(grouped(facts.files, facts.folded), max(room - used, _LEAST_FOR_FILES), facts.folded)
    return "\n\n".join([*blocks, f"### Files\n{files}", *after]) + "\n"


def _sections(facts: ReleaseFacts, words: Words | None, medium: _Medium) -> Iterator[Section]:
    yield Section("What and why", tuple(_bullets(facts, words, medium)))
    yield Section("Taken away", _taken_away(facts, medium))
    yield Section(f"Risk: {weight(facts).lower()}", tuple(_risks(facts, words, medium)))
    yield Section("Migrations", medium.listed(map(medium, facts.migrations), "None."))
    yield Section("How it runs", medium.listed(_running(facts, medium), "No difference known."))
    yield Section("Dependencies", medium.listed(_dependencies(facts, medium), "No change."))
    yield Section("Tests", tuple(_tests(facts, medium)))
    yield Section("Findings", medium.listed((_finding(one, medium) for one in facts.findings), "None."))
    if facts.images:
        yield Section("Images", tuple(map(_image, facts.images)))
    yield Section("Way back", _way_back(facts, medium))
    yield Section("Commits", medium.listed((_commit(commit, medium) for commit in facts.commits), "None."))


def _bullets(facts: ReleaseFacts, words: Words | None, medium: _Medium) -> Iterator[str]:
    """Say what and why in at most five lines: numbers first, then what people or the model say of it."""
    first = [headline(facts, medium), *_pull_request(facts, medium), *_hidden(facts)]
    said = [f"{prose(claim.text)} *({code(words.model)})*" for claim in words.bullets] if words else []
    said = said or [medium.prose(commit.subject) for commit in facts.commits]
    yield from (*first, *dict.fromkeys(said[: MOST_BULLETS - len(first)]))


def _pull_request(facts: ReleaseFacts, medium: _Medium) -> Iterator[str]:
    if facts.pull_request:
        pull = facts.pull_request
        yield f"Pull request {pull.number} by {medium(pull.author)}: {medium.prose(pull.title)}"


def _hidden(facts: ReleaseFacts) -> Iterator[str]:
    pull = facts.pull_request
    texts = [*facts.paths, *(part for c in facts.commits for part in (c.subject, c.body, c.author))]
    if any(map(hides, [*texts, *((pull.title, pull.body) if pull else ())])):
        yield "Hidden characters or comments were found in names or texts of this change; they are shown as [U+....]."


def _taken_away(facts: ReleaseFacts, medium: _Medium) -> tuple[str, ...]:
    """List every removal; where there are too many, count them by file, so that none is lost."""
    taken = facts.taken
    if len(taken) <= medium.most:
        return medium.listed((one.told(medium) for one in taken), "Nothing.")
    kinds: dict[str, list[str]] = {}
    for one in taken:
        place, what = (one.service, one.subject) if isinstance(one, Difference) else (one.path, one.kind)
        kinds.setdefault(place, []).append(what)
    told = (
        f"{medium(place)}: {_count(what, 'removal')}: {medium(', '.join(sorted(set(what))))}"
        for place, what in kinds.items()
    )
    return (f"{_count(taken, 'removal')} in {_count(list(kinds), 'place')}", *medium.listed(told, ""))


def _risks(facts: ReleaseFacts, words: Words | None, medium: _Medium) -> Iterator[str]:
    yield from medium.listed(map(medium.about, facts.second_looks), "None of the known kinds.")
    for risk in words.warnings if words else ():
        yield f"{prose(risk.text)} *({code(words.model) if words else ''})*"


def _running(facts: ReleaseFacts, medium: _Medium) -> Iterator[str]:
    """Tell once what both comparisons tell: the files of the repository, and what lies on the host."""
    yield from dict.fromkeys(one.told(medium) for one in sorted((*facts.differences, *facts.settings)))


def _dependencies(facts: ReleaseFacts, medium: _Medium) -> Iterator[str]:
    """Count what whole files change before single packages, of which there may be many."""
    yield from (f"{medium(path)}: {said}" for path, said in (one.split(": ", 1) for one in facts.dependency_files))
    yield from (one.told(medium) for one in facts.dependencies)


def _commit(commit: Commit, medium: _Medium) -> str:
    return f"{medium(commit.sha[:12])} {medium.prose(commit.subject)} ({medium.prose(commit.author)})"


def _tests(facts: ReleaseFacts, medium: _Medium) -> Iterator[str]:
    tested = facts.tested
    yield f"Touched by the change: {_count(tested.touched, 'test file')}" + ("." if not tested.touched else ":")
    yield from medium.listed(map(medium, tested.touched), "") if tested.touched else ()
    yield from (f"Deleted: {medium(path)}" for path in tested.deleted[: medium.most])
    yield from (
        f"Changed without a touched test: {_area(area, medium)}" for area in tested.areas_without[: medium.most]
    )
    yield from (f"Ran: {_suite(suite, medium)}" for suite in facts.tests)
    not_run = sorted(facts.not_run.items())
    yield from (f"Not run: {medium.prose(name)}: {medium.prose(why)}" for name, why in not_run[: medium.most])
    if len(not_run) > medium.most:
        yield f"and {len(not_run) - medium.most} more not run"
    if not facts.tests and not facts.not_run:
        yield "No test was run for this summary."


def _area(area: str, medium: _Medium) -> str:
    path, colon, count = area.rpartition(": ")
    return f"{medium(path)}{colon}{count}" if colon else medium(area)


def _suite(suite: SuiteFact, medium: _Medium) -> str:
    coverage = "" if suite.coverage is None else f", coverage {suite.coverage:.0f} %"
    detail = f": {medium(suite.detail)}" if suite.detail else ""
    tests = () if suite.figures and not suite.tests else (_count(range(suite.tests), "test"),)
    return f"{', '.join((f'{one_line(suite.name)} {suite.outcome}', *tests, *suite.figures))}{coverage}{detail}"


def _finding(finding: Finding, medium: _Medium) -> str:
    place = f" ({medium(finding.place)})" if finding.place else ""
    return f"{medium(finding.rule)}: {medium(finding.subject)}{place} - {medium.prose(finding.message)}"


def _image(image: ImageFact) -> str:
    if image.size_bytes is None:
        return f"{one_line(image.name)}: size not known"
    size = f"{image.size_bytes / 1e6:.1f} MB"
    if image.previous_size_bytes is None:
        return f"{one_line(image.name)}: {size}"
    return f"{one_line(image.name)}: {size} ({(image.size_bytes - image.previous_size_bytes) / 1e6:+.1f} MB)"


def _way_back(facts: ReleaseFacts, medium: _Medium) -> tuple[str, ...]:
    measured = [one_line(facts.rollback)] if facts.rollback else []
    against = () if UNHINDERED in facts.way_back else facts.way_back
    told = medium.listed(map(medium.about, against), UNHINDERED) if facts.way_back else ()
    return (*measured, *told) or ("Not examined.",)


def _not_looked_at(facts: ReleaseFacts, words: Words | None) -> Section:
    """Say what no code has read and what the model was not shown."""
    return Section("Not looked at", (*_unread(facts), *_unseen(words)))


def _unread(facts: ReleaseFacts) -> Iterator[str]:
    reasons: dict[str, int] = {}
    for why in facts.unread.values():
        reasons[why] = reasons.get(why, 0) + 1
    told = ", ".join(f"{_count(range(number), 'file')} ({why})" for why, number in sorted(reasons.items()))
    yield f"By code, line by line: {told}." if told else "By code: nothing; the lines of all changed files were read."


def _unseen(words: Words | None) -> Iterator[str]:
    if words is None or words.seen is None:
        yield "By a model: everything; none took part."
        return
    seen = words.seen
    partly, unseen = len(seen.deletions_only), len(seen.by_name_only)
    yield (
        f"By {code(words.model)}: it was shown {_count(range(seen.whole), 'file')} whole, {partly} by the lines that"
        f" go, {unseen} by name only; {seen.shown_bytes} of at most {seen.budget_bytes} bytes of the diff."
    )


def _unbacked(words: Words | None, most: int) -> Iterator[str]:
    """Show what the model wrote without ground, apart from everything else and with the reason."""
    found = [claim for claim in (words.headline, *words.claims, *words.risks) if claim.ungrounded] if words else []
    if found:
        lines = "\n".join(f"- {_flagged(claim)}" for claim in found[:most])
        told = f"Said by the model and not backed by the change: {len(found)}"
        yield f"<details><summary>{told}</summary>\n\n{lines}\n\n</details>"


def _flagged(claim: Claim) -> str:
    return f"{prose(claim.text)} **(not backed by the change: {prose(claim.ungrounded)})**"


def _told_by(words: Words | None) -> str:
    if words is None:
        return "*Computed from the repository and from measurements; no model took part.*"
    return (
        f"*Lines marked {code(words.model)} were written by a model from texts nobody has checked, and held against the"
        " change by code. All others are computed.*"
    )


def _block(section: Section) -> str:
    return "\n".join([f"### {section.title}", *(f"- {line}" for line in section.lines)])


def _count(things: Sequence[object], word: str) -> str:
    return f"{len(things)} {word}" + ("" if len(things) == 1 else "s")
