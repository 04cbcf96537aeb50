"""The audit on a real database: several processes write it, one is killed in it, and somebody changes the file."""

import argparse
import asyncio
import io
import json
import os
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import astuple, replace
from functools import partial
from pathlib import Path
from secrets import token_hex
from types import SimpleNamespace
from typing import cast

import pytest

from agents.answers import Order, Origin, Refusal
from agents.entrypoints.audit import accepted, listed, verified
from agents.entrypoints.audit_arguments import describe
from agents.entrypoints.books import asked as asked_at_the_door
from agents.entrypoints.books import misread as misread_at_the_door
from agents.entrypoints.commands import BreakGlass, Catalog, Deploy, Misread, parse
from agents.entrypoints.presence import on_record
from config.shipmate import Configuration, Shipmate
from tests.contract.crews import ANA, HANA, STRANGER, Office, crew_of, reaches
from tests.contract.crews import asked as asked_of_crew
from tests.contract.histories import release
from tools.clock import SystemClock
from tools.errors import Garbled
from tools.history import Store, open_store
from tools.history.chain import Head, seal_of
from tools.history.ledger import LONGEST, Record
from tools.history.releases import Status
from tools.redaction import Redactor

ROOT = Path(__file__).parents[2]
ENTRIES = 8
A_FEW_SECONDS = 15.0
"""For a busy machine; on a quiet one 100,000 entries take three, and these a fifth of that."""
FORM = "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def asked(person: str = "U0ANA", **detail: object) -> Record:
    return Record("command", "deploy", "asked", person, "T0HOME", "slack", "observer", "production", detail=detail)


async def opened(file: Path, redactor: Redactor | None = None) -> Store:
    return await open_store(f"sqlite:///{file}", SystemClock(), redactor)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shipmate.db"


@pytest.fixture
async def store(file: Path) -> AsyncIterator[Store]:
    store = await opened(file)
    for number in range(ENTRIES):
        await store.audit.add(asked(number=number))
    yield store
    await store.close()


async def fault_in(file: Path, *expected: Head) -> tuple[str, int] | None:
    store = await opened(file)
    try:
        fault, _ = await store.audit.examine(expected)
    finally:
        await store.close()
    return (fault.code, fault.number) if fault else None


def change(file: Path, *statements: str) -> None:
    connection = sqlite3.connect(file)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def forged(number: int) -> tuple[str, ...]:
    """Put an entry in that somebody without the key has made."""
    return (
        "CREATE TABLE copy AS SELECT * FROM audit WHERE number = 2",
        f"UPDATE copy SET number = {number}, person = 'U0EVE', previous = 'x', seal = 'y'",  # noqa: S608 - our own number
        "INSERT INTO audit SELECT * FROM copy",
        "DROP TABLE copy",
    )


@pytest.mark.parametrize(
    ("statements", "code", "number"),
    [
        (forged(0), "inserted", 0),
        (forged(-5), "inserted", -5),
        (forged(ENTRIES + 1), "moved", ENTRIES + 1),
        (("UPDATE audit SET person = 'U0EVE' WHERE number = 3",), "changed", 3),
        (("DELETE FROM audit WHERE number IN (3, 4)",), "missing", 3),
        (("DELETE FROM audit WHERE number > 5",), "cut-off", 6),
        (("DELETE FROM audit",), "cut-off", 1),
        (("DROP TABLE audit",), "cut-off", 1),
        (
            (
                "CREATE TABLE copy AS SELECT * FROM audit WHERE number = 2",
                "UPDATE copy SET number = 9",
                "INSERT INTO audit SELECT * FROM copy",
            ),
            "moved",
            ENTRIES + 1,
        ),
        (
            (
                "UPDATE audit SET number = -1 WHERE number = 2",
                "UPDATE audit SET number = 2 WHERE number = 3",
                "UPDATE audit SET number = 3 WHERE number = -1",
            ),
            "moved",
            2,
        ),
    ],
)
async def test_a_table_that_somebody_changed_is_found_with_its_first_wrong_entry(
    store: Store, file: Path, statements: tuple[str, ...], code: str, number: int
) -> None:
    assert await fault_in(file) is None
    await store.close()
    change(file, *statements)
    assert await fault_in(file) == (code, number)


async def test_what_was_put_in_before_the_first_entry_is_not_listed_and_nothing_is_added_behind_it(file: Path) -> None:
    store = await opened(file)
    for number in range(2):
        await store.audit.add(asked(number=number))
    change(file, *forged(-3), *forged(-5), "DELETE FROM audit WHERE number > 0")
    await store.audit.add(asked("U0LATER"))
    listed_now = await store.audit.recent("observer", None, 50)
    await store.close()
    assert [(entry.number, entry.person) for entry in listed_now] == [(1, "U0LATER")]


DECIDED = "UPDATE questions SET choice = 'approved', decided_by = 'U0EVE', decided_at = asked_at"
BEFORE = "UPDATE questions SET asked_at = '2020-01-01T00:00:00.000+00:00'"


@pytest.mark.parametrize(
    ("sealed", "statements", "told"),
    [
        (None, (DECIDED,), "approved to question q1 about plan dddddddddddd, but no sealed"),
        (None, (DECIDED, BEFORE), "but no sealed entry"),
        ("rejected", (DECIDED,), "says rejected about plan dddddddddddd of release r1"),
        ("approved", ("UPDATE questions SET digest = 'eeeeeeeeeeee'",), "says approved about plan dddddddddddd"),
        ("approved", ("UPDATE questions SET choice = 'expired'",), "The table says expired"),
        ("approved", (), None),
        ("expired", (), None),
    ],
)
async def test_a_decision_that_was_only_written_into_the_table_is_found(
    store: Store, file: Path, sealed: str | None, statements: tuple[str, ...], told: str | None
) -> None:
    await store.releases.open(release())
    await store.decisions.ask("q1", "r1", "d" * 64, SystemClock().now())
    if sealed:
        await store.decisions.decide("q1", sealed, "U0HANA")
    change(file, *statements)
    question = await store.decisions.question("q1")
    assert question is not None
    fault, doubt = (await store.audit.examine())[0], await store.audit.doubt(question)
    assert fault == doubt
    assert (fault and fault.code, bool(fault)) == ("unproved-decision" if told else None, told is not None)
    assert (told or "") in (fault.told if fault else "")
    shown = await said(lambda out: verified(store, wanted("verify"), file, out))
    assert shown.startswith("1: Decision (unproved-decision): The table says " if told else "0: ")


async def test_a_decision_from_before_there_was_an_audit_is_accused_of_nothing(store: Store, file: Path) -> None:
    await store.releases.open(release())
    await store.decisions.ask("q1", "r1", "d" * 64, SystemClock().now())
    change(file, "DELETE FROM audit", DECIDED, BEFORE)
    old = await store.decisions.question("q1")
    assert old is not None
    assert await store.audit.doubt(old) is None
    await store.audit.add(asked())
    assert await store.audit.doubt(old) is None
    store.audit.ledger.files.put(await store.audit.head())
    assert (await store.audit.examine())[0] is None


async def test_a_backup_that_was_put_back_is_found_also_after_the_bot_has_gone_on(
    store: Store, file: Path, tmp_path: Path
) -> None:
    await store.close()
    shutil.copy(file, tmp_path / "backup.db")
    store = await opened(file)
    for number in range(3):
        await store.audit.add(asked(number=number))
    await store.close()
    shutil.copy(tmp_path / "backup.db", file)
    assert await fault_in(file) == ("cut-off", ENTRIES + 1)
    store = await opened(file)
    for number in range(7):
        await store.audit.add(asked("U0LATER", number=number))
    await store.close()
    assert await fault_in(file) == ("replaced", ENTRIES + 3)


async def test_a_backup_put_back_by_a_person_can_be_accepted_and_stays_on_record(
    store: Store, file: Path, tmp_path: Path
) -> None:
    await store.close()
    shutil.copy(file, tmp_path / "backup.db")
    store = await opened(file)
    await store.audit.add(asked())
    told = await store.audit.head()
    await store.close()
    shutil.copy(tmp_path / "backup.db", file)
    store, out = await opened(file), io.StringIO()
    assert await accepted(store, "terminal:hana", "Sunday's backup", out) == 0
    assert await accepted(store, "terminal:hana", "again", out) == 1
    assert "Nothing to accept" in out.getvalue()
    assert (await store.audit.recent(None, None, 1))[0].action == "accept"
    await store.audit.add(asked())
    await store.close()
    assert await fault_in(file) is None
    assert await fault_in(file, told) == ("contradicted", told.number)


async def test_a_bot_that_starts_on_a_backup_says_so_in_its_log_and_in_the_audit(
    store: Store, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    declared = cast("Configuration", SimpleNamespace(shipmate=Shipmate(), services={}))
    async with on_record(store, declared):
        pass
    assert not caplog.messages
    await store.close()
    change(file, "DELETE FROM audit WHERE number > 5")
    store = await opened(file)
    async with on_record(store, declared):
        pass
    entries = await store.audit.recent(None, None, 2)
    await store.close()
    assert "./shipmate audit verify" in caplog.text
    assert [(one.action, json.loads(one.detail).get("head file")) for one in entries] == [
        ("started", "contradicts"),
        ("stopped", None),
    ]


async def test_a_changed_entry_cannot_be_accepted(store: Store, file: Path) -> None:
    await store.close()
    change(file, "UPDATE audit SET person = 'U0EVE' WHERE number = 3")
    store, out = await opened(file), io.StringIO()
    assert await accepted(store, "terminal:hana", "please", out) == 1
    await store.close()
    assert await fault_in(file) == ("changed", 3)


async def test_entries_of_another_database_are_not_taken_for_ones_of_this(
    store: Store, file: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "other" / "shipmate.db"
    other = await opened(elsewhere)
    for number in range(ENTRIES):
        await other.audit.add(asked(number=number))
    await other.close()
    await store.close()
    change(
        file, f"ATTACH '{elsewhere}' AS o", "DELETE FROM audit", "INSERT INTO audit SELECT * FROM o.audit", "SELECT 1"
    )
    assert await fault_in(file) == ("another-key", 1)


@pytest.mark.parametrize("name", ["shipmate-audit.head", "shipmate-audit.key"])
async def test_a_file_of_the_audit_that_is_gone_is_told(store: Store, file: Path, name: str) -> None:
    await store.close()
    file.with_name(name).unlink()
    found = await fault_in(file)
    assert found is not None
    assert found == (("no-head", ENTRIES) if name.endswith("head") else ("no-key", 1))
    assert not file.with_name(name).exists(), "whoever only reads puts nothing in its place"


async def test_a_bot_that_starts_without_the_key_makes_a_new_one_and_says_so_loudly(
    store: Store, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await store.close()
    key = file.with_name("shipmate-audit.key")
    former = key.read_bytes()
    key.unlink()
    store = await opened(file)
    told = await said(lambda out: verified(store, wanted("verify"), file, out))
    assert f"The key that seals the audit is missing ({key}); no entry can be proved." in told
    assert "are as they were written" not in told
    assert not key.exists()
    await store.audit.add(asked("U0BEFORE"))
    assert not key.exists(), "no other command makes one beside entries"
    async with on_record(store, cast("Configuration", SimpleNamespace(shipmate=Shipmate(), services={}))):
        pass
    assert "so a new one was made" in caplog.text
    assert json.loads((await store.audit.recent(None, None, 2))[0].detail)["key"] == "was missing, a new one was made"
    told = await said(lambda out: verified(store, wanted("verify"), file, out))
    await store.close()
    assert f"entry {ENTRIES + 2} tells that a new one was made" in told
    key.write_bytes(former)
    assert await fault_in(file) == ("without-key", ENTRIES + 1)


async def test_an_emptied_table_without_its_key_is_not_taken_for_a_new_one(store: Store, file: Path) -> None:
    await store.close()
    file.with_name("shipmate-audit.key").unlink()
    change(file, "DELETE FROM audit")
    assert await fault_in(file) == ("no-key", 1)


async def test_opening_makes_neither_key_nor_head_before_there_is_an_entry(file: Path) -> None:
    assert await fault_in(file) is None
    store = await opened(file)
    assert await store.audit.stands()
    assert not list(file.parent.glob("shipmate-audit.*"))
    await store.audit.add(asked())
    await store.close()
    assert await fault_in(file) is None


async def test_a_head_that_somebody_else_wrote_is_none(store: Store, file: Path) -> None:
    await store.close()
    head = file.with_name("shipmate-audit.head")
    change(file, "DELETE FROM audit WHERE number > 5")
    kept = sqlite3.connect(file)
    seal = kept.execute("SELECT seal FROM audit WHERE number = 5").fetchone()[0]
    kept.close()
    head.write_bytes(f"{5:020d} {seal} {'0' * 64}\n".encode())
    assert await fault_in(file) == ("no-head", 5)


async def test_a_key_that_is_none_is_told_with_the_way_out(store: Store, file: Path) -> None:
    await store.close()
    file.with_name("shipmate-audit.key").write_bytes(b"short")
    with pytest.raises(Garbled, match="does not hold a key"):
        await opened(file)


@pytest.mark.usefixtures("store")
async def test_key_and_head_are_for_nobody_else(file: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in file.parent.glob("shipmate-audit.*")} == {0o600}


async def writer(file: Path, me: str, entries: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.contract.audit_writer", f"sqlite:///{file}", me, str(entries)),
        cwd=ROOT,
        env=dict(os.environ),
        stdout=asyncio.subprocess.PIPE,
    )


async def test_processes_that_write_at_once_write_one_chain_and_one_that_is_killed_leaves_no_gap(file: Path) -> None:
    patient = [await writer(file, f"patient-{number}", 25) for number in range(2)]
    killed = await writer(file, "killed", 100_000)
    assert killed.stdout is not None
    kept = 0
    while kept < 20:
        kept = int(await killed.stdout.readline()) + 1
    killed.send_signal(signal.SIGKILL)
    rest = (await killed.stdout.read()).split()
    assert await killed.wait() == -signal.SIGKILL
    told = max([kept, *(int(line) + 1 for line in rest)])
    for one in patient:
        await one.communicate()
        assert one.returncode == 0
    assert await fault_in(file) is None
    store = await opened(file)
    written = [entry.person for entry in await store.audit.recent(None, None, 1_000_000)]
    await store.close()
    assert written.count("patient-0") == written.count("patient-1") == 25
    assert told <= written.count("killed") <= told + 1


async def test_a_decision_is_on_record_exactly_when_it_is_taken(store: Store) -> None:
    await store.releases.open(release())
    await store.decisions.ask("r1/1", "r1", "d" * 64, SystemClock().now())
    choices = [store.decisions.decide("r1/1", "approved", f"U{number}") for number in range(10)]
    assert sum(await asyncio.gather(*choices)) == 1
    told = [entry for entry in await store.audit.recent(None, None, 100) if entry.action == "decide"]
    assert [(one.kind, one.outcome, one.release, one.digest) for one in told] == [
        ("decision", "approved", "r1", "d" * 64)
    ]
    assert told[0].service == "observer"


async def test_what_cannot_be_put_on_record_does_not_happen(store: Store, file: Path) -> None:
    await store.releases.open(release())
    await store.decisions.ask("r1/1", "r1", "d" * 64, SystemClock().now())
    change(file, "DROP TABLE audit")
    with pytest.raises(Exception, match="no such table: audit"):
        await store.decisions.decide("r1/1", "approved", "U0HANA")
    question = await store.decisions.question("r1/1")
    assert question is not None
    assert question.choice is None


def holding(directory: Path, text: str) -> list[Path]:
    return [path for path in directory.iterdir() if text.encode() in path.read_bytes()]


async def test_an_entry_is_bounded_and_carries_no_secret_that_the_bot_knows(file: Path) -> None:
    redactor, secret = Redactor(), token_hex(16)
    redactor.register("GITHUB_TOKEN", secret)
    store = await opened(file, redactor)
    await store.audit.add(asked(f"U{secret}", reason=f"{'x' * (LONGEST - 8)}{secret}", **{secret: 1}))
    await store.audit.add(replace(asked(note="\ud800 \0 \u202e"), action="\ud800"))
    entries = await store.audit.recent(None, None, 10)
    assert (await store.audit.examine())[0] is None
    await store.close()
    assert secret[:8] not in str(list(map(astuple, entries)))
    assert not holding(file.parent, secret[:8])
    assert max(len(str(value)) for value in json.loads(entries[0].detail).values()) <= LONGEST + 3


async def test_many_entries_are_proved_in_seconds(store: Store, file: Path) -> None:
    last = (await store.audit.recent(None, None, 1))[0]
    key, rows = store.audit.ledger.files.key, []
    for number in range(last.number + 1, 20_001):
        bare = replace(last, number=number, previous=last.seal)
        last = replace(bare, seal=seal_of(key, bare))
        rows.append(astuple(last))
    await store.close()
    connection = sqlite3.connect(file)
    connection.executemany(FORM, rows)
    connection.commit()
    connection.close()
    begun = time.monotonic()
    assert await fault_in(file) is None
    assert time.monotonic() - begun < A_FEW_SECONDS


def wanted(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    describe(parser)
    return parser.parse_args(words)


async def said(work: Callable[[io.StringIO], object]) -> str:
    out = io.StringIO()
    code = await work(out)  # type: ignore[misc]  # a lambda that returns a coroutine
    return f"{code}: {out.getvalue()}"


async def test_verify_tells_the_first_wrong_entry_how_things_stand_and_what_to_do(store: Store, file: Path) -> None:
    good = await said(lambda out: verified(store, wanted("verify"), file, out))
    assert good.startswith(f"0: {ENTRIES} entries: each is as it was written")
    assert f"./shipmate audit verify --against {ENTRIES}:" in good
    change(file, "UPDATE audit SET person = 'U0EVE' WHERE number = 3")
    bad = await said(lambda out: verified(store, wanted("verify"), file, out))
    assert bad.startswith("1: Entry 3 (changed): ")
    for part in ("U0EVE", "Entries up to 2 are as they were written", "Next: copy", str(file), "shipmate-audit.key"):
        assert part in bad
    told = json.loads((await said(lambda out: verified(store, wanted("verify", "--json"), file, out)))[3:])
    assert (told["ok"], told["fault"]["number"], told["fault"]["code"]) == (False, 3, "changed")


async def test_the_list_is_of_a_service_and_of_a_time(store: Store) -> None:
    await store.audit.add(replace(asked(), service="kodex"))
    lines = (await said(lambda out: listed(store, ["kodex"], wanted("kodex", "--since", "1h"), out))).splitlines()
    assert len(lines) == 1
    assert "command deploy kodex production: asked by U0ANA (slack T0HOME)" in lines[0]
    assert await said(lambda out: listed(store, [], wanted("--since", "2099-01-01"), out)) == "0: No entry.\n"
    told = json.loads((await said(lambda out: listed(store, [], wanted("--json", "--limit", "2"), out)))[3:])
    assert [one["number"] for one in told] == [ENTRIES, ENTRIES + 1]


async def test_the_list_is_written_for_people(store: Store) -> None:
    await store.audit.add(replace(asked(until=None, configuration="c" * 64), action="lock"))
    declared = cast("Configuration", SimpleNamespace(shipmate=Shipmate(), services={}))
    for door in ("terminal", ""):
        async with on_record(store, declared, door=door):
            pass
    lines = (await said(lambda out: listed(store, [], wanted(), out))).splitlines()
    assert len(lines) == ENTRIES + 1 + 2
    assert " UTC command lock " in lines[ENTRIES]
    assert lines[ENTRIES].endswith(f", until unlocked, configuration {'c' * 12}")
    for given in (wanted("--all"), wanted("--json")):
        assert (await said(partial(listed, store, [], given))).count("stopped") == 2


async def test_what_was_told_elsewhere_and_is_not_here_is_no_backup_to_accept(store: Store, file: Path) -> None:
    for told in ("999:3f2a9c81d0e45b17", "3:3f2a9c81d0e45b17"):
        said_so = await said(partial(verified, store, wanted("verify", "--against", told), file))
        assert "the number is not of this database, or the history was rewritten" in said_so
        assert "audit accept" not in said_so


def test_commands_are_put_on_record_by_the_words_that_people_type() -> None:
    urgent = BreakGlass("observer", "v1.0.1", "production", "on fire")
    assert asked_at_the_door(urgent, ANA, Origin()).action == "break-glass"
    unread = parse("lock observer nothing-known for 2h a secret", Catalog({}, "/deploy"))
    assert isinstance(unread, Misread)
    assert misread_at_the_door(unread, ANA, Origin()).detail == {"command": "lock"}
    unknown = parse("s3cret", Catalog({}, "/deploy"))
    assert isinstance(unknown, Misread)
    assert misread_at_the_door(unknown, ANA, Origin()).detail == {}


async def test_a_release_leaves_its_whole_trail_in_the_order_of_what_happened(tmp_path: Path) -> None:
    said_so = Order("deploy", "observer", "production", "v1.0.1", ANA, Origin("C0RELEASES", "1.0"), "slack:1")
    async with crew_of(tmp_path, Office()) as crew:
        typed = Deploy("observer", "v1.0.1", "production")
        await crew.store.audit.add(asked_at_the_door(typed, said_so.person, said_so.origin))
        release, digest = await asked_of_crew(crew, said_so)
        assert isinstance(await crew.decide(release, digest, STRANGER, "approved"), Refusal)
        await crew.decide(release, digest, HANA, "approved")
        await reaches(crew, release, Status.FINISHED)
        entries = await crew.store.audit.recent("observer", None, 100)
        fault, _ = await crew.store.audit.examine()
        (finished,) = await crew.store.journal.of_many([release], ["finished"])
    told = [(one.kind, one.action, one.outcome, one.person) for one in entries]
    assert told == [
        ("command", "deploy", "asked", ANA.id),
        ("effect", "opened", "done", ANA.id),
        ("decision", "vote", "approved", HANA.id),
        ("decision", "decide", "approved", HANA.id),
        ("effect", "ended", "succeeded", "shipmate"),
    ]
    assert {one.digest for one in entries if one.kind == "decision"} == {digest}
    assert {one.release for one in entries[1:]} == {release}
    assert finished.body["audit"].startswith(f"{entries[-2].number}:")
    assert fault is None


async def test_an_effect_that_is_about_to_begin_is_known_of_its_release_only(store: Store) -> None:
    await store.audit.add(Record("effect", "move", "intended", "shipmate", release="r1"))
    await store.audit.add(Record("effect", "move", "done", "shipmate", release="r2"))
    assert [await store.audit.intended(name, "move") for name in ("r1", "r2", "r3")] == [True, False, False]
    assert not await store.audit.intended("r1", "roll back")
