"""What changes between two commits of a repository, as facts; others add what only they know of a release."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from agents.words.dependencies import declares_dependencies, dependency_changes
from agents.words.discreet import without_secrets
from agents.words.facts import ReleaseFacts, by_category, migrations
from agents.words.kinds import folded
from agents.words.locks import dependency_files, lists_packages
from agents.words.patch import file_patches, removed_protections
from agents.words.risky import change_risks
from agents.words.settings import configures, setting_changes
from agents.words.tested import touched_tests
from agents.words.variables import variables_read
from agents.words.way_back import destructive_lines, way_back
from guardrails.categories import Patterns
from tools.changes import ChangedFile, touched
from tools.errors import Garbled
from tools.repository import Repository

LARGEST_BYTES, MOST_LINES_OF_A_FILE = 4_000_000, 20_000
"""Of one file, both versions together."""
MOST_BYTES, MOST_LINES = 40_000_000, 250_000
"""Of all files together; what lies beyond is told by name."""
AT_ONCE = 400
"""Files in one question to git."""
LARGEST_DECLARATION_BYTES = 5_000_000
_READ_WHOLE = (configures, declares_dependencies, lists_packages)
Texts = Mapping[str, bytes | None]


async def change_facts(
    repository: Repository, older: str | None, newer: str, patterns: Patterns | None = None
) -> tuple[ReleaseFacts, str]:
    """Compute the facts of a range of commits, and its diff without the secrets written into it.

    Without an older commit, everything is new. Of a change of any size every file is in the facts; the
    diff leaves out what nobody wrote by hand and what is too large, and the facts say so.
    """
    files = await repository.changed_files(older, newer)
    by_machine = folded(file.path for file in files)
    diff, unread = await _diff(repository, older, newer, files, by_machine)
    before, after = await _contents(repository, older, newer, files)
    known = ReleaseFacts(
        from_commit=older or "",
        to_version="",
        to_commit=newer,
        commits=await repository.commits(older, newer),
        files=by_category(files, patterns),
        folded=by_machine,
        unread=unread,
    )
    # A large change takes seconds, in which others still get their answers.
    return await asyncio.to_thread(_computed, known, diff, before, after, patterns)


def _computed(
    known: ReleaseFacts, raw_diff: str, before: Texts, after: Texts, patterns: Patterns | None
) -> tuple[ReleaseFacts, str]:
    """Work out what the lines and the files say."""
    files, diff = known.changed, without_secrets(raw_diff)
    patches, schema = file_patches(diff), migrations(files)
    tested = touched_tests(files, known.folded, patterns)
    settings, not_understood = setting_changes(*_chosen(configures, before, after))
    shipped = [patch for patch in patches if patch.path not in tested.touched]
    settings = tuple(sorted((*settings, *variables_read(shipped))))
    destructive = destructive_lines(patches, schema)
    packages = dependency_changes(*_chosen(declares_dependencies, before, after))
    facts = replace(
        known,
        risks=change_risks(files, destructive, known.folded, tested),
        migrations=schema,
        dependencies=packages,
        dependency_files=dependency_files(
            touched(files), {one.path for one in packages}, *_chosen(lists_packages, before, after)
        ),
        settings=settings,
        removed_protections=removed_protections(diff),
        tested=tested,
        way_back=way_back(schema, destructive, settings, known.unread),
        unread=dict(known.unread) | dict.fromkeys(not_understood, "its keys could not be read; its lines were"),
    )
    return facts, diff


async def _diff(
    repository: Repository,
    older: str | None,
    newer: str,
    files: Sequence[ChangedFile],
    by_machine: Mapping[str, str],
) -> tuple[str, dict[str, str]]:
    """Read the lines of what people wrote, as far as there is room, and tell what was left out."""
    sizes = await _sizes(repository, older, newer, files)
    unread = {file.path: why for file in files if (why := _unreadable(file, sizes, by_machine))}
    lines = size = 0
    wanted: list[ChangedFile] = []
    for file in sorted(files, key=_telling_first):
        if file.path in unread:
            continue
        lines += file.added + file.deleted
        size += sizes.get(file.path, 0)
        if lines <= MOST_LINES and size <= MOST_BYTES:
            wanted.append(file)
        else:
            unread[file.path] = "the change is too large"
    pieces = [await _piece(repository, older, newer, batch) for batch in _batches(wanted)]
    diff = "".join(pieces)
    read = {patch.path for patch in file_patches(diff)}
    return diff, unread | {file.path: "git shows no lines of it" for file in wanted if file.path not in read}


def _telling_first(file: ChangedFile) -> tuple[bool, bool, int, str]:
    """Order by what must not be missed: how something runs, then what loses lines, then smaller before larger."""
    return not configures(file.path), not file.deleted, file.added + file.deleted, file.path


async def _sizes(
    repository: Repository, older: str | None, newer: str, files: Sequence[ChangedFile]
) -> Mapping[str, int]:
    """Tell the bytes of both versions of each file together."""
    new = await repository.sizes(newer, [file.path for file in files])
    origins = {file.path: file.previous_path or file.path for file in files}
    old = await repository.sizes(older, origins.values()) if older else {}
    return {file.path: new.get(file.path, 0) + old.get(origins[file.path], 0) for file in files}


def _unreadable(file: ChangedFile, sizes: Mapping[str, int], by_machine: Mapping[str, str]) -> str:
    if file.binary:
        return "binary"
    if file.path in by_machine:
        return by_machine[file.path]
    if sizes.get(file.path, 0) > LARGEST_BYTES or file.added + file.deleted > MOST_LINES_OF_A_FILE:
        return "too large a file"
    return ""


async def _piece(repository: Repository, older: str | None, newer: str, files: Sequence[ChangedFile]) -> str:
    paths = [path for file in files for path in (file.previous_path, file.path) if path]
    try:
        return await repository.diff(older, newer, paths)
    except Garbled:
        # More than fits into memory at once: lines of megabytes. Half of it may do; one such file does not.
        half = len(files) // 2
        parts = (files[:half], files[half:]) if half else ()
        return "".join([await _piece(repository, older, newer, part) for part in parts])


def _batches(files: Sequence[ChangedFile]) -> Iterator[Sequence[ChangedFile]]:
    for start in range(0, len(files), AT_ONCE):
        yield files[start : start + AT_ONCE]


async def _contents(
    repository: Repository, older: str | None, newer: str, files: Iterable[ChangedFile]
) -> tuple[Texts, Texts]:
    """Read both versions of the files whose meaning is compared; the old one of a renamed file under its new name."""
    wanted = [file for file in files if not file.binary and any(reads(file.path) for reads in _READ_WHOLE)]
    origins = {file.path: file.previous_path or file.path for file in wanted if file.status != "added"}
    old = await repository.texts(older, origins.values(), LARGEST_DECLARATION_BYTES) if older and origins else {}
    paths = [file.path for file in wanted if file.status != "deleted"]
    new = await repository.texts(newer, paths, LARGEST_DECLARATION_BYTES) if paths else {}
    return {path: old.get(origin) for path, origin in origins.items()}, dict(new)


def _chosen(wanted: Callable[[str], bool], old: Texts, new: Texts) -> tuple[Texts, Texts]:
    return {path: old[path] for path in old if wanted(path)}, {path: new[path] for path in new if wanted(path)}
