"""What becomes of each file: new, as it is, kept, or replaced."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tools.errors import Denied


class Fate(StrEnum):
    """What becomes of a file that would be written."""

    NEW = "new"
    SAME = "same"
    KEPT = "kept"
    """It is there with another content, and nobody said `--force`."""
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Filed:
    """One file: where it belongs, what would stand in it, what stands there now."""

    shown: str
    """Its path as people are told."""
    place: Path
    text: str
    before: str | None
    fate: Fate

    @property
    def is_written(self) -> bool:
        """Tell whether something has to be done."""
        return self.fate in {Fate.NEW, Fate.REPLACED}


def filed(shown: str, place: Path, text: str, *, force: bool) -> Filed:
    """Look at what lies at a place; raises `Denied` where that is no text."""
    try:
        before = place.read_text(encoding="utf-8") if place.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise Denied(f"{place} cannot be read: {error}", remedy="Move it out of the way.") from error
    return Filed(shown, place, text, before, fate_of(text, before, force=force))


def fate_of(text: str, before: str | None, *, force: bool) -> Fate:
    """Decide what becomes of a file. What somebody wrote is never replaced unless it is asked for."""
    if before is None:
        return Fate.NEW
    if before == text:
        return Fate.SAME
    return Fate.REPLACED if force else Fate.KEPT


def write(files: Iterable[Filed]) -> None:
    """Write what has to be written; raises `Denied` where the disk refuses."""
    for one in files:
        if not one.is_written:
            continue
        try:
            one.place.parent.mkdir(parents=True, exist_ok=True)
            one.place.write_text(one.text, encoding="utf-8")
        except OSError as error:
            raise Denied(
                f"{one.place} cannot be written: {error.strerror}.", standing="Files before it were written."
            ) from error


def differences(files: Iterable[Filed]) -> str:
    """Show what would change, as `git diff` does; kept files too, so that people see what they miss."""
    return "\n".join(_difference(one) for one in files if one.fate is not Fate.SAME)


def _difference(one: Filed) -> str:
    before = (one.before or "").splitlines(keepends=True)
    old = f"a/{one.shown}" if one.before is not None else "/dev/null"
    return "".join(difflib.unified_diff(before, one.text.splitlines(keepends=True), old, f"b/{one.shown}"))


def by_presence(texts: Mapping[str, str], present: Mapping[str, bool], *, force: bool) -> dict[str, Fate]:
    """Decide the same where only is known which files exist, and whether with the same content."""
    fates: dict[str, Fate] = {}
    for path in texts:
        if path not in present:
            fates[path] = Fate.NEW
        elif present[path]:
            fates[path] = Fate.SAME
        else:
            fates[path] = Fate.REPLACED if force else Fate.KEPT
    return fates
