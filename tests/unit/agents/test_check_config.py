import io
from pathlib import Path

from agents.entrypoints.check_config import check_config

SHIPPED = Path(__file__).parents[3] / "config" / "services" / "observer.yaml"


def checked(directory: Path, bot: str) -> tuple[int, str]:
    (directory / "services").mkdir()
    (directory / "services" / "observer.yaml").write_text(SHIPPED.read_text())
    (directory / "shipmate.yaml").write_text(bot)
    out = io.StringIO()
    return check_config(directory / "shipmate.yaml", {}, out=out), out.getvalue()


def test_a_configuration_that_loads_is_counted(tmp_path: Path) -> None:
    code, said = checked(tmp_path, "services: services\n")
    assert code == 0
    assert said.startswith("OK: 1 service, ")


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
