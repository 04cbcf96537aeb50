"""`doctor`: what the bot needs and does not have, and how to get it. Nothing is changed, posted or deployed."""

import asyncio
import json
from collections.abc import Awaitable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

from agents.entrypoints import own_secrets
from agents.entrypoints.check_config import faults_text
from agents.entrypoints.checkup.allowances import advisory_checks, allowance_checks
from agents.entrypoints.checkup.check import LIMIT, Check, Group
from agents.entrypoints.checkup.escalation import escalation_checks
from agents.entrypoints.checkup.freezes import freeze_checks
from agents.entrypoints.checkup.github import github_checks
from agents.entrypoints.checkup.machine import machine_checks
from agents.entrypoints.checkup.model import model_checks
from agents.entrypoints.checkup.report import is_ready, json_report, text_report
from agents.entrypoints.checkup.servers import Servers, environment_checks
from agents.entrypoints.checkup.services import Subject, service_checks
from agents.entrypoints.checkup.slack import slack_checks
from agents.entrypoints.checkup.triggers import trigger_checks
from config.faults import ConfigFaults
from config.loading import load
from config.shipmate import Configuration

READY, LACKING, FAULTY = 0, 1, 2


async def doctor(
    configuration_path: Path,
    environ: Mapping[str, str],
    *,
    as_json: bool,
    out: TextIO,
    limit: timedelta = LIMIT,
) -> int:
    """Look at everything at once, `limit` for each check, and print it.

    0: nothing required is missing. 1: something is. 2: the configuration does not load.
    """
    try:
        configuration = load(configuration_path, environ)
    except ConfigFaults as faults:
        out.write(_faults_json(faults) if as_json else faults_text(faults))
        return FAULTY
    groups = await examined(configuration, environ, limit)
    redact = own_secrets.of_configuration(configuration).redact
    out.write(json_report(groups, redact) if as_json else text_report(groups, redact))
    return READY if is_ready(groups) else LACKING


async def examined(
    configuration: Configuration, environ: Mapping[str, str], limit: timedelta = LIMIT
) -> tuple[Group, ...]:
    """Do all checks, grouped as people read them: the machine, the services around it, then each service."""
    servers = Servers(environ, limit)
    work: dict[str, Awaitable[tuple[Check, ...]]] = {
        "Machine": machine_checks(configuration, environ, limit),
        "Slack": slack_checks(configuration, limit),
        "GitHub": github_checks(configuration, limit),
        "Model": model_checks(configuration, limit),
        "Escalation": escalation_checks(configuration, limit),
    }
    for service in configuration.services.values():
        subject = Subject(configuration, service, limit)
        work[f"Service {service.service}"] = service_checks(subject)
        for name, environment in service.environments.items():
            work[f"Service {service.service}, {name}"] = environment_checks(subject, name, environment, servers)
    try:
        found = await asyncio.gather(*work.values())
    finally:
        await servers.close()
    groups = tuple(Group(title, checks) for title, checks in zip(work, found, strict=True))
    now = datetime.now(UTC)
    more = {
        "Triggers": trigger_checks(configuration),
        "Freezes": freeze_checks(configuration, now),
        "Allowed secrets": allowance_checks(configuration, now.date()),
        "Allowed advisories": advisory_checks(configuration, now.date()),
    }
    return (*groups, *(Group(title, checks) for title, checks in more.items() if checks))


def _faults_json(found: ConfigFaults) -> str:
    return json.dumps({"ready": False, "faults": [asdict(fault) for fault in found.faults]}, indent=2) + "\n"
