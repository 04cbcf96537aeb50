"""P15 The environment contract: required names arrive, refused aliases do not."""

import pytest

from config.contracts import EnvironmentContract
from guardrails.environment import names_fed, names_in_sources, names_injected, names_planned, names_shadowed
from guardrails.verdict import Level

CONTRACT = EnvironmentContract(
    required=("QTS_OBSERVER_STANDALONE", "KIS_API_KEY"), aliases={"OBSERVER_STANDALONE": "QTS_OBSERVER_STANDALONE"}
)


def test_names_may_come_from_the_compose_file_the_env_file_or_the_image() -> None:
    sources = {"docker-compose.yml": ["QTS_OBSERVER_STANDALONE"], ".env": ["KIS_API_KEY"], "image": ["PATH"]}
    assert not names_planned(CONTRACT, "observer", sources).findings


def test_a_missing_name_blocks_and_says_where_to_set_it() -> None:
    verdict = names_planned(CONTRACT, "observer", {".env": ["QTS_OBSERVER_STANDALONE"]})
    (finding,) = verdict.findings
    assert verdict.blocks
    assert (finding.rule, finding.subject) == ("environment-missing", "observer: KIS_API_KEY")
    assert "Set KIS_API_KEY" in finding.remedy


def test_a_refused_alias_blocks_and_names_the_standard() -> None:
    verdict = names_planned(CONTRACT, "observer", {"compose.yml": ["OBSERVER_STANDALONE", "KIS_API_KEY"]})
    assert [(f.rule, f.place) for f in verdict.findings] == [
        ("environment-alias", "compose.yml"),
        ("environment-missing", ""),
    ]
    assert all("QTS_OBSERVER_STANDALONE" in finding.remedy for finding in verdict.findings)
    assert verdict.findings[1].remedy == "Rename OBSERVER_STANDALONE to QTS_OBSERVER_STANDALONE."


def test_an_alias_beside_its_standard_name_is_refused_too() -> None:
    names = ["OBSERVER_STANDALONE", "QTS_OBSERVER_STANDALONE", "KIS_API_KEY"]
    assert [finding.rule for finding in names_injected(CONTRACT, "observer-1", names).findings] == ["environment-alias"]


def test_the_running_container_must_have_every_name() -> None:
    verdict = names_injected(CONTRACT, "observer-1", ["KIS_API_KEY"])
    assert [finding.subject for finding in verdict.findings] == ["observer-1: QTS_OBSERVER_STANDALONE"]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("app/main.py", 'if os.environ["OBSERVER_STANDALONE"] == "1":'),
        ("app/main.py", "standalone = os.getenv('OBSERVER_STANDALONE', '0')"),
        ("app/main.py", 'standalone = os.environ.get("OBSERVER_STANDALONE")'),
        ("app/settings.py", 'standalone: bool = Field(validation_alias="OBSERVER_STANDALONE")'),
        ("web/main.ts", "if (process.env.OBSERVER_STANDALONE) {"),
        ("cmd/main.go", 'v := os.Getenv("OBSERVER_STANDALONE")'),
        ("docker-compose.yml", "      - OBSERVER_STANDALONE=1"),
        ("docker-compose.yml", "      OBSERVER_STANDALONE: '1'"),
        ("deployment_config.json", '  "OBSERVER_STANDALONE": true,'),
        ("Dockerfile", "ENV PYTHONPATH=/app OBSERVER_STANDALONE=1"),
        (".env.example", "OBSERVER_STANDALONE=1"),
        ("scripts/start.sh", 'echo "${OBSERVER_STANDALONE:-0}"'),
    ],
)
def test_a_source_that_uses_a_refused_alias_is_found_with_its_line(path: str, line: str) -> None:
    (finding,) = names_in_sources(CONTRACT, {path: f"\n{line}\n"}).findings
    assert (finding.rule, finding.place) == ("environment-alias-in-source", f"{path}:2")
    assert "QTS_OBSERVER_STANDALONE" in finding.remedy


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("app/main.py", 'os.environ["QTS_OBSERVER_STANDALONE"]'),
        ("app/main.py", "# OBSERVER_STANDALONE: refused since v1.2.0"),
        ("docker-compose.yml", "      - QTS_OBSERVER_STANDALONE=${QTS_OBSERVER_STANDALONE}"),
        (".env", "OBSERVER_STANDALONE_OLD=1"),
        ("README.md", "Do not set OBSERVER_STANDALONE."),
    ],
)
def test_the_standard_name_comments_and_prose_are_left_alone(path: str, line: str) -> None:
    assert not names_in_sources(CONTRACT, {path: line}).findings


@pytest.mark.parametrize(
    ("value", "known", "lacking"),
    [
        ("live", (), ""),
        ("", (), ""),
        ("${KEY}", ("KEY",), ""),
        (None, ("KIS_API_KEY",), ""),
        ("live", ("KIS_API_KEY",), ""),
        (None, (), "KIS_API_KEY"),
        ("${KEY}", (), "KEY"),
        ("a-${KEY}-${B}", ("KEY",), "B"),
    ],
)
def test_a_required_name_that_would_be_there_and_empty_blocks(
    value: str | None, known: tuple[str, ...], lacking: str
) -> None:
    environment = {"KIS_API_KEY": value, "OTHER": None}
    verdict = names_fed(CONTRACT, "observer", environment, known)
    assert [(f.rule, f.subject) for f in verdict.findings] == [("environment-empty", "observer: KIS_API_KEY")] * bool(
        lacking
    )
    assert all(f"${{{lacking}:?{lacking} required}}" in finding.remedy for finding in verdict.findings)


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("deployment_config.json", '{"MODE": "live", "OTHER": 1}', ["observer: MODE"]),
        ("deploy/deployment_config.json", '{"MODE": "live"}', ["observer: MODE"]),
        ("deployment_config.json", '{"OTHER": 1}', []),
        ("deployment_config.json", "[1]", []),
        ("deployment_config.json", "{", []),
        ("other.json", '{"MODE": 1}', []),
    ],
)
def test_a_setting_that_the_environment_overrides_is_told(path: str, text: str, told: list[str]) -> None:
    verdict = names_shadowed("observer", ["MODE", "PYTHONPATH"], {path: text})
    assert [finding.subject for finding in verdict.findings] == told
    assert verdict.level is (Level.WARNING if told else Level.NOTE)
