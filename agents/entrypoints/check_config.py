"""`check-config`: whether the configuration loads, and everything that is wrong with it where it does not."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from agents.entrypoints.checkup.freezes import freeze_checks
from agents.entrypoints.figures import count
from config.faults import ConfigFaults
from config.loading import load
from config.service import Service

PASSED, FAULTY = 0, 2


def check_config(path: Path, environ: Mapping[str, str], *, out: TextIO) -> int:
    """Print `OK: 2 services, 3 environments`, and remarks, or every fault with its file and line; 0 or 2."""
    try:
        configuration = load(path, environ)
    except ConfigFaults as faults:
        out.write(faults_text(faults))
        return FAULTY
    services = tuple(configuration.services.values())
    environments = sum(len(service.environments) for service in services)
    out.write(f"OK: {count(len(services), 'service')}, {count(environments, 'environment')}\n")
    out.writelines(f"{remark}\n" for service in services for remark in remarks(service))
    calendar = freeze_checks(configuration, datetime.now(UTC))
    out.writelines(f"Freeze: {check.name}: {check.detail} {check.remedy}".rstrip() + "\n" for check in calendar)
    return PASSED


def remarks(service: Service) -> Iterator[str]:
    """Tell what loads and is hardly meant: releases that begin by themselves, and that nobody may approve."""
    for name, environment in service.environments.items():
        triggers, policy = environment.triggers, environment.approval
        begins = triggers.branches or triggers.tags or triggers.releases
        if begins and policy.required and not policy.approvers:
            yield (
                f"Remark: {service.service} in {name} has triggers and no approvers: every release that begins by "
                f"itself is refused. Name people under environments.{name}.approval.approvers."
            )


def faults_text(found: ConfigFaults) -> str:
    """Write one line per fault, and what to do next."""
    lines = [
        *map(str, found.faults),
        f"{count(len(found.faults), 'fault')} to correct. Then run `./shipmate check-config` again.",
    ]
    return "\n".join(lines) + "\n"
