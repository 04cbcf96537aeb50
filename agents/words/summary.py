"""The summary of a release without a model: every section there, every number computed, foreign words quoted. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from agents.words.claims import Claim, Words
from agents.words.facts import ImageFact, ReleaseFacts, SuiteFact
from agents.words.foreign import code, hides, one_line, prose
from tools.changes import ChangedFile

MOST_LINES = 60
"""Longer lists end with how many more there are; their total always stands above them."""


@dataclass(frozen=True, slots=True)
class Section:
    """One heading with its lines, as plain text without markup; foreign words in it are visible, not escaped."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Quoted:
    """How foreign words are shown in one medium."""

    markdown: bool

    def __call__(self, text: str) -> str:
        return code(text) if self.markdown else one_line(text)


def plain(facts: ReleaseFacts) -> tuple[Section, ...]:
    """Write the summary as short plain sections, for a place that escapes by itself."""
    return tuple(_sections(facts, _Quoted(markdown=False)))


def markdown(facts: ReleaseFacts, words: Words | None = None) -> str:
    """Write the summary for GitHub: facts first, the model's words last and labelled."""
    title = f"## {facts.service or 'Change'} {code(facts.to_version)}"
    blocks = [title, *(_block(section) for section in _sections(facts, _Quoted(markdown=True)))]
    return "\n\n".join([*blocks, _told_by(words)]) + "\n"


def headline(facts: ReleaseFacts, quoted: Callable[[str], str] = one_line) -> str:
    """Say in one sentence what changes."""
    files = [file for group in facts.files.values() for file in group]
    lines = f"+{sum(file.added for file in files)} -{sum(file.deleted for file in files)} lines"
    since = quoted(facts.from_version) if facts.from_version else "nothing"
    return (
        f"From {since} to {quoted(facts.to_version)}: {_count(facts.commits, 'commit')}, "
        f"{_count(files, 'file')}, {lines}, {_count(facts.removals, 'removal')}."
    )


def _sections(facts: ReleaseFacts, quoted: _Quoted) -> Iterator[Section]:
    yield Section("What changes", (headline(facts, quoted), *_pull_request(facts, quoted), *_hidden(facts)))
    yield Section("Taken away", _listed(facts.removals, quoted, "Nothing."))
    yield Section("Risks", _listed(facts.risks, quoted, "None of the known kinds."))
    yield Section("Migrations", _listed(facts.migrations, quoted, "None."))
    yield Section("How it runs", _listed(map(str, facts.differences), quoted, "No difference known."))
    yield Section("Dependencies", _listed(map(str, facts.dependencies), quoted, "No change."))
    yield Section("Tests that ran", tuple(_suite(suite, quoted) for suite in facts.tests) or ("None.",))
    yield Section(
        "Not run", tuple(f"{quoted(n)}: {quoted(why)}" for n, why in sorted(facts.not_run.items())) or _ran(facts)
    )
    yield Section(
        "Findings", _listed((f"{f.rule}: {f.subject} - {f.message}" for f in facts.findings), quoted, "None.")
    )
    yield Section("Images", tuple(_image(image) for image in facts.images) or ("Not built.",))
    yield Section("Way back", (one_line(facts.rollback) or "Not examined.",))
    yield Section(
        "Commits", _listed((f"{c.sha[:12]} {c.subject} ({c.author})" for c in facts.commits), quoted, "None.")
    )
    yield Section("Files", tuple(_files(facts, quoted)) or ("None.",))


def _pull_request(facts: ReleaseFacts, quoted: _Quoted) -> Iterator[str]:
    if facts.pull_request:
        pull = facts.pull_request
        yield f"Pull request {pull.number} by {quoted(pull.author)}: {quoted(pull.title)}"


def _hidden(facts: ReleaseFacts) -> Iterator[str]:
    pull = facts.pull_request
    texts = [*facts.paths, *(part for c in facts.commits for part in (c.subject, c.body, c.author))]
    if any(map(hides, [*texts, *((pull.title, pull.body) if pull else ())])):
        yield "Hidden characters or comments were found in names or texts of this change; they are shown as [U+....]."


def _listed(lines: Iterable[str], quoted: _Quoted, none: str) -> tuple[str, ...]:
    every = list(lines)
    shown = [quoted(line) for line in every[:MOST_LINES]]
    more = [f"and {len(every) - MOST_LINES} more"] if len(every) > MOST_LINES else []
    return (*shown, *more) or (none,)


def _suite(suite: SuiteFact, quoted: _Quoted) -> str:
    coverage = "" if suite.coverage is None else f", coverage {suite.coverage:.0f} %"
    detail = f": {quoted(suite.detail)}" if suite.detail else ""
    return f"{one_line(suite.name)} {suite.outcome}, {_count(range(suite.tests), 'test')}{coverage}{detail}"


def _ran(facts: ReleaseFacts) -> tuple[str, ...]:
    return ("Everything that is declared ran.",) if facts.tests else ("No test was run for this summary.",)


def _image(image: ImageFact) -> str:
    if image.size_bytes is None:
        return f"{one_line(image.name)}: size not known"
    size = f"{image.size_bytes / 1e6:.1f} MB"
    if image.previous_size_bytes is None:
        return f"{one_line(image.name)}: {size}"
    return f"{one_line(image.name)}: {size} ({(image.size_bytes - image.previous_size_bytes) / 1e6:+.1f} MB)"


def _files(facts: ReleaseFacts, quoted: _Quoted) -> Iterator[str]:
    for category, group in facts.files.items():
        yield f"{category}: {_count(group, 'file')}"
        yield from _listed(map(_file, group), quoted, "")


def _file(file: ChangedFile) -> str:
    origin = f" (was {file.previous_path})" if file.previous_path else ""
    return f"{file.status} {file.path}{origin} " + ("binary" if file.binary else f"+{file.added} -{file.deleted}")


def _count(things: Sequence[object], word: str) -> str:
    return f"{len(things)} {word}" + ("" if len(things) == 1 else "s")


def _block(section: Section) -> str:
    return "\n".join([f"### {section.title}", *(f"- {line}" for line in section.lines)])


def _told_by(words: Words | None) -> str:
    if words is None:
        return "*Computed from the repository and from measurements; no model took part.*"
    claims = [*map(_claim, words.claims), *(f"Possible risk: {_claim(risk)}" for risk in words.risks)]
    return "\n".join(
        [
            f"### In other words (written by {code(words.model)} from texts nobody has checked)",
            f"> {prose(words.headline)}",
            *(f"> - {claim}" for claim in claims),
        ]
    )


def _claim(claim: Claim) -> str:
    if claim.ungrounded:
        return f"{prose(claim.text)} **(not backed by the change: {prose(claim.ungrounded)})**"
    return prose(claim.text)
