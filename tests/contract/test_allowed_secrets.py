"""P14: an exception in the service's YAML holds in a release: for one value, up to its day, and told."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from agents.contents import judge_sources
from config.allowances import AllowedSecret
from config.loading import load
from config.service import Service
from guardrails.verdict import Level, Verdict
from tools.errors import ToolError
from tools.scanner import KEY_VARIABLE, Scanner, shared_key

SETTINGS = Path(__file__).parents[2] / "config/shipmate.yaml"
TODAY = date(2026, 3, 1)
PASSWORD = "tulipgarden88"
FILES = {"ops/compose.yml": f"a:\n  environment:\n    DB_PASSWORD: {PASSWORD}\n".encode()}


@pytest.fixture(scope="module")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Scanner:
    return Scanner(tmp_path_factory.getbasetemp() / "scanner", b"k" * 32)


@pytest.fixture(scope="module")
def service() -> Service:
    return load(SETTINGS, {}).services["astrago"]


async def judged(service: Service, scanner: Scanner, *entries: AllowedSecret, today: date = TODAY) -> Verdict:
    allowing = service.model_copy(update={"allowed_secrets": entries})
    environment = service.environments[service.default_environment]
    sizes = {path: len(content) for path, content in FILES.items()}
    verdict = await judge_sources(FILES, allowing, environment, scanner, sizes, today=today)
    return Verdict.of(finding for finding in verdict.findings if finding.rule.startswith("secret"))


def entry(fingerprint: str, expires: date = TODAY) -> AllowedSecret:
    return AllowedSecret(
        path="ops/compose.yml", key="DB_PASSWORD", fingerprint=fingerprint, reason="an empty demo", expires=expires
    )


async def test_the_fingerprint_of_the_finding_is_what_the_entry_takes(service: Service, scanner: Scanner) -> None:
    (finding,) = (await judged(service, scanner)).findings
    fingerprint = finding.message.partition("fingerprint ")[2].rstrip("]")
    assert finding.level is Level.BLOCKING
    (allowed,) = (await judged(service, scanner, entry(fingerprint))).findings
    assert (allowed.rule, allowed.level) == ("secret-allowed", Level.NOTE)
    assert "an empty demo" in allowed.message
    assert PASSWORD not in f"{finding}{allowed}"


async def test_after_its_day_an_entry_counts_no_more_and_says_so(service: Service, scanner: Scanner) -> None:
    ended = entry(scanner.seal(PASSWORD), TODAY - timedelta(days=1))
    (finding,) = (await judged(service, scanner, ended)).findings
    assert finding.level is Level.BLOCKING
    assert "ended on 2026-02-28 (an empty demo)" in finding.message


async def test_an_entry_for_another_value_is_told_and_allows_nothing(service: Service, scanner: Scanner) -> None:
    found = (await judged(service, scanner, entry(scanner.seal("another")))).findings
    assert [(one.rule, one.level) for one in found] == [
        ("secret-literal", Level.BLOCKING),
        ("secret-allowance-idle", Level.WARNING),
    ]


async def test_two_that_share_the_secret_of_the_fingerprints_agree_and_others_are_told_apart(
    service: Service, scanner: Scanner, tmp_path: Path
) -> None:
    environ = {KEY_VARIABLE: "0123456789abcdef" * 4}
    laptop, bot = Scanner(tmp_path / "a", shared_key(environ)), Scanner(tmp_path / "b", shared_key(environ))
    assert laptop.seal(PASSWORD) == bot.seal(PASSWORD)
    foreign = (await judged(service, scanner, entry(laptop.seal(PASSWORD)))).findings
    assert f"another key ({laptop.key_name}) than the one in use here ({scanner.key_name})" in foreign[-1].message


def test_a_secret_of_the_fingerprints_that_can_be_guessed_is_refused() -> None:
    assert shared_key({}) is None
    with pytest.raises(ToolError, match="shorter than 16"):
        shared_key({KEY_VARIABLE: "short"})
