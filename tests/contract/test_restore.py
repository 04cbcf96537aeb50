"""P10: backups are listed by whoever asks, and put back by whoever may lock the target, while no release is at work."""

import io
from pathlib import Path

import pytest

from agents.answers import Person
from agents.entrypoints.restore import Errand, restore
from config.shipmate import Configuration
from tests.contract.crews import configuration
from tests.contract.histories import address, history
from tools.errors import Denied, NotFound, Superseded

NAME = "20260101-120000-abc"
CONTENTS = "dump\tdb.dump\tdb\t2048\t0\ntar\tobserver@data.tar\t/data\t10240\t4\n"
HANA, STRANGER = Person("terminal:hana"), Person("terminal:eve")


async def house(directory: Path) -> Configuration:
    """Configure a service on this machine that has one backup, and a history of nothing."""
    backup = directory / "server" / "backups" / NAME
    backup.mkdir(parents=True)
    (backup / "CONTENTS").write_text(CONTENTS)
    settings = configuration()
    service = settings.services["observer"]
    target = service.environments["production"].compose.model_copy(update={"directory": directory / "server"})
    approval = service.environments["production"].approval.model_copy(update={"approvers": (HANA.id,)})
    environment = service.environments["production"].model_copy(update={"target": target, "approval": approval})
    service = service.model_copy(update={"environments": {**service.environments, "production": environment}})
    shipmate = settings.shipmate.model_copy(update={"database": address(directory), "workspace": directory})
    async with history(directory):
        return settings.model_copy(update={"services": {"observer": service}, "shipmate": shipmate})


async def told(settings: Configuration, *words: str | None, person: Person = HANA) -> str:
    out = io.StringIO()
    service, environment, backup, host = (*words, *[None] * 4)[:4]
    await restore(Errand(str(service), environment, backup, host, person), settings, out)
    return out.getvalue()


async def test_p10_backups_are_listed_newest_first_with_what_they_hold(tmp_path: Path) -> None:
    settings = await house(tmp_path)
    assert await told(settings, "observer", person=STRANGER) == (
        f"observer in production on here, newest first:\n  {NAME}  db (dump) 2.0 kB, /data, 3 entries 10.2 kB\n"
    )


async def test_p10_only_whoever_may_lock_the_target_puts_data_back(tmp_path: Path) -> None:
    settings = await house(tmp_path)
    with pytest.raises(Denied, match="Only they may put backups back, too"):
        await told(settings, "observer", "production", NAME, person=STRANGER)


async def test_p10_nothing_is_put_back_while_a_release_is_at_work(tmp_path: Path) -> None:
    settings = await house(tmp_path)
    async with history(tmp_path) as store:
        await store.leases.take("observer", "production", "r7", "a run")
        with pytest.raises(Superseded, match="r7 is at work there"):
            await told(settings, "observer", "production", NAME)


async def test_p10_a_backup_that_is_not_there_is_told_with_the_way_to_find_one(tmp_path: Path) -> None:
    settings = await house(tmp_path)
    said = await told(settings, "observer", "production", "20250101-1")
    assert "here: NOT restored. here has no backup 20250101-1. Nothing was touched." in said
    assert "./shipmate restore observer production" in said
    async with history(tmp_path) as store:
        assert await store.leases.of("observer", "production") is None


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("observr",), "There is no service observr, did you mean 'observer'"),
        (("observer", "productoin"), "observer has no environment productoin"),
        (("observer", "production", None, "hear"), "There is no host hear, did you mean 'here'"),
    ],
)
async def test_p10_a_mistyped_name_is_answered_with_the_nearest(
    tmp_path: Path, words: tuple[str | None, ...], wrong: str
) -> None:
    with pytest.raises(NotFound, match=wrong):
        await told(await house(tmp_path), *words)
