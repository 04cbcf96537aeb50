"""`check-config`: whether the configuration loads, and everything that is wrong with it where it does not."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from agents.entrypoints.checkup.allowances import advisory_checks, allowance_checks
from agents.entrypoints.checkup.check import Check
from agents.entrypoints.checkup.freezes import freeze_checks
from agents.entrypoints.figures import count
from agents.policy import People, identities
from config.contracts import PathContract
from config.faults import ConfigFaults
from config.loading import load
from config.service import ApprovalPolicy, Service
from config.shipmate import Configuration
from guardrails.approval import GROUP, Person, may_be_one
from guardrails.mounts import within

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
    out.writelines(f"{remark}\n" for service in services for remark in remarks(service, configuration))
    now = datetime.now(UTC)
    calendar, allowed = freeze_checks(configuration, now), allowance_checks(configuration, now.date())
    out.writelines(f"Freeze: {check.name}: {_sentences(check)}\n" for check in calendar)
    out.writelines(f"Allowed secret: {check.name}: {check.detail}. {check.remedy}\n" for check in allowed)
    weak = advisory_checks(configuration, now.date())
    out.writelines(f"Allowed advisory: {check.name}: {check.detail}. {check.remedy}\n" for check in weak)
    return PASSED


def _sentences(check: Check) -> str:
    stop = "" if check.detail.endswith((".", "!", "?")) else "."
    return f"{check.detail}{stop} {check.remedy}" if check.remedy else check.detail


def remarks(service: Service, configuration: Configuration) -> Iterator[str]:
    """Tell what loads and is hardly meant: releases that nobody may approve, and approvers who may be one human."""
    for name, environment in service.environments.items():
        triggers, policy = environment.triggers, environment.approval
        begins = triggers.branches or triggers.tags or triggers.releases
        if begins and policy.required and not policy.approvers:
            yield (
                f"Remark: {service.service} in {name} has triggers and no approvers: every release that begins by "
                f"itself is refused. Name people under environments.{name}.approval.approvers."
            )
        alike = _alike(policy, configuration.shipmate.people)
        if alike:
            yield (
                f"Remark: {service.service} in {name}: {', '.join(alike)} may be one human, so neither approves what "
                "the other has asked for or approved. Say under `people` in shipmate.yaml whose ids they are."
            )
        yield from _waived_though_kept(service.service, name, environment.paths)


def _waived_though_kept(service: str, name: str, paths: PathContract) -> Iterator[str]:
    for place in paths.waived:
        kept = next((one for one in (*paths.persist, *paths.mounts.values()) if within(one, place)), None)
        if kept is not None:
            yield (
                f"Remark: {service} in {name} waives {place}, where {kept} is to be kept: storage for it is demanded "
                "all the same, and the waiver only lets a release leave behind what lies there now. Take it out of "
                f"environments.{name}.paths.waived after that release."
            )


def _alike(policy: ApprovalPolicy, people: People) -> list[str]:
    """List the approvers who are known in different places, where nobody said who is who."""
    names = [name for name in policy.approvers if not GROUP.fullmatch(name)]
    able = [Person(name, "", identities(name, people)) for name in names]
    return [one.id for one in able if any(may_be_one(one, other) for other in able)]


def faults_text(found: ConfigFaults) -> str:
    """Write one line per fault, and what to do next."""
    lines = [
        *map(str, found.faults),
        f"{count(len(found.faults), 'fault')} to correct. Then run `./shipmate check-config` again.",
    ]
    return "\n".join(lines) + "\n"
