"""Nothing hides in a change (P17): what people cannot see in its names, texts and new lines is found and told.

Direction marks let code read otherwise than it runs ("Trojan Source"), and characters without a shape carry words
that only machines read. Nothing is refused for it: some are honest, so a person is told where they stand.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from guardrails.verdict import Finding, Level, Verdict

MOST_FINDINGS = 20
"""Of the places beyond, the last finding tells the number."""
_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_SHAPELESS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0e\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""Letters, accents and codes without a name that leave no mark on a screen."""
_SUSPECT = re.compile(
    f"[^\t\n\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u0370-\u058f\u4e00-\u9fff\uac00-\ud7a3]|{_SHAPELESS.pattern}"
)
"""Where to look closer: most lines hold nothing of this."""
_JOINERS, _DIRECTIONS = "\u200c\u200d", "\u200e\u200f\u061c"
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_COMMENT = "<!--"
_REMEDY = "Read it as it is shown here, [U+....] for each of them, and ask its author what they are for."


def is_hidden(character: str) -> bool:
    """Tell whether people cannot see a character; line ends and tabs they can."""
    if character in "\n\t":
        return False
    return unicodedata.category(character) in _CATEGORIES or _SHAPELESS.match(character) is not None


def visible(text: str) -> str:
    """Write every character that cannot be seen as its code point: `[U+202E]`; lines may end as on Windows."""
    lines = text.replace("\r\n", "\n")
    return "".join(f"[U+{ord(character):04X}]" if is_hidden(character) else character for character in lines)


def hidden_in(text: str) -> tuple[str, ...]:
    """List the characters of a text that hide, each as often as it does; what writing systems need does not count."""
    if not _SUSPECT.search(text):
        return ()
    return tuple(text[at] for at in range(len(text)) if is_hidden(text[at]) and not _needed(text, at))


def nothing_hidden(texts: Mapping[str, str], lines: Iterable[tuple[str, int, str]] = ()) -> Verdict:
    """Tell of hidden characters in texts (what it is -> its words) and in new lines (path, number, line).

    A comment that only machines read is remarked in texts, not in lines of files, where it belongs.
    """
    found = [*_in_texts(texts), *islice(_in_lines(lines), MOST_FINDINGS + 1)]
    kept = found[:MOST_FINDINGS]
    if len(found) > MOST_FINDINGS:
        more = "There are more places than are listed here."
        kept.append(Finding("hidden-characters", "further places", more, _REMEDY, Level.WARNING))
    return Verdict.of(kept)


def _in_texts(texts: Mapping[str, str]) -> Iterator[Finding]:
    for what, text in texts.items():
        if marks := hidden_in(text):
            yield Finding("hidden-characters", visible(what), _told(marks), _REMEDY, Level.WARNING)
        if _COMMENT in text:
            message = "It holds a comment (<!-- -->) that is not shown where people read it."
            yield Finding(
                "hidden-comment", visible(what), message, "Open it for editing to read the comment.", Level.NOTE
            )


def _in_lines(lines: Iterable[tuple[str, int, str]]) -> Iterator[Finding]:
    for path, number, line in lines:
        if marks := hidden_in(line.removeprefix("\ufeff").removesuffix("\r").replace("\f", "")):
            place = f"{path}:{number}"
            yield Finding("hidden-characters", visible(place), _told(marks), _REMEDY, Level.WARNING, place)


def _told(marks: Iterable[str]) -> str:
    counted = Counter(marks)
    named = [f"U+{ord(mark):04X} {unicodedata.name(mark, '')}".strip() for mark in sorted(counted)[:5]]
    more = f" and {len(counted) - len(named)} other kinds" if len(counted) > len(named) else ""
    number = sum(counted.values())
    return f"It holds {number} character{'s' * (number != 1)} that people cannot see: {', '.join(named)}{more}."


def _needed(text: str, at: int) -> bool:
    """Tell whether a mark does what it is for: join letters that are joined by it, turn words that run both ways."""
    mark = text[at]
    if mark == "\r":
        return text[at + 1 : at + 2] == "\n"
    if mark in _JOINERS:
        return at > 0 and not text[at - 1].isascii() and not is_hidden(text[at - 1]) and at + 1 < len(text)
    return mark in _DIRECTIONS and any(
        other.isalpha() and unicodedata.bidirectional(other) in _RIGHT_TO_LEFT for other in text
    )
