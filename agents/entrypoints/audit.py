"""`shipmate audit`: what was asked, decided, refused and done; and whether all of it still stands as it was written."""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agents.entrypoints import figures
from agents.entrypoints.audit_arguments import ACCEPT, VERIFY
from agents.entrypoints.caller import person
from agents.entrypoints.terminal import Out
from agents.entrypoints.voice import Voice, terminal_voice
from agents.entrypoints.wiring import Databases, opened_store
from config.nearest import did_you_mean
from config.shipmate import Configuration
from tools.errors import NotFound
from tools.history import Store
from tools.history.chain import Entry, Examination, Fault, Head
from tools.history.ledger import Record
from tools.history.testimony import UNPROVED


async def audited(wanted: argparse.Namespace, configuration: Configuration, out: Out) -> int:
    """List the audit, prove it, or accept its head file as it is; returns the exit code."""
    async with opened_store(configuration) as store:
        if wanted.what == VERIFY:
            return await verified(store, wanted, Databases.of(configuration).path, out)
        if wanted.what == ACCEPT:
            return await accepted(store, person().id, wanted.reason, out)
        return await listed(store, configuration.services, wanted, out)


async def listed(store: Store, services: Iterable[str], wanted: argparse.Namespace, out: Out) -> int:
    """List entries, oldest first; those of a service that is gone too. Raises `NotFound` where there never was one."""
    whole = wanted.all or wanted.json
    entries = await store.audit.recent(wanted.what, wanted.since, max(wanted.limit, 1), sessions=whole)
    if wanted.what and not entries and wanted.what not in services:
        raise NotFound(f"There is no service {wanted.what}{did_you_mean(wanted.what, (*services, VERIFY, ACCEPT))}")
    voice = terminal_voice()
    if wanted.json:
        out.write(json.dumps([document(entry) for entry in entries], indent=2) + "\n")
    else:
        out.write("\n".join(line(entry, voice) for entry in entries) + "\n" if entries else "No entry.\n")
    return 0


async def verified(store: Store, wanted: argparse.Namespace, place: Path, out: Out) -> int:
    """Prove every entry; exit code 1 where one is not as it was written."""
    fault, examination = await store.audit.examine(wanted.against)
    if wanted.json:
        out.write(json.dumps(_verdict(fault, examination), indent=2) + "\n")
    else:
        shown = await store.audit.entry(fault.number) if fault else None
        out.write("\n".join(trouble(fault, shown, place) if fault else _well(examination)) + "\n")
    return 1 if fault else 0


async def accepted(store: Store, person: str, reason: str, out: Out) -> int:
    """Take the chain as it is for the truth from now on, and put that on record in the chain itself."""
    fault, examination = await store.audit.examine()
    if fault is None or fault.code not in ("cut-off", "replaced", "no-head"):
        out.write(
            f"Nothing to accept: {fault.told if fault else 'every entry is as it was written.'} Nothing has changed. "
            "Only a head file that the table contradicts can be accepted.\nNext: ./shipmate audit verify\n"
        )
        return 1
    told = {
        "reason": reason,
        "fault": fault.code,
        "at": fault.number,
        "was": (examination.head or Head(0, "")).told,
    }
    await store.audit.add(Record("bot", ACCEPT, "done", person, door="terminal", detail=told))
    head = await store.audit.head()
    store.audit.ledger.files.put(head)
    out.write(f"Accepted and put on record as entry {head.number}. Verified from here on: {head.told}\n")
    return 0


def _well(examination: Examination) -> list[str]:
    if not examination.seen:
        return ["No entry yet, and none was ever noted: there is nothing to prove."]
    last, head = examination.last, examination.head
    newer = last.number - (head.number if head else 0)
    lines = [f"{figures.count(examination.seen, 'entry', 'entries')}: each is as it was written, and none is missing."]
    if newer:
        lines.append(
            f"The newest {newer} came after the head file was written last; if more were cut off, it cannot tell."
        )
    lines.append(f"Newest: {last.told}. Whoever keeps that elsewhere can prove all of it later with")
    return [*lines, f"  ./shipmate audit verify --against {last.told}"]


def trouble(fault: Fault, shown: Entry | None, place: Path) -> list[str]:
    """Say which entry is wrong, how things stand, and what to do next."""
    if fault.code in _KEY_FAULTS:
        lines = [f"The audit ({fault.code}): {fault.told}", _GOES_ON]
    else:
        lines = _unproved(fault) if fault.code == UNPROVED else _wrong(fault, shown)
    lines += [f"Next: {step}" for step in _NEXT.get(fault.code, _NEXT[""])]
    return [text.replace("PLACE", str(place)).replace("FILES", f"{place.with_suffix('')}-audit") for text in lines]


def _unproved(fault: Fault) -> list[str]:
    standing = (
        "Every entry of the audit is as it was written, so the table of decisions was changed. "
        "A deployment that has not begun yet is refused where its approval is not proved."
    )
    return [terminal_voice().say("Decision ({code}): {told:600}", code=fault.code, told=fault.told), standing]


def _wrong(fault: Fault, shown: Entry | None) -> list[str]:
    good = fault.number - 1
    before = f"Entries up to {good} are as they were written" if good > 0 else "No entry is proved"
    lines = [f"Entry {fault.number} ({fault.code}): {fault.told}"]
    lines += [f"It says now: {line(shown, terminal_voice())}"] if shown else []
    lines.append(f"{before}; for what comes after that there is no proof. {_GOES_ON}")
    return lines


_GOES_ON = "Releases go on, and are still put on record."
_KEY_FAULTS = frozenset({"no-key", "another-key"})
_COPY = "copy PLACE, FILES.key and FILES.head somewhere safe before anything else writes to them."
_NEXT: Mapping[str, Sequence[str]] = {
    "": (
        _COPY,
        "compare it with a backup; ask who could write to that file. `./shipmate audit --json` prints the table.",
    ),
    UNPROVED: (
        _COPY,
        "look at what that release did (`./shipmate audit`), and ask who could write to that file.",
    ),
    "no-key": (
        "put FILES.key back from a backup before a bot or a command that acts starts: that would make a new one.",
        "ask who could remove that file. Where there is no backup, nothing can prove these entries any more.",
    ),
    "another-key": (
        "keep FILES.key, then put back the former one from the backup of that database: it was replaced or removed.",
        "ask who could do that. Where there is no backup, nothing can prove the entries before any more.",
    ),
    "no-head": (_COPY, "if you know why it is gone: `./shipmate audit accept --reason TEXT`."),
    "cut-off": (_COPY, "if you put a backup back yourself: `./shipmate audit accept --reason TEXT`."),
    "contradicted": (
        "compare NUMBER:SEAL with where it was told; and see what the head file says: ./shipmate audit verify",
        "if a backup was put back since, what came after it is gone: that is said there, with the way to accept it.",
    ),
    "replaced": (_COPY, "if you put a backup back yourself: `./shipmate audit accept --reason TEXT`."),
}


def line(entry: Entry, voice: Voice) -> str:
    """Tell an entry on one line."""
    what = " ".join(part for part in (entry.kind, entry.action, entry.service, entry.environment) if part)
    told = voice.say(
        "{number} {at:40} {what:240}: {outcome:60}",
        number=entry.number,
        at=f"{entry.at[:19].replace('T', ' ')} UTC",
        what=what,
        outcome=entry.outcome,
    )
    who = f" by {voice.mention(entry.person)}" if entry.person else ""
    where = voice.say(" ({door:20} {team:40})", door=entry.door, team=entry.workspace) if entry.workspace else ""
    details = {**json.loads(entry.detail), "release": entry.release, "plan": entry.digest[:12]}
    kept = ((name.replace("_", " "), _told(name, value)) for name, value in details.items() if value != "")
    return (
        told
        + who
        + where
        + "".join(voice.say(", {name:40} {value:160}", name=name, value=value) for name, value in kept)
    )


def _told(name: str, value: object) -> object:
    """Write a detail as people read it."""
    if name == "configuration":
        return str(value)[:12]
    return "unlocked" if name == "until" and value is None else value


def document(entry: Entry) -> dict[str, Any]:
    """Write an entry as plain JSON."""
    return {**asdict(entry), "detail": json.loads(entry.detail)}


def _verdict(fault: Fault | None, examination: Examination) -> dict[str, Any]:
    return {
        "ok": fault is None,
        "entries": examination.seen,
        "newest": examination.last.told,
        "head_file": examination.head.number if examination.head else None,
        "fault": asdict(fault) if fault else None,
    }
