"""A wrong configuration is answered with every fault, each with its line and the nearest valid name."""

from pathlib import Path

import pytest

from config.document import read_document
from config.faults import ConfigFaults
from config.loading import config_path, load
from config.nearest import nearest

SHIPMATE = "slack:\n  escalation_channel: C0ONCALL\n"
OBSERVER = """\
service: observer
repository:
  url: ../repositories/observer
components:
  observer:
    image: ghcr.io/acme/observer
suites:
  unit:
    kind: unit
    command: [pytest]
environments:
  production:
    target:
      directory: /opt/observer
      hosts:
        - name: one
          address: 192.0.2.7
          key: keys/one
    health:
      probe:
        url: http://127.0.0.1:8080/health
"""


def written(directory: Path, observer: str = OBSERVER, shipmate: str = SHIPMATE, name: str = "observer.yaml") -> Path:
    (directory / "services/keys").mkdir(parents=True)
    (directory / "services/keys/one").touch()
    (directory / "services" / name).write_text(observer, encoding="utf-8")
    (directory / "shipmate.yaml").write_text(shipmate, encoding="utf-8")
    return directory / "shipmate.yaml"


def faults(path: Path, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigFaults) as caught:
        load(path, environ or {})
    return [str(fault).removeprefix(f"{path.parent}/") for fault in caught.value.faults]


def test_a_right_configuration_loads_with_paths_seen_from_its_files(tmp_path: Path) -> None:
    loaded = load(written(tmp_path), {"GITHUB_TOKEN": "token", "SLACK_API_URL": "http://127.0.0.1:1/api"})
    observer = loaded.services["observer"]
    assert loaded.shipmate.services == tmp_path / "services"
    assert loaded.shipmate.database == f"sqlite:///{tmp_path.parent}/.shipmate/shipmate.db"
    assert observer.repository.url == str(tmp_path / "repositories" / "observer")
    assert observer.environments["production"].compose.hosts[0].key == tmp_path / "services/keys/one"
    assert loaded.credentials.github_token is not None
    assert loaded.credentials.slack_api_url == "http://127.0.0.1:1/api/"


CASES = {
    "an unknown key": (
        ("address: 192", "adress: 192"),
        (
            "services/observer.yaml:17: environments.production.target.hosts[0].adress: unknown key, "
            "did you mean 'address'?"
        ),
    ),
    "an unknown key unlike any other": (
        ("repository:\n", "repository:\n  zzz: 1\n"),
        "services/observer.yaml:3: repository.zzz: unknown key; valid are gate, github, main, summaries, url",
    ),
    "a wrong type": (
        ("          address: 192.0.2.7\n", "          address: 192.0.2.7\n          port: many\n"),
        ("services/observer.yaml:18: environments.production.target.hosts[0].port: should be a whole number"),
    ),
    "a section that is missing": (
        (OBSERVER[OBSERVER.index("    health") :], ""),
        "services/observer.yaml:12: environments.production.health: this key is required and missing",
    ),
    "a section without keys": (
        (OBSERVER[OBSERVER.index("  url") : OBSERVER.index("components")], "  - x\n"),
        "services/observer.yaml:2: repository: should be a section with keys of its own",
    ),
    "a duplicate key": (
        ("suites:\n", "components: {}\nsuites:\n"),
        "services/observer.yaml:7: components: this key is already on line 4; keep one of them",
    ),
    "a bad duration": (
        ("    health:\n", "    health:\n      timeout: 1 minute\n"),
        (
            "services/observer.yaml:20: environments.production.health.timeout: write a duration such as 30s, "
            "5m, 1h30m or 3d"
        ),
    ),
    "a value outside its list": (
        ("    kind: unit", "    kind: units"),
        "services/observer.yaml:9: suites.unit.kind: not a valid value, did you mean 'unit'?",
    ),
    "an environment that is not defined": (
        ("suites:\n", "default_environment: prodution\nsuites:\n"),
        "services/observer.yaml:7: default_environment: 'prodution' is not defined, did you mean 'production'?",
    ),
    "an image with a tag": (
        ("acme/observer\n", "acme/observer:v1\n"),
        (
            "services/observer.yaml:6: components.observer.image: must be an image repository without a tag, such as "
            "ghcr.io/acme/observer"
        ),
    ),
    "a tag that never changes": (
        ("acme/observer\n", "acme/observer\n    tag: stable\n"),
        (
            "services/observer.yaml:7: components.observer.tag: always names the same tag; use semver, git-sha, "
            "timestamp, or a pattern such as {component}-{sha:8}"
        ),
    ),
    "a tag of what nobody knows": (
        ("acme/observer\n", "acme/observer\n    tag: '{commit}'\n"),
        (
            "services/observer.yaml:7: components.observer.tag: 'commit' is unknown; use {component}, {environment}, "
            "{version}, {sha:8} or {time}"
        ),
    ),
    "an env file that is written nowhere": (
        ("      hosts:\n", "      env_file: null\n      env_from: ENV_FILE\n      hosts:\n"),
        (
            "services/observer.yaml:16: environments.production.target.env_from: needs `env_file`: the file that it is "
            "written to"
        ),
    ),
    "a fallback registry that a compose file cannot name": (
        ("acme/observer\n", "acme/observer\n    fallback: spare.example/acme/observer\n"),
        (
            "services/observer.yaml:7: components.observer.fallback: helps only with gitops targets: a compose file "
            "names the first registry; take it out"
        ),
    ),
    "a suite image that is none": (
        ("    kind: unit\n", "    kind: unit\n    image: Python Three\n"),
        "services/observer.yaml:10: suites.unit.image: is not an image reference; write one such as python:3.11-slim",
    ),
    "a service named otherwise": (
        ("service: observer", "service: observr"),
        "services/observer.yaml:1: service: is 'observr', but the file is observer.yaml; give both the same name",
    ),
    "a relative directory": (
        ("/opt/observer", "opt/observer"),
        "services/observer.yaml:14: environments.production.target.directory: must be absolute, such as /opt/observer",
    ),
    "a pattern that does not compile": (
        ("suites:\n", "version: 'v('\nsuites:\n"),
        (
            "services/observer.yaml:7: version: is not a regular expression: missing ), unterminated subpattern at "
            "position 1"
        ),
    ),
    "an issue pattern that does not compile": (
        ("suites:\n", "issues: {pattern: '[A-'}\nsuites:\n"),
        (
            "services/observer.yaml:7: issues.pattern: is not a regular expression: unterminated character set at "
            "position 0"
        ),
    ),
    "more approvals than approvers": (
        ("    health:\n", "    approval: {required: 2, approvers: [U0ANA]}\n    health:\n"),
        (
            "services/observer.yaml:19: environments.production.approval.required: asks for 2 approvals, but only 1 "
            "approvers are listed"
        ),
    ),
    "whoever is nobody in any role": (
        ("    health:\n", "    approval: {approvers: [S0RELEASE], required: 2, break_glass: [ana]}\n    health:\n"),
        (
            "services/observer.yaml:19: environments.production.approval.break_glass[0]: 'ana' is nobody's id; use a "
            "Slack member id such as U0HANA (profile -> Copy member ID), terminal:LOGIN or github:LOGIN"
        ),
    ),
    "two hosts that are one place": (
        (
            "          key: keys/one\n",
            "          key: keys/one\n        - {name: two, address: 192.0.2.7}\n",
        ),
        (
            "services/observer.yaml:19: environments.production.target.hosts[1]: has its directory /opt/observer where "
            "observer in production on one has it; choose another"
        ),
    ),
    "broken YAML": (
        ("  url: ../repositories/observer", "  url: [x"),
        "services/observer.yaml:4: not YAML: expected ',' or ']', but got ':'",
    ),
    "a tag that is not known": (
        ("service: observer", "service: !secret observer"),
        "services/observer.yaml:1: service: 'observer' cannot be read as !secret",
    ),
}


@pytest.mark.parametrize(("change", "fault"), CASES.values(), ids=CASES)
def test_each_fault_names_file_line_key_and_the_way_out(tmp_path: Path, change: tuple[str, str], fault: str) -> None:
    assert change[0] in OBSERVER
    assert fault in faults(written(tmp_path, OBSERVER.replace(*change)))


@pytest.mark.parametrize("case", [case for case in CASES if case not in {"a tag that is not known", "a duplicate key"}])
def test_one_mistake_is_told_once(tmp_path: Path, case: str) -> None:
    change, fault = CASES[case]
    told = faults(written(tmp_path, OBSERVER.replace(*change)))
    assert told == [fault]


def test_all_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, OBSERVER.replace("kind", "kid"), "slak: {}\nmodel:\n  timeout: soon\n")
    told = faults(path, {"GITHUB_API_URL": "github.com"})
    assert {tuple(line.split(": ")[:2]) for line in told} == {
        ("services/observer.yaml:8", "suites.unit.kind"),
        ("services/observer.yaml:9", "suites.unit.kid"),
        ("shipmate.yaml:1", "slak"),
        ("shipmate.yaml:3", "model.timeout"),
        ("environment", "GITHUB_API_URL"),
    }


def test_a_missing_file_is_answered_with_the_nearest_one(tmp_path: Path) -> None:
    written(tmp_path)
    assert faults(tmp_path / "shipmat.yaml")[-1] == (
        f"shipmat.yaml:1: there is no such file; did you mean '{tmp_path}/shipmate.yaml'?"
    )


def test_without_a_service_nothing_starts(tmp_path: Path) -> None:
    (tmp_path / "shipmate.yaml").write_text("", encoding="utf-8")
    assert faults(tmp_path / "shipmate.yaml") == [
        f"shipmate.yaml:1: services: no service is declared; write {tmp_path}/services/NAME.yaml"
    ]


def test_a_file_that_would_be_overlooked_is_told(tmp_path: Path) -> None:
    assert faults(written(tmp_path, name="observer.yml")) == [
        "services/observer.yml:1: is not read; rename it to observer.yaml"
    ]


def test_a_value_is_never_repeated_where_it_could_be_a_secret(tmp_path: Path) -> None:
    value = "hunter" + "2" * 20
    told = faults(written(tmp_path, OBSERVER + f"password: {value}\n"), {"SLACK_API_URL": value})
    assert len(told) == 2
    assert value not in "\n".join(told)


def test_merged_sections_give_way_to_what_is_written_beside_them() -> None:
    document = read_document(b"base: &b {user: root, port: 22}\nhost:\n  <<: *b\n  user: deploy\n")
    assert document.content["host"] == {"user": "deploy", "port": 22}
    assert not document.objections


def test_a_document_that_contains_itself_ends() -> None:
    assert read_document(b"a: &a [*a]\n").objections


@pytest.mark.parametrize(
    ("word", "expected"), [("adress", "address"), ("Observr", "observer"), ("zzz", None), ("", None)]
)
def test_the_nearest_word_is_found_or_none(word: str, expected: str | None) -> None:
    assert nearest(word, ["address", "observer", "port"]) == expected


def test_the_environment_may_name_the_file() -> None:
    assert config_path({"SHIPMATE_CONFIG": "/etc/shipmate.yaml"}) == Path("/etc/shipmate.yaml")
    assert config_path({"SHIPMATE_CONFIG": " "}) == Path("config/shipmate.yaml")


def test_two_services_in_one_directory_of_one_machine_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    other = OBSERVER.replace("service: observer", "service: other").replace("/opt/observer", "/opt/x/../observer/")
    (tmp_path / "services/other.yaml").write_text(other)
    (told,) = faults(path)
    assert told.startswith("services/other.yaml:16: environments.production.target.hosts[0]: ")
    assert "where observer in production on one has it" in told
    (tmp_path / "services/other.yaml").write_text(other.replace("192.0.2.7", "192.0.2.8"))
    assert set(load(path, {}).services) == {"observer", "other"}
