import io
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from agents.entrypoints.check_config import check_config
from agents.entrypoints.checkup.allowances import allowance_checks
from config.loading import load

SHIPPED = Path(__file__).parents[3] / "config" / "services" / "observer.yaml"


def checked(directory: Path, bot: str, service: str = SHIPPED.read_text()) -> tuple[int, str]:
    (directory / "services").mkdir()
    (directory / "services" / "observer.yaml").write_text(service)
    (directory / "shipmate.yaml").write_text(bot)
    out = io.StringIO()
    return check_config(directory / "shipmate.yaml", {}, out=out), out.getvalue()


def test_a_configuration_that_loads_is_counted(tmp_path: Path) -> None:
    code, said = checked(tmp_path, "services: services\n")
    assert code == 0
    assert said.startswith("OK: 1 service, ")


@pytest.mark.parametrize(
    ("starts", "lasts", "told"),
    [
        ("0 0 24 12 *", "1h", r"Freeze: observer in production: (next freeze|frozen until) .*: backups run\n"),
        ("0 * * * *", "1h", r"Freeze: observer in production: frozen, and no end is in sight: backups run\. Leave a"),
    ],
)
def test_freezes_are_told_and_one_without_a_pause_is_remarked_on(
    tmp_path: Path, starts: str, lasts: str, told: str
) -> None:
    freeze = f"{{starts: '{starts}', lasts: {lasts}, reason: backups run}}"
    code, said = checked(tmp_path, f"services: services\nfreezes: [{freeze}]\n")
    assert code == 0
    assert re.search(told, said)


REFUSED = "observer in production has triggers and no approvers: every release that begins by itself is refused."
NOBODY = "approvers: []"
APPROVAL = {
    "approvers": ('approvers: [U0HANA, U0KENJI, "terminal:hana"]', False),
    "nobody, and triggers": (NOBODY, True),
    "nobody, and nobody is needed": (f"{NOBODY}\n      required: 0", False),
}


@pytest.mark.parametrize(("approval", "remarked"), APPROVAL.values(), ids=APPROVAL)
@pytest.mark.parametrize("triggered", [True, False])
def test_triggers_of_releases_that_nobody_may_approve_are_remarked_on(
    tmp_path: Path, approval: str, remarked: bool, triggered: bool
) -> None:
    service = SHIPPED.read_text().replace(
        "      required: 1\n", "" if "required" in approval else "      required: 1\n"
    )
    service = service.replace(APPROVAL["approvers"][0], approval)
    code, said = checked(tmp_path, "", service if triggered else service.replace('tags: ["v*"]', "tags: []"))
    assert code == 0
    assert (REFUSED in said) == (remarked and triggered)


@pytest.mark.parametrize(
    ("people", "told"),
    [("{}", ["U0HANA, U0KENJI, terminal:hana"]), ("{hana: [U0HANA, 'terminal:hana']}", [])],
)
def test_approvers_who_may_be_one_human_are_remarked_on(tmp_path: Path, people: str, told: list[str]) -> None:
    code, said = checked(tmp_path, f"people: {people}\n")
    assert code == 0
    assert re.findall(r"observer in production: (.*) may be one human", said) == told


def test_every_fault_is_told_with_its_place_and_the_next_command(tmp_path: Path) -> None:
    code, said = checked(tmp_path, "servces: services\nslack:\n  comand: /x\n")
    first, second, last = said.splitlines()
    assert code == 2
    assert first.startswith(f"{tmp_path}/shipmate.yaml:1: servces: unknown key")
    assert "did you mean 'command'?" in second
    assert last == "2 faults to correct. Then run `./shipmate check-config` again."


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    out = io.StringIO()
    assert check_config(tmp_path / "shipmate.yaml", {}, out=out) == 2
    assert "there is no such file" in out.getvalue()


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (-1, "ended on {day} and allows nothing any more. Take the value out"),
        (0, "ends on {day}, today. Take the value out of the file before"),
        (14, "ends on {day}, in 14 days. Take the value out of the file before"),
        (15, ""),
    ],
)
def test_p14_an_exception_that_ended_or_soon_will_is_told(tmp_path: Path, days: int, told: str) -> None:
    today = date(2030, 1, 31) - timedelta(days=days)
    checked(tmp_path, "services: services\n")
    found = allowance_checks(load(tmp_path / "shipmate.yaml", {}), today)
    assert len(found) == bool(told)
    assert all(
        f"{one.name}: {one.detail}. {one.remedy}".startswith(
            "observer, DEMO_PASSWORD in /app/demo/seed.env: " + told.format(day="2030-01-31")
        )
        for one in found
    )


def test_check_config_prints_an_allowed_advisory_that_ended(tmp_path: Path) -> None:
    audited = (
        SHIPPED.read_text().replace("npm_audit: null", "npm_audit: audit.json").replace("2030-01-31", "2020-01-31")
    )
    code, said = checked(tmp_path, "services: services\n", audited)
    assert code == 0
    assert "Allowed advisory: observer, CVE-2018-1000656 in suite unit: ended on 2020-01-31 and allows nothing" in said


def test_p14_check_config_prints_an_exception_that_ended(tmp_path: Path) -> None:
    code, said = checked(tmp_path, "services: services\n", SHIPPED.read_text().replace("2030-01-31", "2020-01-31"))
    assert code == 0
    assert "Allowed secret: observer, DEMO_PASSWORD in /app/demo/seed.env: ended on 2020-01-31" in said


def test_p15_a_place_that_is_to_be_kept_and_waived_is_remarked_on(tmp_path: Path) -> None:
    waiving = SHIPPED.read_text().replace("waived: {}", "waived: {/app/logs/: moved by hand, /app/old: of no use}")
    code, said = checked(tmp_path, "services: services\n", waiving)
    assert code == 0
    assert "Remark: observer in production waives /app/logs/, where /app/logs is to be kept" in said
    assert "waives /app/old" not in said
