from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from agents.entrypoints.checkup.triggers import trigger_checks
from config.service import Service
from config.shipmate import Configuration, Credentials, Shipmate
from tests.unit.agents.test_triggers import service

CHANNEL = {"slack": {"releases_channel": "C0REL"}}
LONG = {"github_webhook_secret": "x" * 32, "github_token": "t"}


def told(
    declared: Service,
    bot: Mapping[str, Any] = MappingProxyType({}),
    credentials: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Say what doctor tells, a line each."""
    here = Path("shipmate.yaml")
    shipmate = Shipmate.model_validate({"services": here, "workspace": here, **CHANNEL, **bot})
    held = Credentials.model_validate(dict(credentials))
    configuration = Configuration(path=here, shipmate=shipmate, services={"observer": declared}, credentials=held)
    return "\n".join(f"{c.state} {c.name}: {c.detail} | {c.remedy}" for c in trigger_checks(configuration))


def of(approvers: tuple[str, ...] = ("U0HANA",), **repository: Any) -> Service:
    declared = service(**repository)
    places = {
        name: place.model_copy(update={"approval": place.approval.model_copy(update={"approvers": approvers})})
        for name, place in declared.environments.items()
    }
    return declared.model_copy(update={"environments": places})


PEOPLE = {"people": {"hana": ["U0HANA", "github:hana"]}}


@pytest.mark.parametrize(
    ("line", "bot", "credentials"),
    [
        ("optional GITHUB_WEBHOOK_SECRET: not set, and GitHub is not asked for news: no trigger ever fires", {}, {}),
        ("optional GITHUB_WEBHOOK_SECRET: shorter than 16", {}, {"github_webhook_secret": "short"}),
        ("ok GITHUB_WEBHOOK_SECRET: webhooks are taken at 127.0.0.1:8077/github", {}, LONG),
        ("missing polling: GitHub cannot be asked", {"polling": {"enabled": True}}, {}),
        ("ok polling: GitHub is asked every 60 s", {"polling": {"enabled": True}}, {"github_token": "t"}),
        ("optional slack.releases_channel: not set", {"slack": {}}, LONG),
        ("missing observer in staging: waits for checks", {}, {"github_webhook_secret": "x" * 32}),
        ("optional observer in production: approvers: nobody knows the GitHub login of U0HANA", {}, LONG),
    ],
)
def test_doctor_tells_what_keeps_triggers_from_their_work(
    line: str, bot: dict[str, Any], credentials: dict[str, str]
) -> None:
    assert line in told(of(), bot, credentials)


def test_nothing_is_missing_where_everything_is_told() -> None:
    lines = told(of(), PEOPLE, LONG).splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["ok"]


def test_a_service_without_its_repository_on_github_never_fires() -> None:
    assert "missing observer in staging: has triggers" in told(of(github=None), credentials=LONG)


def test_nothing_is_told_where_nothing_releases_by_itself() -> None:
    declared = service()
    quiet = {name: place for name, place in declared.environments.items() if name == "lab"}
    assert told(declared.model_copy(update={"environments": quiet})) == ""


def test_a_gate_that_nobody_tells_of_pushes_never_runs() -> None:
    declared = service(gate=True).model_copy(update={"environments": {"lab": service().environments["lab"]}})
    assert "not asked for news: the gate never runs" in told(declared)
    assert "the gate never runs" not in told(declared, {}, LONG)
