"""What simple SQL statements do to the data, and to a version that does not know of them yet. Pure.

No parser: comments and quoted texts are taken out, and what is left is looked at statement by statement. Statements
that run what stands elsewhere are told to be obscure. What no rule here knows is taken for harmless, so this warns of
what it saw and never vouches for the rest.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that a migration does."""

    what: str
    """In words: `drops column email of users`."""
    loses: bool = False
    """Data is gone afterwards, or is not what it was."""
    breaks: bool = False
    """The version before would fail with what it leaves."""


_NAME = r"(?P<{0}>(?:[\w$]+|[\"`\[][^\"`\]]+[\"`\]])(?:\.(?:[\w$]+|[\"`\[][^\"`\]]+[\"`\]]))*)"
_TABLE = _NAME.format("table")
_COLUMN = _NAME.format("column")
_ALTER = rf"^ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?{_TABLE}\s+(?P<rest>.+)$"
_NO_COLUMN = (
    r"(?!CONSTRAINT\b|INDEX\b|KEY\b|PRIMARY\b|FOREIGN\b|CHECK\b|DEFAULT\b|NOT\b|IDENTITY\b|EXPRESSION\b|PARTITION\b"
    r"|UNIQUE\b|EXCLUDE\b)"
)
_OF = "{column} of {table}"
_STATEMENTS = (
    (rf"^DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?{_TABLE}", "drops table {table}", True, True),
    (rf"^DROP\s+(?:SCHEMA|DATABASE)\s+(?:IF\s+EXISTS\s+)?{_TABLE}", "drops schema {table}", True, True),
    (
        rf"^DROP\s+(?:MATERIALIZED\s+)?(?:VIEW|TYPE|SEQUENCE|FUNCTION)\s+(?:IF\s+EXISTS\s+)?{_TABLE}",
        *("drops {table}", False, True),
    ),
    (rf"^TRUNCATE\s+(?:TABLE\s+)?(?:ONLY\s+)?{_TABLE}", "empties table {table}", True, True),
    (rf"^DELETE\s+FROM\s+(?:ONLY\s+)?{_TABLE}", "deletes rows of {table}", True, False),
    (rf"^UPDATE\s+(?:ONLY\s+)?{_TABLE}\s+(?:\w+\s+)?SET\b", "changes rows of {table}", True, False),
    (rf"^RENAME\s+TABLE\s+{_TABLE}", "renames table {table}", False, True),
    (rf"^CREATE\s+UNIQUE\s+INDEX\b.*?\bON\s+(?:ONLY\s+)?{_TABLE}", "lets {table} hold no value twice", False, True),
)
_FILLED = r"(?=.*\bNOT\s+NULL\b)(?!.*\b(?:DEFAULT|GENERATED|SERIAL|BIGSERIAL|AUTO_INCREMENT)\b)"
_CHANGES = (
    (rf"^DROP\s+(?:COLUMN\s+)?{_NO_COLUMN}(?:IF\s+EXISTS\s+)?{_COLUMN}", f"drops column {_OF}", True, True),
    (
        rf"^RENAME\s+(?:COLUMN\s+)?(?!TO\b|AS\b|CONSTRAINT\b|INDEX\b){_COLUMN}\s+TO\b",
        *(f"renames column {_OF}", False, True),
    ),
    (r"^RENAME\s+(?:TO|AS)\b", "renames table {table}", False, True),
    (rf"^ALTER\s+(?:COLUMN\s+)?{_COLUMN}\s+SET\s+NOT\s+NULL", f"demands {_OF}", False, True),
    (rf"^ALTER\s+(?:COLUMN\s+)?{_COLUMN}\s+(?:SET\s+DATA\s+)?TYPE\b", f"changes the type of {_OF}", True, True),
    (rf"^(?:MODIFY|CHANGE)\s+(?:COLUMN\s+)?{_COLUMN}", f"changes the type of {_OF}", True, True),
    (
        rf"^ADD\s+(?:COLUMN\s+)?{_NO_COLUMN}(?:IF\s+NOT\s+EXISTS\s+)?{_COLUMN}{_FILLED}",
        *("adds {column} to {table}, which every row must fill", False, True),
    ),
    (
        r"^ADD\s+(?:CONSTRAINT\s+\S+\s+)?(?:CHECK|UNIQUE|FOREIGN\s+KEY|EXCLUDE)\b(?!.*\bNOT\s+VALID\b)",
        *("lets {table} hold less than before", False, True),
    ),
)
_OBSCURE = re.compile(
    r"(?:DO|EXECUTE|EXEC|CALL|MERGE)\b|WITH\b.*\b(?:DELETE\s+FROM|MERGE\s+INTO|UPDATE\s+(?!SET\b))", re.IGNORECASE
)
"""What runs a text, a procedure or a query that may do anything, its quoted parts included."""
Rules = tuple[tuple[str, str, bool, bool], ...]
_QUOTED = re.compile(
    r"--[^\n]*|/\*.*?\*/|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|'(?:[^']|'')*'",
    re.DOTALL,
)
_SECTIONS = re.compile(
    r"^--\s*(?:migrate:(?P<dbmate>up|down)|\+(?:goose|migrate)\s+(?P<goose>Up|Down))\b.*$", re.IGNORECASE | re.MULTILINE
)
_MADE = re.compile(rf"^CREATE\s+(?:\w+\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{_TABLE}", re.IGNORECASE)


def sections(text: str) -> tuple[str, str]:
    """Part a file into the way forward and the way back, as dbmate, goose and sql-migrate write both into one."""
    marks = list(_SECTIONS.finditer(text))
    if not marks:
        return text, ""
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    parts = {"up": "", "down": ""}
    for mark, end in zip(marks, ends, strict=True):
        parts[(mark["dbmate"] or mark["goose"]).lower()] += text[mark.end() : end]
    return parts["up"], parts["down"]


def statements(text: str) -> tuple[str, ...]:
    """List the statements of a text, each on one line, without comments and quoted texts."""
    plain = _QUOTED.sub(lambda found: "''" if found[0][0] in "'$" else " ", text)
    return tuple(line for part in plain.split(";") if (line := " ".join(part.split())))


def deeds(text: str) -> tuple[Deed, ...]:
    """Tell what a text of SQL destroys, changes or demands; what it only adds is not told.

    What happens to a table that the same text makes concerns nobody.
    """
    said = statements(text)
    made = {_plain(found["table"]) for one in said if (found := _MADE.match(one))}
    return tuple(dict.fromkeys(deed for one in said for table, deed in _of(one) if table not in made))


def obscure(text: str) -> bool:
    """Tell whether a text of SQL has a statement that may do anything, as far as can be told here."""
    return any(_OBSCURE.match(one) for one in statements(text))


def _of(statement: str) -> Iterator[tuple[str, Deed]]:
    altered = re.match(_ALTER, statement, re.IGNORECASE)
    if altered:
        for change in _clauses(altered["rest"]):
            yield from _first(_CHANGES, change, {"table": altered["table"]})
        return
    yield from _first(_STATEMENTS, statement, {})


def _first(rules: Rules, text: str, known: Mapping[str, str]) -> Iterator[tuple[str, Deed]]:
    for pattern, words, loses, breaks in rules:
        found = re.match(pattern, text, re.IGNORECASE)
        if found:
            names = {name: _plain(value) for name, value in {**known, **found.groupdict()}.items() if value}
            yield names.get("table", ""), Deed(words.format_map(names), loses, breaks)
            return


def _clauses(text: str) -> Iterator[str]:
    """Part the changes of one ALTER TABLE at the commas outside of brackets."""
    depth, begun = 0, 0
    for at, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            yield text[begun:at].strip()
            begun = at + 1
    yield text[begun:].strip()


def _plain(name: str) -> str:
    return re.sub(r"[\"`\[\]]", "", name)
