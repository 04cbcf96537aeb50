"""The command line as programs use it: JSON or a refusal, an exit code that is true, and no surprise in a pipe."""

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from agents.entrypoints import caller, commandline
from agents.entrypoints.guard_arguments import GUARDS
from tests.evaluation.__main__ import main as evaluation
from tests.stage.places import ROOT

SERVICE = """\
service: observer
repository: {url: 'https://git.example.com/observer.git'}
components: {observer: {image: registry.example.com/observer}}
environments:
  production:
    target: {hosts: [{name: here}], directory: /srv/observer}
    health: {probe: {url: 'http://127.0.0.1:8080/health'}}
"""
Ran = subprocess.CompletedProcess[str]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration of its own, with one service."""
    (tmp_path / "services").mkdir()
    (tmp_path / "services/observer.yaml").write_text(SERVICE)
    (tmp_path / "shipmate.yaml").write_text("database: sqlite:///shipmate.db\nworkspace: work\n")
    (tmp_path / "shipmate.db").touch()
    return tmp_path / "shipmate.yaml"


def shipmate(config: Path, *words: str, **environ: str) -> Ran:
    environment = {**os.environ, "SHIPMATE_CONFIG": str(config), "LANGGRAPH_STRICT_MSGPACK": "true", **environ}
    command = [sys.executable, "-m", "agents", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True, check=False, timeout=120)


def test_p10_a_restore_that_somebody_may_not_do_is_no_misuse(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHIPMATE_CONFIG", str(config))
    assert commandline.main(["restore", "observer", "production", "20260101-1"]) == commandline.NO
    assert "Only they may put backups back, too. Nothing was changed." in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["deploy", "rollback", "approve", "reject", "cancel", "unlock"])
def test_what_acts_takes_no_json_instead_of_doing_nothing(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        commandline.main([verb, "observer", "--json"])
    assert stopped.value.code == commandline.WRONG
    assert "--json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("status", "obsrver"), "./shipmate status observer"),
        (("stats", "obsrver"), "./shipmate stats observer"),
        (("history", "observer", "prodction"), "./shipmate history observer production"),
        (("guard", "volumes", "obsrver"), "did you mean 'observer'?"),
        (("audit", "verfy"), "did you mean 'verify'?"),
        (("summary", "--repo", "/nowhere", "--base", "a", "--head", "b"), "/nowhere is not a git repository."),
    ],
)
def test_a_mistake_under_json_is_json_with_the_nearest_name(config: Path, words: tuple[str, ...], meant: str) -> None:
    ran = shipmate(config, *words, "--json")
    assert ran.returncode == commandline.WRONG
    assert meant in json.loads(ran.stdout)["error"]


def test_known_names_are_answered_in_json(config: Path) -> None:
    ran = shipmate(config, "status", "observer", "production", "--json")
    assert (ran.returncode, json.loads(ran.stdout)["targets"][0]["service"]) == (0, "observer")


def test_an_option_of_a_release_may_stand_anywhere_among_its_words(config: Path) -> None:
    ran = shipmate(config, "deploy", "obsrver", "--dry-run", "v1.2.3", "to", "production")
    assert ran.returncode == commandline.WRONG
    assert "./shipmate deploy observer v1.2.3 to production --dry-run" in ran.stdout


def test_two_options_of_a_release_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        commandline.main(["deploy", "observer", "v1.2.3", "--dry-run", "--deploy-only"])
    assert stopped.value.code == commandline.WRONG
    assert "not allowed with" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("history",), ("status", "observer"), ("stats",), ("deploy", "obsrver", "v1")])
def test_what_only_reads_starts_no_crew_that_would_take_up_releases(config: Path, words: tuple[str, ...]) -> None:
    elsewhere = {"SHIPMATE_DATABASE_URL": f"sqlite:///{config.parent}/history.db"}
    (config.parent / "history.db").touch()
    assert shipmate(config, *words, **elsewhere).stderr == ""
    made = {file.name for file in config.parent.glob("history*.db")}
    assert made == {"history.db"}, "no wake-ups and no memory were opened"


@pytest.mark.parametrize("words", [("status",), ("audit", "verify")])
def test_what_only_reads_makes_no_database_where_the_path_is_wrong(config: Path, words: tuple[str, ...]) -> None:
    nowhere = config.parent / "wrong"
    ran = shipmate(config, *words, SHIPMATE_DATABASE_URL=f"sqlite:///{nowhere}/history.db")
    told = f"There is no database at {nowhere}/history.db yet (nothing was released, or the path is wrong)."
    assert ran.returncode == commandline.WRONG
    assert told in ran.stderr + ran.stdout
    assert not nowhere.exists()


def test_on_a_new_machine_the_status_is_answered_and_nothing_is_made(config: Path) -> None:
    new = config.parent / "new" / "config" / "shipmate.yaml"
    (new.parent / "services").mkdir(parents=True)
    (new.parent / "services/observer.yaml").write_text(SERVICE)
    new.write_text("{}\n")
    ran = shipmate(new, "status")
    assert (ran.returncode, ran.stderr) == (commandline.DONE, "")
    assert [file.name for file in new.parent.parent.iterdir()] == ["config"]


@pytest.mark.parametrize("name", ["nowhere.yml", "."])
def test_a_compose_file_that_cannot_be_read_is_told_in_a_line(config: Path, name: str) -> None:
    ran = shipmate(config, "guard", "volumes", "observer", "--file", str(config.parent / name))
    assert (ran.returncode, ran.stdout) == (commandline.WRONG, "")
    assert "could not be read: " in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_word_that_is_no_command_is_told_in_whole_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    assert commandline.main(["frobnicate"]) == commandline.WRONG
    assert "unlock. `./shipmate help` lists them." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("main", "words", "told"),
    [
        (commandline.main, ("guard", "secrts"), "There is no guardrail 'secrts', did you mean 'secrets'?"),
        (commandline.main, ("check-config", "foo"), "usage: ./shipmate check-config [-h]\n"),
        (evaluation, ("sumaries",), "there is nothing called 'sumaries', did you mean 'summaries'?"),
    ],
)
def test_a_word_behind_a_command_is_objected_to_with_what_that_command_takes(
    main: Callable[[Sequence[str]], int], words: Sequence[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code: object = main(words)
    except SystemExit as stopped:
        code = stopped.code
    assert code == commandline.WRONG
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("overhead", "--rounds=0"), "'0' is no number of rounds; write 1 or more"),
        (("fuzz", "--seconds=0"), "'0' is no time; write a number of seconds above 0"),
    ],
)
def test_a_benchmark_that_would_measure_nothing_is_refused(asked: tuple[str, ...], told: str) -> None:
    command = [sys.executable, "-m", "tests.bench", *asked]
    ran = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False, timeout=120)
    assert ran.returncode == commandline.WRONG
    assert told in ran.stderr


def test_a_benchmark_that_there_is_not_is_told_with_the_nearest_one() -> None:
    command = [sys.executable, "-m", "tests.bench", "secrts"]
    ran = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False, timeout=120)
    assert ran.returncode == commandline.WRONG
    assert "there is no benchmark 'secrts', did you mean 'secrets'?" in ran.stderr


def test_every_guardrail_that_is_known_by_name_can_be_run(capsys: pytest.CaptureFixture[str]) -> None:
    for name in GUARDS:
        with pytest.raises(SystemExit) as stopped:
            commandline.main(["guard", name, "--help"])
        assert stopped.value.code == 0
        assert f"./shipmate guard {name}" in capsys.readouterr().out


@pytest.mark.parametrize(("verb", "told"), [("deploy", f"{commandline.LEFT}\n"), ("history", "")])
def test_whoever_leaves_a_release_is_told_that_it_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: str, told: str
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commandline, "load", interrupted)
    assert commandline.main([verb, "observer"]) == commandline.INTERRUPTED
    assert capsys.readouterr().err == told


def test_the_export_of_a_service_that_never_was_is_refused_with_the_nearest_name(config: Path) -> None:
    assert shipmate(config, "export", "observer").returncode == commandline.DONE
    ran = shipmate(config, "export", "obsrver")
    assert (ran.returncode, ran.stdout) == (commandline.WRONG, "")
    assert "There is no service obsrver, did you mean 'observer'?" in ran.stderr


def test_a_reader_that_wants_no_more_ends_an_export_quietly(config: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "SHIPMATE_CONFIG": str(config)}
    with os.fdopen(writing, "w") as gone:
        command = [sys.executable, "-m", "agents", "export"]
        ran = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=gone, stderr=subprocess.PIPE, check=False, timeout=120
        )
    assert (ran.returncode, ran.stderr) == (commandline.UNREAD, b"")


def test_a_person_at_the_terminal_is_who_the_system_says_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "hana")
    assert caller.person().id == f"terminal:{pwd.getpwuid(os.getuid()).pw_name}"
