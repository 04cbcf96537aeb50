"""Every changed file in as much room as there is: by name, by directory with names, by directory with counts. Pure."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import count

from agents.words.foreign import code, one_line
from config.sources import Category
from tools.changes import ChangedFile

OPEN = 20
"""More lines than these are folded away until somebody opens them."""
_DEEPEST = 5
Groups = Mapping[str, Sequence[ChangedFile]]
"""Heading -> files; every changed file is in exactly one group."""
Form = Callable[[Sequence[ChangedFile]], Iterator[str]]


def grouped(files: Mapping[Category, Sequence[ChangedFile]], folded: Mapping[str, str]) -> Groups:
    """Group by what files are about; what nobody wrote by hand is a group of its own for each kind."""
    groups: dict[str, list[ChangedFile]] = {}
    for category, group in files.items():
        for file in group:
            groups.setdefault(folded.get(file.path) or str(category), []).append(file)
    by_hand = {name: group for name, group in groups.items() if name not in set(folded.values())}
    return by_hand | {name: groups[name] for name in sorted(groups.keys() - by_hand.keys())}


def listing(groups: Groups, room: int, folded: Collection[str] = ()) -> str:
    """List all files in Markdown in at most `room` characters, where that many are enough for one line a group.

    A file is named, or counted with the directory that it is in; the counts of a group add up to its heading.
    """
    written = (_written(groups, form, folded) for form in _forms())
    last = ""
    for text in written:
        last = text
        if len(text) <= room:
            return text
    return last


def counted(group: Sequence[ChangedFile]) -> str:
    """Say how many files a group has, deletions apart."""
    deleted = sum(file.status == "deleted" for file in group)
    told = f"{len(group)} file{'s' * (len(group) != 1)}"
    if deleted == len(group):
        return f"{told} deleted"
    return f"{told}, {deleted} of them deleted" if deleted else told


def line(file: ChangedFile) -> str:
    """Describe one file; its names are words of other people."""
    origin = f" (was {file.previous_path})" if file.previous_path else ""
    return f"{file.status} {file.path}{origin} " + ("binary" if file.binary else f"+{file.added} -{file.deleted}")


def directories(group: Sequence[ChangedFile], depth: int) -> Mapping[str, Sequence[ChangedFile]]:
    """Sort files into directories of at most this many levels, the most files first."""
    found: dict[str, list[ChangedFile]] = {}
    for file in group:
        found.setdefault("/".join(file.path.split("/")[:-1][:depth]) + "/", []).append(file)
    return dict(sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0])))


def _forms() -> Iterator[Form]:
    yield _by_line
    yield _by_name
    for depth in range(_DEEPEST, 0, -1):
        yield partial(_by_directory, depth=depth, names_deleted=True)
        yield partial(_by_directory, depth=depth, names_deleted=False)
    for most in (100, 50, 20, 5, 0):
        yield partial(_largest_directories, most=most)


def _written(groups: Groups, form: Form, folded: Collection[str]) -> str:
    return "\n".join(_group(name, group, list(form(group)), folded) for name, group in groups.items()) or "- None."


def _group(name: str, group: Sequence[ChangedFile], lines: list[str], folded: Collection[str]) -> str:
    heading = f"{name}: {counted(group)}"
    listed = "\n".join(f"- {one}" for one in lines)
    if not lines:
        return f"- {heading}"
    if len(lines) <= OPEN and not any(file.path in folded for file in group):
        return f"**{heading}**\n\n{listed}\n"
    return f"<details><summary>{heading}</summary>\n\n{listed}\n\n</details>\n"


def _by_line(group: Sequence[ChangedFile]) -> Iterator[str]:
    yield from (code(line(file), most=1000) for file in sorted(group, key=_deletions_first))


def _by_name(group: Sequence[ChangedFile]) -> Iterator[str]:
    yield from (_named(file) for file in sorted(group, key=_deletions_first))


def _by_directory(group: Sequence[ChangedFile], depth: int, *, names_deleted: bool) -> Iterator[str]:
    deleted = [file for file in group if names_deleted and file.status == "deleted"]
    yield from map(_named, deleted)
    left = [file for file in group if not (names_deleted and file.status == "deleted")]
    yield from (f"{code(place, most=300)} {counted(inner)}" for place, inner in directories(left, depth).items())


def _largest_directories(group: Sequence[ChangedFile], most: int) -> Iterator[str]:
    places = directories(group, 1)
    for number, (place, inner) in zip(count(), places.items(), strict=False):
        if number == most:
            break
        yield f"{code(place, most=100)} {counted(inner)}"
    rest = [file for inner in list(places.values())[most:] for file in inner]
    if rest and most:
        yield f"{len(places) - most} more directories: {counted(rest)}"


def _named(file: ChangedFile) -> str:
    mark = {"deleted": "deleted ", "added": "added ", "renamed": "renamed "}.get(file.status, "")
    return mark + code(file.path, most=1000)


def _deletions_first(file: ChangedFile) -> tuple[bool, str]:
    return file.status != "deleted", file.path


def plain_listing(groups: Groups, most: int) -> Iterator[str]:
    """List files without markup, at most so many of each group by name, and say how many more there are."""
    for name, group in groups.items():
        yield f"{name}: {counted(group)}"
        ordered = sorted(group, key=_deletions_first)
        yield from (one_line(line(file)) for file in ordered[:most])
        if len(group) > most:
            yield f"and {len(group) - most} more"
